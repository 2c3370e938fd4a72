"""What a process answers beside its work, on an address of its own: health, and metrics."""

import asyncio
import contextlib
import os
from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager

import uvicorn
from starlette.applications import Starlette
from starlette.routing import BaseRoute


class PortTaken(Exception):
    """The address can't be listened on; the message is a sentence."""


class _Beside(uvicorn.Server):
    """uvicorn in a loop that is somebody else's, who also hears the signals."""

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@asynccontextmanager
async def answering(routes: Sequence[BaseRoute], *, host: str, port: int) -> AsyncIterator[None]:
    """Answer these routes for as long as the block runs. Raises PortTaken."""
    config = uvicorn.Config(
        Starlette(routes=list(routes)),
        host=host,
        port=port,
        lifespan="off",
        access_log=False,
        log_config=None,
        server_header=False,
        timeout_graceful_shutdown=1,
        limit_concurrency=32,
    )
    try:
        listening = config.bind_socket()
    except SystemExit:
        raise PortTaken(f"The address {host}, port {port}, can't be listened on.") from None
    server = _Beside(config)
    serving = asyncio.create_task(server.serve(sockets=[listening]), name="side-server")
    try:
        yield
    finally:
        server.should_exit = True
        await serving
        listening.close()


def is_one_of_several() -> bool:
    """Whether a supervisor adds up what this process counts."""
    return "PROMETHEUS_MULTIPROC_DIR" in os.environ
