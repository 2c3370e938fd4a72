"""The toy schema as a real server, whose subscriptions wake when a doorbell rings."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Final

import uvicorn
from starlette.applications import Starlette
from starlette.requests import HTTPConnection
from starlette.routing import WebSocketRoute

from graphql_server.executor import Executor
from graphql_server.websocket.endpoint import SubscriptionEndpoint
from graphql_server.websocket.messages import MESSAGE_BYTES_MAX
from graphql_server.websocket.shared import Shared
from tests.graphql_server.edge import API, Bearer, InvalidToken, authenticate
from tests.graphql_server.sockets import Serving, running
from tests.graphql_server.toy import CLIENT, INSPECTOR, Scope


@dataclass(frozen=True)
class Token:
    """What a client has."""

    token: str


INSPECTOR_TOKEN: Final = Token(INSPECTOR)
CLIENT_TOKEN: Final = Token(CLIENT)


class Visitor:
    """One who waits for the bell."""

    def __init__(self) -> None:
        self.rung = asyncio.Event()

    def look(self) -> None:
        self.rung.clear()

    async def changed(self) -> None:
        await self.rung.wait()


@dataclass
class Doorbell:
    """The change feed of a house."""

    waiting: set[Visitor] = field(default_factory=set)

    @contextmanager
    def watch(self) -> Iterator[Visitor]:
        visitor = Visitor()
        self.waiting.add(visitor)
        try:
            yield visitor
        finally:
            self.waiting.discard(visitor)

    def ring(self) -> None:
        for visitor in self.waiting:
            visitor.rung.set()


@dataclass(frozen=True, slots=True)
class Toy(Serving[Bearer, Visitor]):
    """The toy API under its address; the tokens of `revoked` are not valid any more."""

    doorbell: Doorbell
    revoked: set[str]


@asynccontextmanager
async def toy_server() -> AsyncIterator[Toy]:
    """The toy API as a server on a port of its own, until the block ends."""
    doorbell = Doorbell()
    revoked: set[str] = set()

    async def reauthenticate(connection: HTTPConnection) -> Bearer | None:
        bearer = await authenticate(connection)
        if bearer is not None and bearer.scope in revoked:
            raise InvalidToken("The token is not valid any more.")
        return bearer

    def make_context(bearer: Bearer, _: str, visitor: Visitor) -> tuple[Scope, Visitor]:
        return bearer.scope, visitor

    shared = Shared(
        Executor(API, introspection=True), authenticate, reauthenticate, make_context, doorbell, only_differing={CLIENT}
    )
    endpoint = SubscriptionEndpoint(shared)
    app = Starlette(routes=[WebSocketRoute("/graphql", endpoint)])
    app.state.subscriptions = endpoint
    config = uvicorn.Config(
        app,
        host="127.0.0.1",
        port=0,
        ws="websockets-sansio",
        ws_max_size=MESSAGE_BYTES_MAX,
        log_config=None,
    )
    server = uvicorn.Server(config)
    async with running(server) as port:
        yield Toy(app, server, port, doorbell, revoked)
        await endpoint.stop()
