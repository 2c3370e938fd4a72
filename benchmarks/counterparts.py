"""Whom the workers talk to while they are measured: a server that takes every mail, a Stripe that knows one answer.

They do as little as they can, in processes of their own, so that the workers are measured and not they.
"""

import asyncio
import json
import sys
from collections.abc import Callable
from typing import Final, cast

import uvloop

HOST: Final = "127.0.0.1"
CHECKOUT_EXPIRES_AT: Final = 4_000_000_000
"""When every checkout ends, in seconds since 1970; the payments in `benchmarks/sweeping.py` have the same."""

REPLIES: Final = {b"EHLO": b"250 benchmark\r\n", b"DATA": b"354 go on\r\n", b"QUIT": b"221 bye\r\n"}
OK: Final = b"250 OK\r\n"
MAIL_ENDS: Final = b"\r\n.\r\n"


class MailServer(asyncio.Protocol):
    """Takes every mail and keeps none."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class; it has all of it.
        self._received, self._in_mail = bytearray(), False
        self._transport.write(b"220 benchmark\r\n")

    def data_received(self, data: bytes) -> None:
        self._received += data
        while True:
            mark = MAIL_ENDS if self._in_mail else b"\r\n"
            end = self._received.find(mark, max(0, len(self._received) - len(data) - len(mark)))
            if end < 0:
                return
            command = bytes(self._received[:4]).upper()
            del self._received[: end + len(mark)]
            if self._in_mail:
                self._in_mail = False
                self._transport.write(OK)
            else:
                self._in_mail = command == b"DATA"
                self._transport.write(REPLIES.get(command, OK))


class Stripe(asyncio.Protocol):
    """Answers every request for a checkout, after a while, that nobody has paid it yet."""

    def __init__(self, latency_seconds: float) -> None:
        self._latency_seconds = latency_seconds

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)
        self._received = bytearray()

    def data_received(self, data: bytes) -> None:
        self._received += data
        while (end := self._received.find(b"\r\n\r\n")) >= 0:
            path = bytes(self._received[: self._received.find(b"\r\n")]).split(b" ")[1].decode()
            del self._received[: end + 4]
            answer = _answer(path)
            asyncio.get_running_loop().call_later(self._latency_seconds, self._transport.write, answer)


def _answer(path: str) -> bytes:
    checkout = path.partition("?")[0].rpartition("/")[2]
    if path.startswith("/v1/checkout/sessions/"):
        content: dict[str, object] = {
            "id": checkout,
            "object": "checkout.session",
            "status": "open",
            "payment_status": "unpaid",
            "expires_at": CHECKOUT_EXPIRES_AT,
            "url": f"https://checkout.stripe.com/c/pay/{checkout}",
            "payment_intent": None,
            "metadata": {},
        }
    else:
        content = {"object": "list", "data": [], "has_more": False, "url": path}
    body = json.dumps(content).encode()
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (len(body), body)


async def _serve(port: int, protocol: Callable[[], asyncio.Protocol]) -> None:
    server = await asyncio.get_running_loop().create_server(protocol, HOST, port)
    await server.serve_forever()


if __name__ == "__main__":
    kind, port, latency_ms = sys.argv[1], int(sys.argv[2]), float(sys.argv[3])
    uvloop.run(_serve(port, MailServer if kind == "mail" else lambda: Stripe(latency_ms / 1000)))
