"""One connection to PostgreSQL for reading, which keeps the statements it has prepared.

Nothing of a session is ever set on it, so nothing needs to be reset between requests.
"""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from typing import Final, Protocol, TypeVar

import asyncpg

from graphql_server.reads.arguments import SqlValue
from graphql_server.reads.plans import Plan

Found = TypeVar("Found")

PREPARED_MAX: Final = 200
"""Statements kept by each connection; PostgreSQL holds a plan for each."""

CONNECT_SECONDS_MAX: Final = 5.0


@dataclass(frozen=True, slots=True)
class PoolOptions:
    """How many connections there are, and how long things may take, in seconds.

    Few are better than many: a statement keeps one core of PostgreSQL busy, and requests that wait share the next one.
    """

    size: int = 4
    wait_seconds_max: float = 2.0
    statement_seconds_max: float = 5.0
    batch_max: int = 16

    @property
    def session_settings(self) -> dict[str, str]:
        """Set when a connection is opened: plans that fit all values, read-only, in UTC."""
        return {
            "plan_cache_mode": "force_generic_plan",
            "jit": "off",
            "default_transaction_read_only": "on",
            "statement_timeout": f"{round(self.statement_seconds_max * 1000)}ms",
            "timezone": "UTC",
        }


class Prepared(Protocol):
    """A statement that PostgreSQL has parsed, as asyncpg gives it."""

    async def fetchval(self, *values: SqlValue) -> str | None: ...
    async def fetch(self, *values: Sequence[SqlValue]) -> Sequence[tuple[int, str]]: ...


class Link:
    """One connection. It is opened when it is first needed, and again after it was lost."""

    def __init__(self, url: str, options: PoolOptions) -> None:
        self._url = url
        self._settings = options.session_settings
        self._prepared: OrderedDict[str, Prepared] = OrderedDict()
        self._connection: asyncpg.Connection | None = None

    async def run(self, plan: Plan, values: Sequence[SqlValue]) -> str | None:
        """The statement's text; None when it gives no row."""
        return await self._again_if_lost(plan.sql, lambda statement: statement.fetchval(*values))

    async def run_batch(self, sql: str, batch: Sequence[Sequence[SqlValue]]) -> list[str | None]:
        """The text for each of several requests of one plan, in one statement."""
        columns = [[*column] for column in zip(*batch, strict=True)]
        texts = dict(await self._again_if_lost(sql, lambda statement: statement.fetch(*columns)))
        return [texts.get(number) for number in range(1, len(batch) + 1)]

    async def _again_if_lost(self, sql: str, run: Callable[[Prepared], Awaitable[Found]]) -> Found:
        """Reads may be repeated: where the connection had ended unnoticed, on a new one, once."""
        was_connected = self._connection is not None
        try:
            return await self._try(sql, run)
        except (asyncpg.PostgresConnectionError, asyncpg.AdminShutdownError, asyncpg.InterfaceError, OSError):
            if not (was_connected and self.is_lost):
                raise
        return await self._try(sql, run)

    async def _try(self, sql: str, run: Callable[[Prepared], Awaitable[Found]]) -> Found:
        try:
            return await run(await self._prepare(sql))
        except BaseException as error:
            self._drop_unless_usable(error)
            raise

    @property
    def is_lost(self) -> bool:
        """Whether there is no connection just now."""
        return self._connection is None or self._connection.is_closed()

    async def _prepare(self, sql: str) -> Prepared:
        connection = self._connection
        if connection is None or self.is_lost:
            connection = await self._connect()
        prepared = self._prepared.get(sql)
        if prepared is not None:
            self._prepared.move_to_end(sql)
            return prepared
        if len(self._prepared) >= PREPARED_MAX:
            self._prepared.popitem(last=False)  # asyncpg closes what nobody refers to.
        # Without asyncpg's own cache the statement would have no name, and be parsed and planned for every request.
        self._prepared[sql] = await connection.prepare(sql)
        return self._prepared[sql]

    async def _connect(self) -> asyncpg.Connection:
        self._prepared.clear()
        self._connection = await asyncpg.connect(self._url, server_settings=self._settings, timeout=CONNECT_SECONDS_MAX)
        return self._connection

    def _drop_unless_usable(self, error: BaseException) -> None:
        """A statement that PostgreSQL refused leaves the connection as it was; one that was broken off does not."""
        if not isinstance(error, asyncpg.PostgresError) and self._connection is not None:
            self._connection.terminate()

    async def close(self) -> None:
        """End the connection."""
        if self._connection is not None and not self.is_lost:
            await self._connection.close()
