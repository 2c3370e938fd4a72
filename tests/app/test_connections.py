"""Time and room for a request, and for its answer to be read, on real sockets; and that a crowd shuts nobody out."""

import asyncio
import contextlib
import socket
import time
from collections.abc import AsyncIterator, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs
from websockets.exceptions import InvalidStatus

from app import connections
from graphql_server.http import requests
from graphql_server.http.client_addresses import network_of
from tests.app import processes
from tests.app.serving import Serving, serving
from tests.graphql_server.sockets import SECONDS_MAX, Socket, opened
from tests.sandbox_servers import Servers
from tests.world import World, development_settings

HEAD = b"GET /healthz HTTP/1.1\r\nHost: api\r\n"
POST = b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n"
QUERY = b'{"query": "{ viewer { __typename } }"}'
WHOLE = b"POST /graphql HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%s" % (
    len(QUERY),
    QUERY,
)


@pytest.fixture
async def served(world: World) -> AsyncIterator[Serving]:
    async with serving(world) as running:
        yield running


@dataclass(slots=True)
class Line:
    """A connection, byte by byte."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter

    async def drip(self, piece: bytes, seconds: float) -> None:
        """Send the piece again and again, until the other side has enough of it."""
        with contextlib.suppress(OSError):
            while not self.reader.at_eof():
                self.writer.write(piece)
                await self.writer.drain()
                await asyncio.sleep(seconds)

    async def rest(self, seconds_max: float = SECONDS_MAX) -> bytes:
        """All that is answered until the other side closes."""
        async with asyncio.timeout(seconds_max):
            try:
                return await self.reader.read()
            except ConnectionError:
                return b""

    async def dripped(self, piece: bytes, seconds: float, seconds_max: float = SECONDS_MAX) -> bytes:
        """All that is answered until the other side closes, while the piece comes again and again."""
        dripping = asyncio.create_task(self.drip(piece, seconds))
        try:
            return await self.rest(seconds_max)
        finally:
            dripping.cancel()


@contextlib.asynccontextmanager
async def line(port: int, sent: bytes = b"", *, address: str = "127.0.0.1") -> AsyncIterator[Line]:
    """A connection from an address of this machine, with what was sent on it."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port, local_addr=(address, 0))
    try:
        writer.write(sent)
        await writer.drain()
        yield Line(reader, writer)
    finally:
        writer.close()


def quick(monkeypatch: pytest.MonkeyPatch) -> None:
    """All times are a twentieth."""
    monkeypatch.setattr(connections, "HEAD_SECONDS_MAX", 0.5)
    monkeypatch.setattr(connections, "BODY_SECONDS_MAX", 0.5)
    monkeypatch.setattr(connections, "GRACE_SECONDS", 0.5)
    monkeypatch.setattr(requests, "BODY_SECONDS_MAX", 0.5)


@pytest.mark.parametrize("sent", [b"", b"\r\n", b"G", HEAD, HEAD + b"X-Long: "])
@pytest.mark.parametrize("piece", [b"", b"\r\n", b"x"])
async def test_a_head_that_does_not_arrive_is_not_awaited(
    served: Serving, monkeypatch: pytest.MonkeyPatch, sent: bytes, piece: bytes
) -> None:
    """A head has its time, however it drips; then the connection is closed (section 6)."""
    quick(monkeypatch)
    ends = piece == b"\r\n" and sent not in (b"", b"\r\n")  # Which would make it a whole head.
    async with line(served.port, sent) as client:
        answered = await (client.dripped(piece, 0.05) if piece and not ends else client.rest())
    assert answered == b"" or answered.startswith((b"HTTP/1.1 408", b"HTTP/1.1 400"))


async def test_a_second_head_has_no_more_time_than_the_first(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """A connection that answered once is not kept by a head that drips behind it (section 6)."""
    quick(monkeypatch)
    for dripped in (b"\r\n", b"G"):
        async with line(served.port, WHOLE) as client:
            answered = await client.dripped(dripped, 0.05)
        assert answered.startswith(b"HTTP/1.1 200")


@pytest.mark.parametrize("path", [b"/graphql", b"/nowhere", b"/healthz", b"/documents/invoices/x"])
@pytest.mark.parametrize("length", [b"Content-Length: 1000", b"Content-Length: 1000000", b"Transfer-Encoding: chunked"])
async def test_a_body_that_drips_is_not_awaited(
    served: Serving, monkeypatch: pytest.MonkeyPatch, path: bytes, length: bytes
) -> None:
    """Whoever reads the body, or nobody does: it has its time, and then the connection is closed (section 6)."""
    quick(monkeypatch)
    head = b"POST " + path + b" HTTP/1.1\r\nHost: api\r\nContent-Type: application/json\r\n" + length + b"\r\n\r\n"
    piece = b"1\r\n \r\n" if b"chunked" in length else b" "
    async with line(served.port, head) as client:
        answered = await client.dripped(piece, 0.2)  # Slow enough to read the answer before a drip too many resets it.
    if path == b"/graphql" and b"1000000" not in length:
        assert answered.startswith(b"HTTP/1.1 408")
        assert b"\r\nconnection: close\r\n" in answered.lower()
        assert b"did not arrive within 0.5 seconds" in answered


async def test_a_request_in_pieces_within_its_time_is_answered(served: Serving) -> None:
    """Slow is fine, as long as it comes to an end; and another request follows on the same connection (section 6)."""
    async with line(served.port) as client:
        for _ in range(2):
            for start in range(0, len(WHOLE), 7):
                client.writer.write(WHOLE[start : start + 7])
                await client.writer.drain()
                await asyncio.sleep(0.002)
            answered = await asyncio.wait_for(client.reader.readuntil(b"}}"), SECONDS_MAX)
            assert answered.startswith(b"HTTP/1.1 200")


async def test_two_requests_in_one_piece_are_answered_in_order(served: Serving) -> None:
    """Requests that follow each other at once are read and answered one after the other (section 6)."""
    async with line(served.port, WHOLE * 5 + HEAD + b"Connection: close\r\n\r\n") as client:
        answered = await client.rest()
    assert answered.count(b"HTTP/1.1 200") == 6
    assert answered.endswith(b'{"status":"ok"}')


@pytest.mark.parametrize("pieces", [1, 50])
@pytest.mark.parametrize(
    "head",
    [
        b"GET /healthz?" + b"x" * 70_000 + b" HTTP/1.1\r\n\r\n",
        HEAD + b"X-Long: " + b"x" * 70_000 + b"\r\n\r\n",
        HEAD + b"X-Many: x\r\n" * 9_000 + b"\r\n",
        HEAD + b"X-Long: " + b"x" * 1_000_000,
        HEAD + b"Connection: Upgrade\r\nUpgrade: websocket\r\nX-Long: " + b"x" * 70_000 + b"\r\n\r\n",
    ],
)
async def test_a_head_has_a_size(served: Serving, head: bytes, pieces: int) -> None:
    """A head beyond 64 KiB is refused as soon as it is, in one piece or in many (section 6)."""
    async with line(served.port) as client:
        size = len(head) // pieces + 1
        with contextlib.suppress(ConnectionError):
            for start in range(0, len(head), size):
                client.writer.write(head[start : start + size])
                await client.writer.drain()
        answered = await client.rest()
    assert answered == b"" or answered.startswith(b"HTTP/1.1 431")


async def test_a_long_document_in_an_address_fits(served: Serving) -> None:
    """16 KiB of a document, each character escaped, are no head too large (section 6)."""
    query = b"%20" * (16 * 1024 - 9) + b"{hello}"
    sent = b"GET /graphql?query=" + query + b" HTTP/1.1\r\nHost: api\r\nConnection: close\r\n\r\n"
    async with line(served.port, sent) as client:
        answered = await client.rest()
    assert answered.startswith(b"HTTP/1.1 400")
    assert b"Cannot query field 'hello'" in answered


async def test_who_does_not_read_is_not_written_to(served: Serving, monkeypatch: pytest.MonkeyPatch) -> None:
    """An answer that nobody reads holds its connection for its time and no longer (section 6)."""
    monkeypatch.setattr(connections, "READ_SECONDS_MAX", 0.3)
    introspection = (
        b'{"query": "{ __schema { types { name description fields { name description type { name } } } } }"}'
    )
    request = WHOLE.replace(b"%d" % len(QUERY), b"%d" % len(introspection)).replace(QUERY, introspection)
    async with line(served.port) as client:
        client.writer.transport.pause_reading()  # type: ignore[attr-defined]
        with contextlib.suppress(OSError):
            while served.server.server_state.connections:
                client.writer.write(request * 20)
                await asyncio.wait_for(client.writer.drain(), 0.1)
        await until(lambda: not served.server.server_state.connections)


async def until(holds: Callable[[], bool]) -> None:
    async with asyncio.timeout(SECONDS_MAX):
        while not holds():  # noqa: ASYNC110 - what is looked at tells nobody
            await asyncio.sleep(0.01)


async def test_a_crowd_that_sends_nothing_shuts_nobody_out(served: Serving) -> None:
    """Twenty connections of an address may owe a head; the oldest gives way to whoever asks (section 6)."""
    async with contextlib.AsyncExitStack() as stack:
        for number in range(300):
            await stack.enter_async_context(line(served.port, HEAD if number % 2 else b""))
        await until(lambda: len(served.server.server_state.connections) <= connections.WAITING_MAX)
        for address in ("127.0.0.1", "127.0.0.2"):
            async with line(served.port, HEAD + b"Connection: close\r\n\r\n", address=address) as client:
                assert (await client.rest()).startswith(b"HTTP/1.1 200")


async def test_sockets_without_init_are_bounded_by_address(world: World, served: Serving) -> None:
    """The 21st websocket of an address that has not said who it is gets 429, and other addresses get in (section 6)."""
    limits = served.shared.limits
    assert (limits.sockets_without_init_per_address_max, limits.sockets_per_address_max) == (20, 250)
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(20):
            await stack.enter_async_context(served.socket())
        refused = await refusal(served.socket())
        assert (refused.status_code, refused.headers["Retry-After"]) == (429, "3")
        assert refused.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
        async with served.socket(world.inspector, local_addr=("127.0.0.2", 0)):
            assert len(served.endpoint.sessions) == 21
    await until(lambda: not served.endpoint.of_address)
    async with served.socket(world.inspector):
        pass


async def test_sockets_with_init_make_room_for_more_and_are_bounded_too(world: World, served: Serving) -> None:
    """Who has said who they are may have more websockets, but no address may have all of them (section 6)."""
    async with contextlib.AsyncExitStack() as stack:
        for _ in range(250):
            await stack.enter_async_context(served.socket(world.inspector))
        assert (await refusal(served.socket())).status_code == 429
        async with served.socket(world.inspector, local_addr=("127.0.0.2", 0)):
            pass


async def refusal(connecting: contextlib.AbstractAsyncContextManager[object]) -> httpx.Response:
    with pytest.raises(InvalidStatus) as refused:
        async with connecting:
            pass
    response = refused.value.response
    return httpx.Response(
        response.status_code, headers=list(response.headers.raw_items()), content=bytes(response.body or b"")
    )


async def test_a_websocket_that_is_refused_is_no_fault(served: Serving, caplog: pytest.LogCaptureFixture) -> None:
    """A page of another origin gets 403, another protocol 400, and neither leaves an error in the log (section 6)."""
    with capture_logs() as logs, caplog.at_level("WARNING"):
        assert (await refusal(served.socket(origin="https://evil.test"))).status_code == 403
        assert (await refusal(served.socket(protocols=("soap",)))).status_code == 400
        assert (await refusal(served.socket(additional_headers={"X-Long": "x" * 9_000}))).status_code == 431
        await asyncio.sleep(0.05)
    assert [entry for entry in logs if entry["log_level"] in ("error", "warning")] == []
    assert [record.getMessage() for record in caplog.records] == []


def test_addresses_are_counted_by_what_one_customer_has() -> None:
    """Whoever has one address of an IPv6 network has them all (section 6)."""
    assert network_of("2001:db8:1:2:3::4") == network_of("2001:db8:1:2::9") == "2001:db8:1:2::/64"
    assert network_of("::ffff:192.0.2.1") == network_of("192.0.2.1") == "192.0.2.1"
    assert network_of("a unix socket") == "a unix socket"


@pytest.fixture
def process(servers: Servers, tmp_path: Path, world: World) -> Iterator[int]:
    """`serve` as it is deployed, behind a proxy that is trusted; its port."""
    settings = development_settings(servers)
    environment = {
        name.upper(): str(value.get_secret_value() if hasattr(value, "get_secret_value") else value)
        for name, value in settings
    }
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    log = tmp_path / "serve.log"
    arguments = ("serve", "--host", "127.0.0.1", "--port", str(port))
    with processes.started(*arguments, log=log, environment={**environment, "TRUSTED_PROXIES": "127.0.0.3"}) as running:
        processes.until("serving", lambda: _answers(port))
        yield port
        assert processes.stop(running) == 0
    assert "ERROR" not in log.read_text().upper()


def _answers(port: int) -> bool:
    try:
        return httpx.get(f"http://127.0.0.1:{port}/healthz", trust_env=False).status_code == 200
    except httpx.HTTPError:
        return False


async def test_the_process_closes_what_drips_and_serves_whoever_asks(process: int, world: World) -> None:
    """At its real times and numbers: 10 s for a head and a body, 20 sockets of an address (section 6)."""

    def proxied(address: str, **options: Any) -> contextlib.AbstractAsyncContextManager[Socket]:
        headers = {"X-Forwarded-For": address}
        return opened(process, additional_headers=headers, local_addr=("127.0.0.3", 0), **options)

    async with contextlib.AsyncExitStack() as stack:
        started = time.monotonic()
        head = await stack.enter_async_context(line(process, HEAD, address="127.0.0.4"))
        body = await stack.enter_async_context(line(process, POST, address="127.0.0.4"))
        slow = asyncio.gather(head.dripped(b"x", 0.5, 20), body.dripped(b" ", 0.5, 20))
        for _ in range(1_000):
            await stack.enter_async_context(line(process, b"G"))
        for address in ("127.0.0.1", "127.0.0.2"):
            async with line(
                process, WHOLE.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"), address=address
            ) as one:
                assert (await one.rest()).startswith(b"HTTP/1.1 200")

        await asyncio.gather(*(stack.enter_async_context(proxied("203.0.113.7")) for _ in range(20)))
        assert (await refusal(proxied("203.0.113.7"))).status_code == 429
        async with proxied("203.0.113.8") as begun:
            await begun.begin(world.inspector)
        # Whoever is no proxy is believed nothing.
        for _ in range(20):
            await stack.enter_async_context(opened(process, additional_headers={"X-Forwarded-For": "203.0.113.9"}))
        assert (await refusal(opened(process, additional_headers={"X-Forwarded-For": "1.2.3.4"}))).status_code == 429
        assert (await refusal(proxied("203.0.113.8", origin="https://evil.test"))).status_code == 403

        answers = await slow
        assert [answer[:12] for answer in answers] == [b"HTTP/1.1 408", b"HTTP/1.1 408"]
        assert 9.5 < time.monotonic() - started < 14
