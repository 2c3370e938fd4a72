"""A real server in this process, and a client that speaks graphql-transport-ws."""

import asyncio
import itertools
import json
from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field, replace
from typing import Any, Generic, Protocol

import pytest
import uvicorn
from starlette.applications import Starlette
from websockets.asyncio.client import ClientConnection, connect
from websockets.exceptions import ConnectionClosed
from websockets.typing import Origin, Subprotocol

from graphql_server.principals import AnyPrincipal
from graphql_server.websocket.changes import Watching
from graphql_server.websocket.endpoint import SubscriptionEndpoint
from graphql_server.websocket.messages import SUBPROTOCOL
from graphql_server.websocket.shared import Shared

SECONDS_MAX = 10.0

Json = dict[str, Any]


class Bearing(Protocol):
    """Whoever has a token."""

    @property
    def token(self) -> str | None: ...


@dataclass(slots=True)
class Socket:
    """One websocket, as a client has it."""

    connection: ClientConnection
    _names: Any = field(default_factory=lambda: itertools.count(1))

    async def say(self, **message: Any) -> None:
        """Send one message."""
        await self.connection.send(json.dumps(message))

    async def hear(self, seconds: float = SECONDS_MAX) -> Json:
        """The next message that is no ping."""
        async with asyncio.timeout(seconds):
            while True:
                message: Json = json.loads(await self.connection.recv())
                if message["type"] != "ping":
                    return message

    async def hears_nothing(self, seconds: float = 0.5) -> bool:
        """Whether nothing comes for a while."""
        try:
            await self.hear(seconds)
        except TimeoutError:
            return True
        return False

    async def begin(self, api: Bearing) -> None:
        """Say who is calling."""
        await self.say(type="connection_init", payload={"Authorization": f"Bearer {api.token}"})
        assert await self.hear() == {"type": "connection_ack"}

    async def subscribe(self, query: str, **variables: Any) -> "Subscribed":
        """Begin a subscription."""
        name = str(next(self._names))
        await self.say(id=name, type="subscribe", payload={"query": query, "variables": variables})
        return Subscribed(self, name)

    async def closed(self) -> tuple[int, str]:
        """The code and reason that the server closes with; fails when it says something else before."""
        with pytest.raises(ConnectionClosed) as closed:
            await asyncio.wait_for(self.connection.recv(), SECONDS_MAX)
        received = closed.value.rcvd
        assert received is not None
        return received.code, received.reason


@dataclass(frozen=True, slots=True)
class Subscribed:
    """One subscription of a socket that has no other."""

    socket: Socket
    name: str

    async def value(self) -> Any:
        """The next value of the one field."""
        message = await self.socket.hear()
        assert (message["type"], message["id"]) == ("next", self.name), message
        assert "errors" not in message["payload"], message
        (found,) = message["payload"]["data"].values()
        return found

    async def until(self, **expected: Any) -> Any:
        """The next value that has these fields; those before it are skipped."""
        async with asyncio.timeout(SECONDS_MAX):
            while True:
                value = await self.value()
                if expected.items() <= value.items():
                    return value

    async def errors(self) -> list[tuple[str, str]]:
        """The codes and messages that end it; values before them are skipped."""
        while (message := await self.socket.hear())["type"] == "next":
            pass
        assert (message["type"], message["id"]) == ("error", self.name), message
        return [(error["extensions"]["code"], error["message"]) for error in message["payload"]]


@asynccontextmanager
async def opened(
    port: int, api: Bearing | None = None, *, protocols: tuple[str, ...] = (SUBPROTOCOL,), **options: Any
) -> AsyncIterator[Socket]:
    """A websocket; with `api`, one that has begun as whoever bears its token."""
    origin = options.pop("origin", None)
    async with connect(
        f"ws://127.0.0.1:{port}/graphql",
        subprotocols=[Subprotocol(name) for name in protocols] or None,
        origin=Origin(origin) if origin else None,
        proxy=None,
        **options,
    ) as connection:
        socket = Socket(connection)
        if api is not None:
            await socket.begin(api)
        yield socket


@dataclass(frozen=True, slots=True)
class Serving(Generic[AnyPrincipal, Watching]):
    """An application under its address."""

    app: Starlette
    server: uvicorn.Server
    port: int

    @property
    def endpoint(self) -> SubscriptionEndpoint[AnyPrincipal, Watching]:
        """What holds all sockets."""
        found: SubscriptionEndpoint[AnyPrincipal, Watching] = self.app.state.subscriptions
        return found

    @property
    def shared(self) -> Shared[AnyPrincipal, Watching]:
        """What all sessions have in common."""
        return self.endpoint.shared

    def socket(self, api: Bearing | None = None, **options: Any) -> AbstractAsyncContextManager[Socket]:
        """As `opened`, to this server."""
        return opened(self.port, api, **options)

    def limit(self, **changed: Any) -> None:
        """Change some of the bounds of its websockets."""
        self.shared.limits = replace(self.shared.limits, **changed)


@asynccontextmanager
async def running(server: uvicorn.Server) -> AsyncIterator[int]:
    """The port of a server that runs until the block ends."""
    served = asyncio.create_task(server.serve())
    while not server.started:
        assert not served.done(), "the server did not start"
        await asyncio.sleep(0.01)
    try:
        yield server.servers[0].sockets[0].getsockname()[1]
    finally:
        server.should_exit = True
        await served


async def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds."""
    async with asyncio.timeout(SECONDS_MAX):
        while not holds():  # noqa: ASYNC110 - nothing announces what is looked at
            await asyncio.sleep(0.01)
