"""The change feed: PostgreSQL notifies at each commit what changed, and whoever watches that here is woken."""

import asyncio
import contextlib
import random
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import Final
from uuid import UUID

import asyncpg
import structlog

from models.database import configuration

CHANNELS: Final = ("inspection_changed", "invoice_changed")
"""What the triggers of migration 0004 notify, with the key of the inspection or invoice."""

CONNECT_SECONDS_MAX: Final = 5.0
HEARTBEAT_SECONDS: Final = 15.0
"""How often the connection is asked whether it lives: one that died in silence would notify of no change for ever."""

PAUSE_SECONDS_MIN: Final = 0.1
PAUSE_SECONDS_MAX: Final = 5.0

_ADDRESS: Final = ("host", "port", "user", "password", "database", "ssl")

log = structlog.get_logger(__name__)


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
            self._listener.watches.setdefault(str(subject_id), set()).add(self)

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
        watches = self._listener.watches.get(str(self.subject_id), set())
        watches.discard(self)
        if not watches:
            self._listener.watches.pop(str(self.subject_id), None)


class ChangeListener:
    """The changes this process hears of, on one connection. While that is cut some are missed; after it, all look."""

    def __init__(self, url: str) -> None:
        self._url = url
        self.watches: dict[str, set[Subscription]] = {}
        self.connected = asyncio.Event()

    @contextmanager
    def watch(self) -> Iterator[Subscription]:
        """A watch that ends with the block."""
        watch = Subscription(self)
        try:
            yield watch
        finally:
            watch.end()

    @asynccontextmanager
    async def listening(self) -> AsyncIterator[None]:
        """Listen for as long as the block runs, also when PostgreSQL is away for a while."""
        listener = asyncio.create_task(self._listen(), name="change-listener")
        try:
            yield
        finally:
            listener.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await listener

    async def _listen(self) -> None:
        pause = PAUSE_SECONDS_MIN
        while True:
            try:
                await self._listen_once()
            except (asyncpg.PostgresError, asyncpg.InterfaceError, OSError) as fault:
                log.warning("change_feed_cut", fault=type(fault).__name__)
            pause = PAUSE_SECONDS_MIN if self.connected.is_set() else min(pause * 2, PAUSE_SECONDS_MAX)
            self.connected.clear()
            await asyncio.sleep(pause * random.uniform(0.5, 1.0))  # noqa: S311 - only spreads the load

    async def _listen_once(self) -> None:
        """Until the connection ends. Whoever watches looks again first: they may have missed something."""
        connection = await self._connect()
        try:
            ended = asyncio.Event()
            connection.add_termination_listener(lambda _: ended.set())
            for channel in CHANNELS:
                await connection.add_listener(channel, self._hear)
            self.connected.set()
            self._wake_all()
            await self._beat(connection, ended)
        finally:
            connection.terminate()

    async def _connect(self) -> asyncpg.Connection:
        credentials = configuration(self._url)["connections"]["default"]["credentials"]
        address = {name: credentials[name] for name in _ADDRESS if name in credentials}
        settings = {"application_name": "inspectpay changes"}
        return await asyncpg.connect(**address, timeout=CONNECT_SECONDS_MAX, server_settings=settings)

    async def _beat(self, connection: asyncpg.Connection, ended: asyncio.Event) -> None:
        while not ended.is_set():
            try:
                async with asyncio.timeout(HEARTBEAT_SECONDS):
                    await ended.wait()
            except TimeoutError:
                await connection.execute("SELECT 1", timeout=CONNECT_SECONDS_MAX)

    def _hear(self, _connection: object, _process: int, _channel: str, subject_id: str) -> None:
        for watch in self.watches.get(subject_id, ()):
            watch.wake()

    def _wake_all(self) -> None:
        for watches in self.watches.values():
            for watch in watches:
                watch.wake()
