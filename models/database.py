"""How the process reaches PostgreSQL: Tortoise's configuration, start-up and migrations."""

from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from functools import cache
from pkgutil import iter_modules
from typing import Any

from tortoise import Tortoise, connections
from tortoise.backends.base.config_generator import expand_db_url
from tortoise.migrations.executor import MigrationExecutor

from models import migrations
from models.asyncpg_pool import Client

MIGRATION_LOCK = 7_251_940_113
"""The advisory lock that lets one process migrate at a time: concurrent migrations of Tortoise fail."""


def configuration(url: str, *, pool_size: int = 8) -> dict[str, Any]:
    """Tortoise's configuration for the database at `url` (postgres://…). Any: it is as Tortoise has it, nested."""
    credentials = expand_db_url(url.replace("postgresql://", "postgres://", 1))["credentials"]
    credentials |= {"minsize": 1, "maxsize": pool_size, "application_name": "inspectpay"}
    return {
        "connections": {"default": {"engine": "models.asyncpg_pool", "credentials": credentials}},
        "apps": {"models": {"models": ["models"], "default_connection": "default", "migrations": "models.migrations"}},
        "use_tz": True,
        "timezone": "UTC",
    }


MIGRATIONS = configuration("postgres://nobody@localhost/unused")
"""What `tortoise makemigrations` reads: it compares models with migrations and never connects."""


@asynccontextmanager
async def database(url: str, *, pool_size: int = 8, on_commit: Callable[[], None] | None = None) -> AsyncIterator[None]:
    """Tortoise, connected for as long as the block runs, also for tasks that were started before.

    `on_commit` is called after each transaction that this process commits: no statement outside of one counts.
    """
    await Tortoise.init(config=configuration(url, pool_size=pool_size), _enable_global_fallback=True)
    client = connections.get("default")
    assert isinstance(client, Client)
    client.on_commit = on_commit
    try:
        yield
    finally:
        await Tortoise.close_connections()


async def migrate() -> None:
    """Bring the schema up to date; safe to call from several processes at once."""
    client = connections.get("default")
    async with client.acquire_connection() as lock:
        await lock.execute("SET statement_timeout = 0; SET lock_timeout = '60s'")
        await lock.execute("SELECT pg_advisory_lock($1)", MIGRATION_LOCK)
        try:
            await MigrationExecutor(client, MIGRATIONS["apps"]).migrate()
        finally:
            await lock.execute("SELECT pg_advisory_unlock($1)", MIGRATION_LOCK)
            await lock.execute("RESET ALL")


async def missing_migrations() -> list[str]:
    """The names of migrations that this code has and the database has not. One that is ahead of the code has all."""
    client = connections.get("default")
    there = await client.execute_query_dict("SELECT to_regclass('tortoise_migrations') IS NOT NULL AS migrated")
    if not there[0]["migrated"]:
        return _known_migrations()
    rows = await client.execute_query_dict("SELECT name FROM tortoise_migrations WHERE app = 'models'")
    applied = {row["name"] for row in rows}
    return [name for name in _known_migrations() if name not in applied]


@cache
def _known_migrations() -> list[str]:
    return sorted(module.name for module in iter_modules(migrations.__path__))


async def ping() -> None:
    """Raises unless the database answers."""
    await connections.get("default").execute_query("SELECT 1")
