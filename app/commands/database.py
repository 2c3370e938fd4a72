"""`migrate` and `company create`: commands that need nothing but the database."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import asyncpg

from app.addresses import checked_address
from app.commands.outcomes import fail, refuse
from app.secret_files import SecretFileUnusable, secret_of
from rules.errors import Refusal


@contextmanager
def database_url(data_dir: Path) -> Iterator[str]:
    """DATABASE_URL; without it, in a checkout, the embedded PostgreSQL of `data_dir`."""
    try:
        given = secret_of("DATABASE_URL")
    except SecretFileUnusable as unusable:
        refuse(str(unusable))
    if given:
        try:
            yield checked_address(given, "postgres", "postgresql")
        except ValueError as invalid:
            refuse(f"DATABASE_URL {invalid}.")
        return
    try:
        from sandbox import postgres, postgres_cluster
    except ModuleNotFoundError:
        refuse("DATABASE_URL is not set: PostgreSQL, as postgres://user:password@host/name.")
    try:
        with postgres.running(data_dir / "postgres") as url:
            yield url
    except postgres_cluster.PostgresDidNotStart as error:
        refuse(str(error))


def migrate(data_dir: Path) -> None:
    """Bring the database's schema up to date. Safe to repeat, and from several processes at once."""
    with database_url(data_dir) as url, unreachable_database_refused():
        asyncio.run(_migrate(url))
    print("The database is up to date.")


async def _migrate(url: str) -> None:
    from models import database

    async with database.database(url, pool_size=2):
        await database.migrate()


def check_migrations() -> None:
    """Fail unless the migrations make exactly the tables that the models describe. Needs no database."""
    missing = asyncio.run(_missing_operations())
    if missing:
        fail("The models have changed without a migration; run `tortoise makemigrations`:\n" + "\n".join(missing))
    print("Models and migrations agree.")


async def _missing_operations() -> list[str]:
    from tortoise import Tortoise
    from tortoise.migrations.autodetector import MigrationAutodetector

    from models.database import MIGRATIONS

    await Tortoise.init(config=MIGRATIONS, init_connections=False)
    assert Tortoise.apps is not None
    writers = await MigrationAutodetector(Tortoise.apps, MIGRATIONS["apps"]).changes()
    return [f"  {type(operation).__name__}: {_subject(operation)}" for w in writers for operation in w.operations]


def _subject(operation: object) -> str:
    named = [str(getattr(operation, part)) for part in ("model_name", "name") if getattr(operation, part, None)]
    return ".".join(named)


def create_company(
    data_dir: Path, *, name: str, currency: str, time_zone: str, owner_name: str, owner_email: str, owner_password: str
) -> None:
    """Found a company with its owner, who can then sign in."""
    from models.database import database
    from operations.identity.companies import CreateCompany, NewUser
    from operations.identity.companies import create_company as found

    async def create(url: str) -> str:
        async with database(url, pool_size=2):
            owner = NewUser(name=owner_name, email=owner_email, password=owner_password)
            return str(
                await found(CreateCompany(name=name, currency=currency.upper(), time_zone=time_zone, owner=owner))
            )

    with database_url(data_dir) as url, unreachable_database_refused():
        try:
            asyncio.run(create(url))
        except Refusal as refusal:
            refuse(refusal.message)
    print(f"Created {name}. {owner_email} can sign in now.")


@contextmanager
def unreachable_database_refused() -> Iterator[None]:
    """Turn what a driver says of a database that can't be used into a sentence; it never tells the address."""
    from tortoise.exceptions import BaseORMException

    try:
        yield
    except (OSError, asyncpg.PostgresError, asyncpg.InterfaceError, BaseORMException) as fault:
        if isinstance(fault.__cause__, asyncpg.UndefinedTableError) or "does not exist" in str(fault):
            refuse("The database has no tables yet, or old ones. Run `python -m app migrate` first.")
        broken = fault.__cause__ or fault
        if isinstance(broken, asyncpg.IntegrityConstraintViolationError):
            refuse(
                f"Rows of the table {broken.table_name} break its rule {broken.constraint_name}, so what was begun last"
                " was undone. Correct those rows, then run this again."
            )
        refuse(
            f"The database can't be used ({type(fault).__name__}). Is DATABASE_URL right, and is the server running?"
        )
