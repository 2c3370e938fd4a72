"""What runs beside a command's work: its health and its metrics, of one process or of all that a supervisor keeps."""

import os
import tempfile
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from socket import socket
from typing import Final

from prometheus_client import multiprocess
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import BaseRoute, Route

from app.metrics import metrics_route, sampling
from app.settings import Settings
from app.side_server import answering, is_one_of_several
from app.supervisor import Supervised, Supervisor
from workers.health import LATE_SECONDS, Heartbeats

BEAT_SECONDS: Final = 5.0
HEALTH_HOST: Final = "0.0.0.0"  # noqa: S104 - probes come from outside of a container; it tells names of loops alone.


@asynccontextmanager
async def beside_work(
    settings: Settings, beats: Heartbeats, supervised: Supervised | None, health_port: int | None
) -> AsyncIterator[None]:
    """Tell of one worker's health and metrics for as long as the block runs: to a supervisor, or here."""
    async with AsyncExitStack() as stack:
        if supervised is not None:
            beating = sampling(lambda: _beat(supervised, beats), every_seconds=BEAT_SECONDS)
            await stack.enter_async_context(beating)
        elif health_port is not None:
            health = health_route(lambda: sorted(beats.late()))
            await stack.enter_async_context(answering([health], host=HEALTH_HOST, port=health_port))
        if settings.metrics_port and not is_one_of_several():
            page = answering([metrics_route()], host=settings.metrics_host, port=settings.metrics_port)
            await stack.enter_async_context(page)
        yield


async def _beat(supervised: Supervised, beats: Heartbeats) -> None:
    if not beats.late():
        supervised.beat()


def health_route(late: Callable[[], Sequence[str]]) -> BaseRoute:
    """`/healthz`: 503 with the names of the loops that are stuck, if there are any."""

    async def healthz(_: Request) -> Response:
        stuck = late()
        return JSONResponse({"status": "failed" if stuck else "ok", "stuck": list(stuck)}, 503 if stuck else 200)

    return Route("/healthz", healthz, methods=["GET"])


async def supervise(
    settings: Settings, *arguments: str, number: int, inherited: Sequence[socket], health_port: int | None
) -> None:
    """Keep so many processes, and tell of all of them together. Raises DidNotStart or PortTaken."""
    async with AsyncExitStack() as stack:
        ended: Callable[[int], None] = lambda _: None  # noqa: E731
        if settings.metrics_port:
            directory = stack.enter_context(tempfile.TemporaryDirectory(prefix="inspectpay-metrics-"))
            os.environ["PROMETHEUS_MULTIPROC_DIR"] = directory  # For the processes, which inherit it.
            page = answering([metrics_route(directory)], host=settings.metrics_host, port=settings.metrics_port)
            await stack.enter_async_context(page)
            ended = _forget_in(directory)
        supervisor = Supervisor(*arguments, number=number, inherited=inherited, ended=ended)
        if health_port is not None:
            page = answering([health_route(lambda: _silent(supervisor))], host=HEALTH_HOST, port=health_port)
            await stack.enter_async_context(page)
        await supervisor.run()


def _silent(supervisor: Supervisor) -> list[str]:
    silent = supervisor.silent(LATE_SECONDS)
    return [f"{silent} of the processes"] if silent else []


def _forget_in(directory: str) -> Callable[[int], None]:
    """What a process that ended counted stays; how things were with it goes."""

    def forget(process: int) -> None:
        multiprocess.mark_process_dead(process, path=directory)  # type: ignore[no-untyped-call] # It has no types.

    return forget
