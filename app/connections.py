"""Connections as uvicorn keeps them, and what it lacks: time and room for a request, and for an answer to be read.

uvicorn closes connections that are idle between requests; a head or a body that arrives byte by byte, or an answer that
nobody reads, would hold its connection for as long as the client likes.
"""

import asyncio
import json
from collections.abc import Callable
from enum import Enum
from typing import Any, Final

from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from graphql_server.http.client_addresses import network_of
from graphql_server.http.requests import BODY_SECONDS_MAX
from graphql_server.http.security import HEADERS
from rules.errors import ErrorCode

HEAD_SECONDS_MAX: Final = 10.0
"""From the first byte, or from connecting, to the last header."""

HEAD_BYTES_MAX: Final = 64 * 1024
"""A document of 16 KiB in the address of a GET, every character of it escaped, and a token, have room."""

GRACE_SECONDS: Final = 1.0
"""After the time for a body is over: so that who reads it can say so before the connection is closed."""

READ_SECONDS_MAX: Final = 30.0
"""How long a client may leave what it is sent unread, once the buffers are full."""

LINGER_SECONDS: Final = 1.0
"""When the process stops: how long an idle connection is kept for a request that may be on its way already."""

WAITING_MAX: Final = 20
"""Connections of one address that have not sent the head of a request yet."""


class Phase(Enum):
    """What a connection waits for."""

    HEAD = "HEAD"
    BODY = "BODY"
    NOTHING = "NOTHING"


class Crowd:
    """The connections that still owe a head, by address. One too many closes the oldest, which had its time.

    Connections of a trusted proxy are those of many, and the proxy's to bound.
    """

    def __init__(self, is_trusted: Callable[[str], bool]) -> None:
        self.is_trusted = is_trusted
        self.waiting: dict[str, dict[Connection, None]] = {}

    def address(self, connection: "Connection") -> str | None:
        """What the connection is counted by, if it is."""
        host = connection.client[0] if connection.client else None
        return None if host is None or self.is_trusted(host) else network_of(host)

    def enter(self, connection: "Connection", address: str) -> None:
        waiting = self.waiting.setdefault(address, {})
        waiting[connection] = None
        if len(waiting) > WAITING_MAX:
            next(iter(waiting)).drop()

    def leave(self, connection: "Connection", address: str) -> None:
        waiting = self.waiting.get(address, {})
        waiting.pop(connection, None)
        if not waiting:
            self.waiting.pop(address, None)


class Connection(HttpToolsProtocol):
    """One connection, with a deadline for whatever it waits for."""

    def __init__(self, *arguments: Any, crowd: Crowd, **named: Any) -> None:  # Any: uvicorn's own, passed on.
        super().__init__(*arguments, **named)
        self.crowd = crowd
        self.address: str | None = None
        self.phase = Phase.NOTHING
        self.head_bytes = 0
        self.refused = False
        self.leaving = False
        self.deadline: asyncio.TimerHandle | None = None
        self.reading: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override] # As uvicorn has it.
        super().connection_made(transport)
        self.address = self.crowd.address(self)
        self._wait_for(Phase.HEAD, HEAD_SECONDS_MAX)

    def connection_lost(self, exc: Exception | None) -> None:
        self._wait_for(Phase.NOTHING)
        self._stop_reading_clock()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        if self.refused:
            return
        if self.phase is Phase.NOTHING:
            self._wait_for(Phase.HEAD, HEAD_SECONDS_MAX)
        if self.phase is Phase.HEAD:
            self.head_bytes += len(data)
        super().data_received(data)
        if self.phase is Phase.HEAD and self.head_bytes > HEAD_BYTES_MAX:
            self._refuse_head()

    def on_message_begin(self) -> None:
        if self.phase is Phase.NOTHING:  # Another request in the same piece of data.
            self._wait_for(Phase.HEAD, HEAD_SECONDS_MAX)
        super().on_message_begin()

    def on_headers_complete(self) -> None:
        if len(self.url) + sum(len(name) + len(value) + 4 for name, value in self.headers) > HEAD_BYTES_MAX:
            self._refuse_head()
            return
        self._wait_for(Phase.BODY, BODY_SECONDS_MAX + GRACE_SECONDS)
        super().on_headers_complete()
        if self.leaving and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_body(self, body: bytes) -> None:
        if not self.refused:
            super().on_body(body)

    def on_message_complete(self) -> None:
        if self.refused:
            return
        super().on_message_complete()
        answered = self.cycle is not None and self.cycle.response_complete
        # uvicorn began to count the idle seconds when it had answered, and stopped when more of the body came.
        self._wait_for(Phase.NOTHING, self.timeout_keep_alive if answered else None)

    def handle_websocket_upgrade(self) -> None:
        if not self.refused:
            self._wait_for(Phase.NOTHING)
            super().handle_websocket_upgrade()

    def pause_writing(self) -> None:
        super().pause_writing()
        self._stop_reading_clock()
        self.reading = self.loop.call_later(READ_SECONDS_MAX, self.transport.abort)

    def resume_writing(self) -> None:
        self._stop_reading_clock()
        super().resume_writing()

    def shutdown(self) -> None:
        """Answer what is asked already, and say with the answer that it was the last."""
        self.leaving = True
        if self._is_answering():
            super().shutdown()
        elif self.phase is not Phase.BODY:
            self._wait_for(self.phase, LINGER_SECONDS)

    def give_up(self) -> None:
        """Close it for not having sent what it owes."""
        if self.flow.read_paused:  # It is we who do not read: an earlier request is still being answered.
            self._wait_for(self.phase, GRACE_SECONDS)
        elif self.phase is Phase.HEAD and self.head_bytes and not self._is_answering():
            self._refuse(408, f"The head of the request did not arrive within {HEAD_SECONDS_MAX:g} seconds.")
        else:
            self.drop()

    def drop(self) -> None:
        """Close it without a word."""
        self._wait_for(Phase.NOTHING)
        self.transport.abort()

    def _wait_for(self, phase: Phase, seconds: float | None = None) -> None:
        if self.address is not None and (self.phase is Phase.HEAD) != (phase is Phase.HEAD):
            (self.crowd.enter if phase is Phase.HEAD else self.crowd.leave)(self, self.address)
        if phase is not self.phase:
            self.head_bytes = 0
        self.phase = phase
        if self.deadline is not None:
            self.deadline.cancel()
        self.deadline = None if seconds is None else self.loop.call_later(seconds, self.give_up)

    def _stop_reading_clock(self) -> None:
        if self.reading is not None:
            self.reading.cancel()
            self.reading = None

    def _is_answering(self) -> bool:
        return self.cycle is not None and not self.cycle.response_complete

    def _refuse_head(self) -> None:
        self._refuse(431, f"The head of a request has at most {HEAD_BYTES_MAX} bytes.")

    def _refuse(self, status: int, message: str) -> None:
        """Say so, unless another answer is on its way, and close."""
        self.refused = True
        self._wait_for(Phase.NOTHING)
        if not self._is_answering():
            self.transport.write(_answer(status, message))
        self.transport.close()


class WebSocketConnection(WebSocketsSansIOProtocol):
    """A websocket, or the refusal of one."""

    async def send(self, message: Any) -> None:  # Any: one of ASGI's messages, which uvicorn keeps to itself.
        await super().send(message)
        if message["type"] == "websocket.http.response.body" and not message.get("more_body", False):
            self.handshake_complete = True  # Refused in order; uvicorn would log that nobody answered.

    def data_received(self, data: bytes) -> None:
        super().data_received(data)
        if self.conn.handshake_exc is not None and not self.handshake_initiated:
            # Its head is beyond what websockets reads; uvicorn would keep the refusal, and the connection, for ever.
            self.handshake_complete = self.close_sent = True
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.transport.close()


def _answer(status: int, message: str) -> bytes:
    error = {"message": message, "extensions": {"code": ErrorCode.MALFORMED_OPERATION.value}}
    body = json.dumps({"errors": [error]}).encode()
    headers = {
        **HEADERS,
        "Content-Type": "application/json; charset=utf-8",
        "Content-Length": str(len(body)),
        "Connection": "close",
    }
    lines = [f"{name}: {value}\r\n".encode() for name, value in headers.items()]
    return b"".join([STATUS_LINE[status], *lines, b"\r\n", body])
