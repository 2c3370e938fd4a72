"""`serve` and `worker`: what a deployment runs, in one process or several, until SIGTERM or Ctrl-C stops it."""

import asyncio
import contextlib
import os
import signal
import socket
from collections.abc import Sequence
from typing import TYPE_CHECKING, Final

import structlog
from arq import Worker
from redis.exceptions import RedisError

from app.commands.outcomes import refuse
from app.logs import configure_logs
from app.settings import Settings, SettingsInvalid, read_settings
from app.supervisor import DidNotStart, Supervised

if TYPE_CHECKING:
    from app.http_server import Server
    from workers.health import Heartbeats

CONNECTIONS_WAITING_MAX: Final = 2048
"""Connections that the system keeps until one of the processes takes them."""

STOP_SECONDS_MAX = 30
"""How long jobs that are running may take to finish; as long as the longest of them."""

PAUSE_SECONDS = 1.0
"""Between attempts of a worker to go on when Redis is away."""

log = structlog.get_logger(__name__)


def settings_or_refuse() -> Settings:
    """The configuration, with logs set up accordingly; ends the command when a variable is missing or invalid."""
    try:
        settings = read_settings()
    except SettingsInvalid as invalid:
        refuse(f"{invalid}\nSet these in the environment; README.md lists every variable.")
    configure_logs(settings.log_level, settings.log_format)
    return settings


def serve(*, host: str, port: int) -> None:
    """Answer HTTP until stopped; requests that are running are finished first."""
    settings = settings_or_refuse()
    server = _server(settings, host=host, port=port)
    log.info("serving", host=host, port=port)
    server.run()
    if not server.started:
        raise SystemExit(1)
    log.info("stopped")


def serve_in_processes(number: int, *, host: str, port: int) -> None:
    """As `serve`, in several processes that share one listening socket."""
    settings = settings_or_refuse()
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listening = socket.create_server((host, port), family=family, backlog=CONNECTIONS_WAITING_MAX)
    except OSError as fault:
        refuse(f"The address {host}, port {port}, can't be listened on ({os.strerror(fault.errno or 0)}).")
    log.info("serving", host=host, port=port, processes=number)
    _supervise(settings, "serve", "--listening", str(listening.fileno()), number=number, inherited=[listening])


def serve_supervised(listening: int, descriptor: int) -> None:
    """One of several processes that answer HTTP."""
    supervised = Supervised(descriptor)
    server = _server(settings_or_refuse(), supervised=supervised)
    server.run(sockets=[socket.socket(fileno=listening)])
    if not server.started:
        raise SystemExit(1)


def _server(
    settings: Settings, *, host: str = "127.0.0.1", port: int = 8000, supervised: Supervised | None = None
) -> "Server":
    from app.http_server import server_of
    from app.server import create_app
    from graphql_server.trusted_documents import ManifestInvalid

    try:
        app = create_app(settings)
    except ManifestInvalid as invalid:
        refuse(f"TRUSTED_DOCUMENTS can't be used: {invalid}")
    server = server_of(app, host=host, port=port, trusted_proxies=settings.trusted_proxies, supervised=supervised)
    # uvicorn raises the signal again when it is done, to end the process by it; stopping in order is no failure.
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: setattr(server, "should_exit", True))
    return server


def work(descriptor: int | None = None, *, health_port: int | None = None) -> None:
    """Run jobs until stopped; jobs that are running are finished first. With `descriptor`, under a supervisor."""
    from app.side_server import PortTaken

    settings = settings_or_refuse()
    try:
        asyncio.run(_work(settings, None if descriptor is None else Supervised(descriptor), health_port))
    except PortTaken as taken:
        refuse(str(taken))


def work_in_processes(number: int, *, health_port: int | None = None) -> None:
    """As `work`, in several processes that share what there is to do."""
    settings = settings_or_refuse()
    log.info("working", processes=number)
    _supervise(settings, "worker", number=number, health_port=health_port)


def _supervise(
    settings: Settings,
    *arguments: str,
    number: int,
    inherited: Sequence[socket.socket] = (),
    health_port: int | None = None,
) -> None:
    from app.beside import supervise
    from app.side_server import PortTaken

    try:
        asyncio.run(supervise(settings, *arguments, number=number, inherited=inherited, health_port=health_port))
    except DidNotStart:
        raise SystemExit(1) from None
    except PortTaken as taken:
        refuse(str(taken))
    log.info("stopped")


async def _work(settings: Settings, supervised: Supervised | None, health_port: int | None) -> None:
    from app.beside import beside_work
    from workers.settings import heartbeats

    beats = heartbeats()
    async with beside_work(settings, beats, supervised, health_port):
        await _work_until_stopped(settings, supervised, beats)


async def _work_until_stopped(settings: Settings, supervised: Supervised | None, beats: "Heartbeats") -> None:
    from app.worker import worker_of

    stop = asyncio.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    if supervised is not None:
        supervised.ready()
        orphaned = asyncio.create_task(supervised.orphaned())
        orphaned.add_done_callback(lambda _: stop.set())
    log.info("working")
    while not stop.is_set():
        worker = worker_of(settings, beats)
        try:
            await _run_until(stop, worker)
        except (RedisError, OSError) as fault:
            # arq gives up when Redis is away; the tables keep what there is to do, so we begin again.
            log.warning("worker_without_redis", fault=type(fault).__name__)
        finally:
            await _close(worker)
        with contextlib.suppress(TimeoutError):
            await asyncio.wait_for(stop.wait(), PAUSE_SECONDS)
    log.info("stopped")


async def _run_until(stop: asyncio.Event, worker: Worker) -> None:
    """Run the worker until it fails, which is raised, or until it is to stop."""
    running, stopping = asyncio.ensure_future(worker.async_run()), asyncio.ensure_future(stop.wait())
    try:
        await asyncio.wait({running, stopping}, return_when=asyncio.FIRST_COMPLETED)
        worker.allow_pick_jobs = False
    finally:
        stopping.cancel()
        if not running.done():
            running.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await running


async def _close(worker: Worker) -> None:
    """Let running jobs finish, and give everything back, with or without Redis."""
    if worker.tasks:
        await asyncio.wait(worker.tasks.values(), timeout=STOP_SECONDS_MAX)
    for task in worker.tasks.values():
        task.cancel()
    await asyncio.gather(*worker.tasks.values(), return_exceptions=True)
    worker.tasks.clear()
    with contextlib.suppress(RedisError, OSError):
        await worker.close()
    if worker.on_shutdown is not None:
        await worker.on_shutdown(worker.ctx)
