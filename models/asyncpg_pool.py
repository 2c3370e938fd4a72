"""Tortoise's asyncpg client with our bounds, without its leak on cancellation. The name tells Tortoise the dialect."""

import asyncio
from collections.abc import Callable
from typing import Any

import asyncpg
from asyncpg.pool import Pool, PoolAcquireContext
from tortoise.backends.asyncpg.client import AsyncpgDBClient, TransactionWrapper
from tortoise.backends.base.client import TransactionalDBClient, TransactionContext, TransactionContextPooled
from tortoise.connection import get_connections

from rules.errors import NoConnection

ACQUIRE_SECONDS_MAX = 2.0
"""How long a query waits for a free connection, before NoConnection is raised."""

SESSION_SETTINGS = {
    "lock_timeout": "2s",
    "statement_timeout": "5s",
    "idle_in_transaction_session_timeout": "10s",
    "timezone": "UTC",
}


class _Connection(asyncpg.connection.Connection):  # type: ignore[misc]
    def get_reset_query(self) -> str:
        """Nothing: we set no session state, and the default doubles the round trips of every query."""
        return ""


class _BoundedPool(Pool):  # type: ignore[misc]
    __slots__ = ()

    def acquire(self, *, timeout: float | None = None) -> PoolAcquireContext:
        return super().acquire(timeout=ACQUIRE_SECONDS_MAX if timeout is None else timeout)

    async def _acquire(self, timeout: float | None) -> asyncpg.Connection:  # noqa: ASYNC109 - asyncpg's own signature
        try:
            return await super()._acquire(timeout)
        except TimeoutError:
            raise NoConnection from None


class _Transaction(TransactionContextPooled):
    """Gives its connection back also when BEGIN fails or is cancelled; Tortoise 1.1.9 keeps it for ever."""

    async def __aenter__(self) -> TransactionalDBClient:
        await self.ensure_connection()
        pool = self.client._parent._pool
        self.client._connection = await pool.acquire()
        self.token = get_connections().set(self.connection_name, self.client)
        try:
            await self.client.begin()
        except BaseException:
            get_connections().reset(self.token)
            await asyncio.shield(pool.release(self.client._connection))
            raise
        return self.client

    async def __aexit__(self, exc_type: Any, exc_val: Any, exc_tb: Any) -> None:
        await super().__aexit__(exc_type, exc_val, exc_tb)
        parent = self.client._parent
        if exc_type is None and isinstance(parent, Client) and parent.on_commit is not None:
            parent.on_commit()


class Client(AsyncpgDBClient):
    """The client that `database.py` names as Tortoise's engine."""

    connection_class = _Connection

    on_commit: Callable[[], None] | None = None
    """Called after each transaction that is committed here."""

    async def create_pool(self, **options: Any) -> asyncpg.Pool:  # Any: Tortoise's own, passed on to asyncpg.
        options["server_settings"] = {**SESSION_SETTINGS, **options["server_settings"]}
        pool = _BoundedPool(
            connection_class=options.pop("connection_class"),
            record_class=asyncpg.Record,
            min_size=options.pop("min_size"),
            max_size=options.pop("max_size"),
            max_queries=50_000,
            loop=options.pop("loop"),
            connect=None,
            setup=None,
            init=None,
            reset=None,
            max_inactive_connection_lifetime=300.0,
            **options,
        )
        return await pool

    def _in_transaction(self) -> TransactionContext:
        return _Transaction(TransactionWrapper(self), self._pool_init_lock)


client_class = Client
