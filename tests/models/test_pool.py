"""The pool of connections: bounded, and whole again after whatever was cancelled, refused or waited for."""

import asyncio
import os
import random
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any

import asyncpg
import pytest
from tortoise import connections
from tortoise.transactions import in_transaction

from models import Company, Inspection
from models.asyncpg_pool import ACQUIRE_SECONDS_MAX
from operations.ledger.inspection_ledger import lock_inspection
from operations.transactions import Busy, transaction
from rules.errors import Refusal
from sandbox import postgres
from tests.sandbox_servers import Servers
from tests.workers.processes import ROOT
from tests.world import Job, World, key_of

CANCELLATIONS = 500
AT_ONCE = 25


def pool() -> asyncpg.Pool:
    """The pool that all operations share."""
    return connections.get("default")._pool


def busy() -> int:
    """How many connections somebody holds."""
    return int(pool().get_size() - pool().get_idle_size())


@pytest.fixture(autouse=True)
async def _everything_is_given_back(world: World) -> AsyncIterator[None]:
    """After each test nobody holds a connection, and each one that is left works."""
    yield
    await asyncio.sleep(0)
    assert busy() == 0
    async with AsyncExitStack() as stack:
        for _ in range(pool().get_max_size()):
            connection = await stack.enter_async_context(pool().acquire())
            assert not connection.is_in_transaction()
            assert await connection.fetchval("SELECT 1") == 1


async def operations_on(world: World, job: Job) -> list[Callable[[], Awaitable[Any]]]:
    """Reads and writes of every kind, as requests make them."""
    api, entry = world.inspector, job.entry()
    return [
        lambda: api.run(
            "{ inspections(first: 5) { nodes { number people { person { name } } invoices { number } } } }"
        ),
        lambda: api.mutate(
            "addInvoice", "invoice { id }", inspectionId=job.id, inspectionPersonId=entry, fixedAmount="0.60"
        ),
        lambda: api.mutate("updateLineItem", "lineItem { id }", lineItemId=job.items[0], amount="9000.00"),
        lambda: api.mutate(
            "addInvoice", "invoice { id }", inspectionId=job.id, inspectionPersonId=entry, fixedAmount="-1"
        ),
        lambda: lock_and_wait(job),
    ]


@transaction
async def lock_and_wait(job: Job) -> None:
    await lock_inspection(key_of(job.id))
    await asyncio.sleep(random.uniform(0, 0.002))
    assert await Inspection.filter(id=key_of(job.id)).count() == 1


async def test_cancelling_at_any_moment_leaks_no_connection(world: World) -> None:
    job = await world.inspection("9000.00")
    chances, ended = random.Random(7), {"cancelled": 0, "done": 0}
    work = await operations_on(world, job)

    async def cancelled_somewhere() -> None:
        task = asyncio.ensure_future(chances.choice(work)())
        await asyncio.sleep(chances.uniform(0, 0.03))
        task.cancel()
        try:
            await task
            ended["done"] += 1
        except asyncio.CancelledError:
            ended["cancelled"] += 1
        except (Refusal, TimeoutError):
            ended["done"] += 1

    for _ in range(10_000):
        if ended["cancelled"] >= CANCELLATIONS:
            break
        await asyncio.gather(*(cancelled_somewhere() for _ in range(AT_ONCE)))
    assert ended["cancelled"] >= CANCELLATIONS
    await asyncio.sleep(0.1)
    assert busy() == 0


async def test_cancelling_while_a_transaction_begins_leaks_no_connection(world: World) -> None:
    async def begin() -> None:
        async with in_transaction():
            await Company.all().count()

    for turn in range(CANCELLATIONS):
        task = asyncio.ensure_future(begin())
        for _ in range(turn % 12):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    assert busy() == 0


async def test_failing_siblings_leak_no_connection(world: World) -> None:
    """graphql-core cancels the siblings of a non-null field that fails, wherever they are."""
    for _ in range(100):
        answer = await world.inspector.run(
            '{ bad: inspections(first: 5, after: "no cursor") { nodes { number } }'
            " a: inspections(first: 5) { totalCount nodes { number invoices { number payments { status } } } }"
            " b: payments(first: 5) { totalCount nodes { status } }"
            " c: people(first: 5) { totalCount nodes { name } } }"
        )
        assert answer.codes == ["INVALID_INPUT"]
    assert busy() == 0


async def test_a_connection_is_waited_for_two_seconds(world: World) -> None:
    assert ACQUIRE_SECONDS_MAX == 2
    loop = asyncio.get_running_loop()
    async with AsyncExitStack() as stack:
        for _ in range(pool().get_max_size()):
            await stack.enter_async_context(pool().acquire())
        started = loop.time()
        with pytest.raises(TimeoutError):
            await Company.all().count()
        with pytest.raises(TimeoutError):
            async with in_transaction():
                pass
        assert 3.9 < loop.time() - started < 5
        answer = await world.anybody.run("{ viewer { __typename } }")
        assert answer.data == {"viewer": None}, "what needs no database goes on"


async def test_a_row_that_stays_locked_makes_us_busy(world: World) -> None:
    job = await world.inspection()
    elsewhere = await asyncpg.connect(world.servers.database_url)
    try:
        await elsewhere.execute("BEGIN")
        await elsewhere.execute("SELECT 1 FROM inspections WHERE id = $1 FOR UPDATE", key_of(job.id))
        started = asyncio.get_running_loop().time()
        refused = await job.add_invoice("100.00")
        assert 1.9 < asyncio.get_running_loop().time() - started < 4
        assert refused.codes == ["BUSY"]
        assert "try again" in refused.messages[0]
        with pytest.raises(Busy):
            await lock_and_wait(job)
    finally:
        await elsewhere.close()
    assert (await job.add_invoice("100.00")).codes == []


async def test_a_statement_ends_after_five_seconds_and_an_idle_transaction_after_ten(world: World) -> None:
    rows = await connections.get("default").execute_query_dict(
        "SELECT name, setting FROM pg_settings WHERE name = ANY($1)",
        [["lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout", "TimeZone"]],
    )
    assert {row["name"]: row["setting"] for row in rows} == {
        "lock_timeout": "2000",
        "statement_timeout": "5000",
        "idle_in_transaction_session_timeout": "10000",
        "TimeZone": "UTC",
    }


async def test_processes_may_migrate_at_the_same_time(servers: Servers, worker_id: str) -> None:
    url = await asyncio.to_thread(postgres.create_database, servers.database_url, f"migrated_{worker_id}")
    environment = {"PATH": os.environ["PATH"], "DATABASE_URL": url}
    processes = [
        await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", "migrate", cwd=ROOT, env=environment, stderr=asyncio.subprocess.PIPE
        )
        for _ in range(3)
    ]
    ended = await asyncio.gather(*(process.communicate() for process in processes))
    assert [process.returncode for process in processes] == [0, 0, 0], ended
    connection = await asyncpg.connect(url)
    try:
        names = await connection.fetch("SELECT * FROM tortoise_migrations")
        assert len({row["name"] for row in names}) == len(names) >= 2
        assert await connection.fetchval("SELECT count(*) FROM invoices") == 0
    finally:
        await connection.close()
