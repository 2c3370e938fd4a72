"""Counting requests, looking now and then at what is kept elsewhere, and the page that Prometheus reads."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Mapping
from contextlib import asynccontextmanager
from dataclasses import asdict
from time import perf_counter
from typing import Any, Final

import structlog
from prometheus_client import REGISTRY, CollectorRegistry, make_asgi_app, multiprocess
from starlette.routing import Mount
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from gateways import metrics
from graphql_server.http.admission import Admission
from graphql_server.reads import Pool, plans_compiled
from models.audits import last_audit
from models.backlog import read_backlog
from models.changes import ChangeListener

SAMPLE_SECONDS: Final = 5.0
BACKLOG_SECONDS: Final = 15.0
OTHER: Final = "other"
NONE: Final = "none"

log = structlog.get_logger(__name__)


class MeasuredRequests:
    """Pure ASGI, around GraphQL: counts each request by what the endpoint noted of it.

    `operations` are the names that are told apart: those of trusted documents. All others are one, so that clients,
    who name their operations, can neither make endless series nor write in them.
    """

    def __init__(self, app: ASGIApp, operations: Collection[str]) -> None:
        self.app = app
        self.operations = frozenset(operations)
        self._counters: dict[tuple[str, str, str, str], Any] = {}  # Any: the children of labelled metrics have no name.
        self._seconds: dict[tuple[str, str], Any] = {}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started, status = perf_counter(), 500

        async def sent(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        try:
            await self.app(scope, receive, sent)
        finally:
            self.count(scope.get("state", {}).get("noted", {}), status, perf_counter() - started)

    def count(self, noted: Mapping[str, Any], status: int, seconds: float) -> None:
        """One request that took so long; `noted` is what its line in the log says."""
        name = noted.get("operation_name")
        operation = name if name in self.operations else OTHER
        kind = noted.get("operation") or NONE
        codes = noted.get("codes")
        key = (operation, kind, str(noted.get("scope") or NONE), codes[0] if codes else "OK" if status < 400 else OTHER)
        counter = self._counters.get(key)
        if counter is None:
            counter = self._counters[key] = metrics.REQUESTS.labels(*key)
        counter.inc()
        observed = self._seconds.get(key[:2])
        if observed is None:
            observed = self._seconds[key[:2]] = metrics.REQUEST_SECONDS.labels(*key[:2])
        observed.observe(seconds)


class ApiSamples:
    """What the API keeps as numbers of its own, told to Prometheus now and then instead of on each request."""

    def __init__(self, admission: Admission, changes: ChangeListener) -> None:
        self.admission = admission
        self.changes = changes
        self._told = {"compiled": 0, "reads": 0}

    def take(self, reading: Pool | None) -> None:
        """Tell how things are now."""
        for place, gate in (("queries", self.admission.queries), ("mutations", self.admission.mutations)):
            metrics.WAITING.labels(place).set(gate.waiting)
            metrics.FREE.labels(place).set(gate.free)
        metrics.CHANGE_FEED_LAG.set(self.changes.lag_seconds)
        if reading is not None:
            metrics.WAITING.labels("reading").set(reading.waiting)
            metrics.FREE.labels("reading").set(reading.free)
            self._tell("reads", reading.counts.requests)
        self._tell("compiled", plans_compiled())

    def _tell(self, name: str, total: int) -> None:
        counter = metrics.READS if name == "reads" else metrics.PLANS_COMPILED
        counter.inc(max(0, total - self._told[name]))
        self._told[name] = total


async def sample_backlog() -> None:
    """Tell what waits in the tables, and how the last audit ended."""
    for what, number in asdict(await read_backlog()).items():
        metrics.BACKLOG.labels(what).set(number)
    audit = await last_audit()
    metrics.AUDIT_TIME.set(audit.ended_at.timestamp() if audit else 0)
    metrics.AUDIT_DISCREPANCIES.set(audit.discrepancies if audit else 0)


@asynccontextmanager
async def sampling(sample: Callable[[], Awaitable[None]], *, every_seconds: float) -> AsyncIterator[None]:
    """Take a sample again and again for as long as the block runs; one that fails is logged."""

    async def run() -> None:
        while True:
            try:
                await sample()
            except Exception as fault:  # Whatever it is, measuring must not end what is measured.
                log.warning("sample_failed", fault=type(fault).__name__)
            await asyncio.sleep(every_seconds)

    task = asyncio.create_task(run(), name="samples")
    try:
        yield
    finally:
        task.cancel()
        with contextlib.suppress(asyncio.CancelledError):
            await task


def metrics_route(directory: str | None = None) -> Mount:
    """`/metrics`: of this process, or added up of all that write to `directory`."""
    registry = REGISTRY
    if directory is not None:
        registry = CollectorRegistry()
        multiprocess.MultiProcessCollector(registry, path=directory)  # type: ignore[no-untyped-call] # It has no types.
    return Mount("/metrics", make_asgi_app(registry))
