"""Subscriptions over websockets: what all sockets of a process share, who may open one, and how all of them end."""

import asyncio
import contextlib
from http import HTTPStatus
from typing import Final, Generic

from starlette.responses import Response
from starlette.types import Receive, Scope, Send
from starlette.websockets import WebSocket

from graphql_server.errors import ErrorCode
from graphql_server.http.answers import error_response
from graphql_server.http.client_addresses import address_of
from graphql_server.principals import AnyPrincipal
from graphql_server.websocket.changes import Watching
from graphql_server.websocket.messages import SUBPROTOCOL
from graphql_server.websocket.session import WebsocketSession
from graphql_server.websocket.shared import Shared

STOP_SECONDS_MAX: Final = 0.8
"""How long sessions may take to close when the process stops."""


class SubscriptionEndpoint(Generic[AnyPrincipal, Watching]):
    """An ASGI application for the websockets of one path."""

    def __init__(self, shared: Shared[AnyPrincipal, Watching]) -> None:
        self.shared = shared
        self.stopping = False
        self.sessions: set[WebsocketSession[AnyPrincipal, Watching]] = set()
        self.of_address: dict[str, set[WebsocketSession[AnyPrincipal, Watching]]] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        websocket = WebSocket(scope, receive, send)
        await websocket.receive()  # The request to connect, which is answered by accepting or refusing it.
        refusal = self._refusal(websocket)
        if refusal is not None:
            await websocket.send_denial_response(refusal)
            return
        session = WebsocketSession(websocket, self.shared)
        self._enter(session)
        try:
            await session.run()
        finally:
            self._leave(session)
            session.over.set()

    def _enter(self, session: WebsocketSession[AnyPrincipal, Watching]) -> None:
        self.sessions.add(session)
        self.of_address.setdefault(session.address, set()).add(session)

    def _leave(self, session: WebsocketSession[AnyPrincipal, Watching]) -> None:
        self.sessions.discard(session)
        neighbours = self.of_address[session.address]
        neighbours.discard(session)
        if not neighbours:
            del self.of_address[session.address]

    def _refusal(self, websocket: WebSocket) -> Response | None:
        if SUBPROTOCOL not in websocket.scope["subprotocols"]:
            said = f"The websocket speaks {SUBPROTOCOL} alone: offer it in Sec-WebSocket-Protocol."
            return error_response(HTTPStatus.BAD_REQUEST, said, ErrorCode.MALFORMED_OPERATION)
        limits = self.shared.limits
        neighbours = self.of_address.get(address_of(websocket), set())
        if len(neighbours) >= limits.sockets_per_address_max:
            return _too_many(f"An address has at most {limits.sockets_per_address_max} websockets; close one first.")
        if sum(not each.begun for each in neighbours) >= limits.sockets_without_init_per_address_max:
            number = limits.sockets_without_init_per_address_max
            return _too_many(f"An address has at most {number} websockets that have not said connection_init.")
        if self.stopping or len(self.sessions) >= limits.sockets_max:
            said = "This server takes no more websockets now; try again in a moment."
            return error_response(HTTPStatus.SERVICE_UNAVAILABLE, said, ErrorCode.BUSY, **{"Retry-After": "1"})
        return None

    async def stop(self) -> None:
        """Close all sessions and accept no other. Safe to repeat."""
        self.stopping = True
        leaving = tuple(self.sessions)
        for session in leaving:
            session.leave()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(STOP_SECONDS_MAX):
                for session in leaving:
                    await session.over.wait()


def _too_many(said: str) -> Response:
    return error_response(HTTPStatus.TOO_MANY_REQUESTS, said, ErrorCode.RATE_LIMITED, **{"Retry-After": "3"})
