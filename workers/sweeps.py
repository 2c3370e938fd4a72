"""Sweeps: what each worker does again and again by itself, so that several share what is due.

arq gives a job to one worker, and a cron's job too: that would feed all of them from one place. Here every worker
looks into the tables, claims what no other has claimed, and goes on until nothing is due. A job of arq's is only the
wish that a worker look at once.
"""

import asyncio
import contextlib
from collections.abc import Awaitable, Callable
from time import monotonic
from typing import Any, Final

import structlog

from gateways.metrics import SWEEP_SECONDS as SWEEP_SECONDS_TAKEN
from gateways.metrics import SWEEPS, SWEPT
from workers.health import Heartbeats

SWEEP_SECONDS: Final = 2.0
"""How often a worker looks without being asked: a wish that is lost costs no more than that."""

SWEEP_SECONDS_MAX: Final = 30.0
"""How long one sweep may take before it is cancelled; what it had claimed is due again when its lease ends."""

Work = Callable[[Any], Awaitable[int | None]]  # Any: the context that arq hands to every job.
"""Does what is due; says how much that was if there may be more."""

log = structlog.get_logger(__name__)


class Sweep:
    """One kind of work of one worker, never twice at a time."""

    def __init__(self, work: Work, context: Any, heartbeats: Heartbeats | None = None) -> None:
        self._heartbeats = heartbeats or Heartbeats()
        self._work = work
        self._context = context
        self._asked = asyncio.Event()
        self._is_stopping = False
        self._running: asyncio.Task[None] | None = None

    @property
    def name(self) -> str:
        """What it is asked for by."""
        return getattr(self._work, "__name__", "sweep")

    def start(self) -> None:
        """Begin; sweep at once."""
        self._asked.set()
        self._running = asyncio.create_task(self._run(), name=f"sweep-{self.name}")

    def ask(self) -> None:
        """Look now, or once more after what is under way."""
        self._asked.set()

    async def stop(self) -> None:
        """Let what is under way finish. Safe to repeat."""
        self._is_stopping = True
        self._asked.set()
        if self._running is not None:
            await self._running

    async def _run(self) -> None:
        while True:
            with contextlib.suppress(TimeoutError):
                await asyncio.wait_for(self._asked.wait(), SWEEP_SECONDS)
            if self._is_stopping:
                return
            self._asked.clear()
            if await self._sweep():
                self._asked.set()

    async def _sweep(self) -> int | None:
        started, outcome = monotonic(), "failed"
        try:
            async with asyncio.timeout(SWEEP_SECONDS_MAX):
                done = await self._work(self._context)
            outcome = "ok"
        except Exception:  # Whatever it is, the next sweep may have more luck.
            log.exception("sweep_failed", sweep=self.name)
            return None
        finally:
            SWEEPS.labels(self.name, outcome).inc()
            SWEEP_SECONDS_TAKEN.labels(self.name).observe(monotonic() - started)
            self._heartbeats.turned(self.name)
        SWEPT.labels(self.name).inc(done or 0)
        return done
