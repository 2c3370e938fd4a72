"""uvicorn as we run it: its bounds, and websockets that are told goodbye before it stops."""

import asyncio
import socket
from functools import partial
from typing import Final

import uvicorn
from starlette.applications import Starlette
from uvicorn.middleware.proxy_headers import ProxyHeadersMiddleware

from app.acceptor import Acceptor
from app.connections import Connection, Crowd, WebSocketConnection
from app.supervisor import Supervised
from graphql_server.websocket.messages import MESSAGE_BYTES_MAX

STOP_SECONDS_MAX: Final = 30
"""How long requests that are running may take to finish; as long as the longest of them."""


class Server(uvicorn.Server):
    """uvicorn, which by itself closes websockets as if it were about to be back (1012)."""

    def __init__(self, config: uvicorn.Config, app: Starlette, supervised: Supervised | None) -> None:
        super().__init__(config)
        self.app = app
        self.supervised = supervised
        self.orphaned: asyncio.Task[None] | None = None

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        if self.supervised is None:
            await super().startup(sockets)
            return
        await super().startup([])
        if self.started:
            self.servers += [Acceptor(each, self._protocol) for each in sockets or ()]  # type: ignore[misc] # As it is used.
            self.supervised.ready()
            self.orphaned = asyncio.create_task(self.supervised.orphaned())
            self.orphaned.add_done_callback(self._stop_soon)

    def _protocol(self) -> asyncio.Protocol:
        return self.config.http_protocol_class(  # type: ignore[call-arg] # As uvicorn itself calls it.
            config=self.config, server_state=self.server_state, app_state=self.lifespan.state
        )

    def _stop_soon(self, _: asyncio.Task[None]) -> None:
        self.should_exit = True

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        if self.app.state.subscriptions:
            await self.app.state.subscriptions.stop()
        await super().shutdown(sockets)


def server_of(
    app: Starlette,
    *,
    host: str = "127.0.0.1",
    port: int = 8000,
    trusted_proxies: str = "",
    supervised: Supervised | None = None,
) -> Server:
    """A server of the API, ready to run: on an address of its own, or under a supervisor, on sockets given to `run`."""
    trusted = ProxyHeadersMiddleware(app, trusted_proxies).trusted_hosts  # type: ignore[arg-type] # Never called.
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        loop="auto",  # uvloop, where it is installed; with httptools half the processor time of asyncio and h11.
        http=partial(Connection, crowd=Crowd(trusted.__contains__)),  # type: ignore[arg-type] # It makes one.
        ws=WebSocketConnection,
        ws_max_size=MESSAGE_BYTES_MAX,
        ws_per_message_deflate=False,  # Messages are small, and a client's memory would be ours.
        access_log=False,  # Our own line for each request has its id and tells no query string.
        log_config=None,
        server_header=False,
        date_header=True,
        proxy_headers=bool(trusted_proxies),
        forwarded_allow_ips=trusted_proxies,
        timeout_graceful_shutdown=STOP_SECONDS_MAX,
    )
    return Server(config, app, supervised)
