"""Running plans on a few connections. When all are busy, requests wait in turn.

Waiting requests of one plan go out as one statement: what a statement costs is paid once, and each gets its own row.
"""

import asyncio
from collections import OrderedDict, deque
from collections.abc import Sequence
from dataclasses import dataclass
from types import TracebackType
from typing import TypeAlias

from graphql_server.reads.arguments import SqlValue
from graphql_server.reads.links import Link, PoolOptions
from graphql_server.reads.plans import Plan


class Busy(Exception):
    """No connection came free in time."""


@dataclass(slots=True)
class Counts:
    """How often statements ran, and for how many requests: more requests than statements means that some shared."""

    statements: int = 0
    requests: int = 0


@dataclass(slots=True)
class _Waiting:
    """A request in the queue; `patience` is the timer that ends it."""

    values: Sequence[SqlValue]
    text: "asyncio.Future[str | None]"
    patience: asyncio.TimerHandle


_Queue: TypeAlias = "deque[_Waiting]"


class Pool:
    """Connections for reading. Use it as an asynchronous context manager."""

    def __init__(self, url: str, options: PoolOptions | None = None) -> None:
        self.options = options or PoolOptions()
        self.counts = Counts()
        self._links = [Link(url, self.options) for _ in range(self.options.size)]
        self._free = [*self._links]
        self._waiting: OrderedDict[Plan, _Queue] = OrderedDict()
        self._serving: set[asyncio.Task[None]] = set()

    async def __aenter__(self) -> "Pool":
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        await asyncio.gather(*self._serving)
        await asyncio.gather(*(link.close() for link in self._links))

    @property
    def free(self) -> int:
        """How many connections nobody uses."""
        return len(self._free)

    @property
    def waiting(self) -> int:
        """How many requests wait for one."""
        return sum(len(queue) for queue in self._waiting.values())

    async def run(self, plan: Plan, values: Sequence[SqlValue]) -> str | None:
        """The statement's text; None when it gives no row. Raises Busy, and whatever PostgreSQL refuses."""
        if not self._free:
            return await self._wait(plan, values)
        link = self._free.pop()
        try:
            return await self._run(link, plan, values)
        finally:
            self._release(link)

    async def _run(self, link: Link, plan: Plan, values: Sequence[SqlValue]) -> str | None:
        self.counts.statements += 1
        self.counts.requests += 1
        return await link.run(plan, values)

    def _wait(self, plan: Plan, values: Sequence[SqlValue]) -> "asyncio.Future[str | None]":
        loop = asyncio.get_running_loop()
        text: asyncio.Future[str | None] = loop.create_future()
        patience = loop.call_later(self.options.wait_seconds_max, _fail, text, Busy())
        self._waiting.setdefault(plan, deque()).append(_Waiting(values, text, patience))
        return text

    def _release(self, link: Link) -> None:
        if not self._waiting:
            self._free.append(link)
            return
        task = asyncio.get_running_loop().create_task(self._serve(link))
        self._serving.add(task)
        task.add_done_callback(self._serving.discard)

    async def _serve(self, link: Link) -> None:
        """Run what is waiting until nothing is; plans take turns."""
        try:
            while self._waiting:
                plan, batch = self._take()
                await self._run_batch(link, plan, batch)
        finally:
            self._free.append(link)

    def _take(self) -> tuple[Plan, list[_Waiting]]:
        """The plan whose turn it is, with as many of its requests as may go together; none of those that gave up."""
        plan, queue = self._waiting.popitem(last=False)
        batch: list[_Waiting] = []
        while queue and len(batch) < (self.options.batch_max if plan.batch else 1):
            waiting = queue.popleft()
            waiting.patience.cancel()
            if not waiting.text.done():
                batch.append(waiting)
        if queue:
            self._waiting[plan] = queue
        return plan, batch

    async def _run_batch(self, link: Link, plan: Plan, batch: Sequence[_Waiting]) -> None:
        if len(batch) <= 1 or plan.batch is None:
            for waiting in batch:
                await self._run_alone(link, plan, waiting)
            return
        try:
            texts = await link.run_batch(plan.batch, [waiting.values for waiting in batch])
        except Exception:
            for waiting in batch:  # One of them is at fault; alone, it fails alone.
                await self._run_alone(link, plan, waiting)
            return
        self.counts.statements += 1
        self.counts.requests += len(batch)
        for waiting, text in zip(batch, texts, strict=True):
            if not waiting.text.done():
                waiting.text.set_result(text)

    async def _run_alone(self, link: Link, plan: Plan, waiting: _Waiting) -> None:
        try:
            text = await self._run(link, plan, waiting.values)
        except Exception as error:
            _fail(waiting.text, error)
            return
        if not waiting.text.done():
            waiting.text.set_result(text)


def _fail(text: "asyncio.Future[str | None]", error: Exception) -> None:
    if not text.done():
        text.set_exception(error)
