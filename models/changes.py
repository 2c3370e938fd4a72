"""The change feed: which inspections and invoices were changed, read from a table by one reader for all who watch.

Triggers write to `changes` in the transaction that changes something. The reader comes whenever it is nudged, and
every second anyway: a nudge that is lost costs that second, and no change.
"""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from datetime import datetime, timedelta
from time import monotonic
from typing import Final
from uuid import UUID

import asyncpg
import structlog
from tortoise import connections

from models.database import configuration

POLL_SECONDS: Final = 1.0
"""How often the table is read without a nudge."""

PAUSE_SECONDS: Final = 0.002
"""Between two reads, however many nudges come: what is committed meanwhile is read as one."""

IDLE_PAUSE_SECONDS: Final = 0.02
"""The same while nobody watches. Who begins to watch may be woken once for what was committed since the last read."""

READ_SECONDS_MAX: Final = 5.0
"""How long connecting and reading may take: a connection that died in silence would tell of no change for ever."""

RECONNECT_SECONDS_MIN: Final = 0.1
RECONNECT_SECONDS_MAX: Final = 5.0

KEPT: Final = timedelta(minutes=10)
"""How old rows of the table become before they may be cleared. No transaction of ours takes as long: see
`idle_in_transaction_session_timeout` and `statement_timeout` in `models/asyncpg_pool.py`."""

GAP_MAX: Final = KEPT / 2
"""A reader that was away for longer may find rows cleared that it has not seen."""

_ADDRESS: Final = ("host", "port", "user", "password", "database", "ssl")

_READ: Final = """
    SELECT pg_current_snapshot()::text AS snapshot, now() AS read_at, ARRAY(
      SELECT subject_id FROM changes WHERE transaction_id >= pg_snapshot_xmax($1::text::pg_snapshot)
       UNION
      SELECT subject_id FROM changes WHERE transaction_id = ANY(ARRAY(SELECT pg_snapshot_xip($1::text::pg_snapshot)))
    ) AS subjects
"""
"""What was committed since the snapshot `$1`, each change once, whatever the order in which transactions end.

A snapshot did not see the transactions that began after it (from its xmax on), nor those that were under way (its xip).
A position in the order of numbers would jump over a transaction that took its number early and commits late.
"""

_CLEAR: Final = """
    DELETE FROM changes WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM (SELECT ctid, noted_at FROM changes ORDER BY transaction_id LIMIT $1) oldest WHERE noted_at < $2
    ))
"""

log = structlog.get_logger(__name__)

Nudged = Callable[[Callable[[], None]], Awaitable[None]]
"""Calls back, for as long as it is awaited, when there may be something new in the table."""


class Subscription:
    """One who watches one inspection or invoice: however much happens before they look again, they are woken once."""

    def __init__(self, listener: "ChangeListener") -> None:
        self._listener = listener
        self._changed = asyncio.Event()
        self.subject_id: UUID | None = None

    def begin(self, subject_id: UUID) -> None:
        """Watch from now on; call it before reading, so that no change falls between. Safe to repeat."""
        assert self.subject_id in (None, subject_id), "a watch is for one subject"
        if self.subject_id is None:
            self.subject_id = subject_id
            self._listener.watches.setdefault(subject_id, set()).add(self)

    def look(self) -> None:
        """Whatever happened until now will be seen by the reads that follow."""
        self._changed.clear()

    def wake(self) -> None:
        """Something happened, or may have."""
        self._changed.set()

    async def changed(self) -> None:
        """Wait for what happens after the last look."""
        await self._changed.wait()

    def end(self) -> None:
        """Watch no more. Safe to repeat."""
        if self.subject_id is None:
            return
        watches = self._listener.watches.get(self.subject_id, set())
        watches.discard(self)
        if not watches:
            self._listener.watches.pop(self.subject_id, None)


class ChangeListener:
    """The changes this process hears of, read on one connection. After that was cut, all who watch look again."""

    def __init__(self, url: str) -> None:
        self._url = url
        self._nudged = asyncio.Event()
        self._read_at = monotonic()
        self.watches: dict[UUID, set[Subscription]] = {}
        self.connected = asyncio.Event()

    @property
    def lag_seconds(self) -> float:
        """How long ago it last read the feed: about a second when all is well."""
        return monotonic() - self._read_at

    @contextmanager
    def watch(self) -> Iterator[Subscription]:
        """A watch that ends with the block."""
        watch = Subscription(self)
        try:
            yield watch
        finally:
            watch.end()

    @asynccontextmanager
    async def listening(self, nudged: Nudged | None = None) -> AsyncIterator[None]:
        """Listen for as long as the block runs, also when PostgreSQL is away for a while; without nudges by polling."""
        tasks = [asyncio.create_task(self._listen(), name="change-listener")]
        if nudged is not None:
            tasks.append(asyncio.ensure_future(nudged(self.nudge)))
        try:
            yield
        finally:
            for task in tasks:
                task.cancel()
                with contextlib.suppress(asyncio.CancelledError):
                    await task

    def nudge(self) -> None:
        """Read the table soon."""
        self._nudged.set()

    async def _listen(self) -> None:
        pause = RECONNECT_SECONDS_MIN
        while True:
            try:
                await self._read_until_cut()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as fault:
                log.warning("change_feed_cut", fault=type(fault).__name__)
            pause = RECONNECT_SECONDS_MIN if self.connected.is_set() else min(pause * 2, RECONNECT_SECONDS_MAX)
            self.connected.clear()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - only spreads the load

    async def _read_until_cut(self) -> None:
        """Until the connection ends. Whoever watches looks again first: they may have missed something."""
        connection = await self._connect()
        try:
            snapshot, read_at, _ = await self._read(connection, None)
            self.connected.set()
            self._wake_all()
            while True:
                with contextlib.suppress(TimeoutError):
                    await asyncio.wait_for(self._nudged.wait(), POLL_SECONDS)
                self._nudged.clear()
                last_read_at = read_at
                snapshot, read_at, subjects = await self._read(connection, snapshot)
                if read_at - last_read_at > GAP_MAX:
                    self._wake_all()
                self._wake(subjects)
                await asyncio.sleep(PAUSE_SECONDS if self.watches else IDLE_PAUSE_SECONDS)
        finally:
            connection.terminate()

    async def _read(self, connection: asyncpg.Connection, snapshot: str | None) -> tuple[str, datetime, list[UUID]]:
        """This moment's snapshot and time, and what was committed since `snapshot`; nothing without one."""
        if snapshot is None:
            snapshot = await connection.fetchval("SELECT pg_current_snapshot()::text", timeout=READ_SECONDS_MAX)
        row = await connection.fetchrow(_READ, snapshot, timeout=READ_SECONDS_MAX)
        self._read_at = monotonic()
        return row["snapshot"], row["read_at"], row["subjects"]

    async def _connect(self) -> asyncpg.Connection:
        credentials = configuration(self._url)["connections"]["default"]["credentials"]
        address = {name: credentials[name] for name in _ADDRESS if name in credentials}
        # Nothing but this reads here: whatever PostgreSQL believes of the table's size, the end of an index is enough.
        settings = {"application_name": "inspectpay changes", "enable_seqscan": "off"}
        return await asyncpg.connect(**address, timeout=READ_SECONDS_MAX, server_settings=settings)

    def _wake(self, subjects: list[UUID]) -> None:
        for subject_id in subjects:
            for watch in self.watches.get(subject_id, ()):
                watch.wake()

    def _wake_all(self) -> None:
        self._wake(list(self.watches))


async def clear_changes(*, before: datetime, limit: int) -> int:
    """Remove at most `limit` of the oldest rows, those noted before then; returns how many. Safe to repeat."""
    deleted: int
    deleted, _ = await connections.get("default").execute_query(_CLEAR, [limit, before])
    return deleted
