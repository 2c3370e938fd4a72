"""Running plans: requests that wait go out together, and one that fails does so alone."""

import asyncio
from collections.abc import AsyncIterator

import asyncpg
import pytest
from graphql import parse

from graphql_server.reads import Busy, CallerUnknown, Plan, Pool, PoolOptions, answer
from tests.graphql_server.reads.shop import CONTEXT, Shop, outcome

DIVIDE = Plan(
    sql="select (100 / $1::int)::text",
    batch="select asked.number, (100 / asked.p1)::text from unnest($1::int[]) with ordinality asked(p1, number)",
    values=(),
    faults=(),
    holes=(),
)
SLEEP = Plan(sql="select pg_sleep($1::float8)::text || 'slept'", batch=None, values=(), faults=(), holes=())
WHO = Plan(sql="select pg_backend_pid()::text", batch=None, values=(), faults=(), holes=())
ORDER = "query ($id: ID!) { order(id: $id) { number note lines { title } receiptUrl } }"


@pytest.fixture
async def pool(bookshop_url: str) -> AsyncIterator[Pool]:
    """One connection."""
    async with Pool(bookshop_url, PoolOptions(size=1, wait_seconds_max=2, statement_seconds_max=0.5)) as opened:
        yield opened


async def test_waiting_requests_of_a_plan_go_out_as_one_statement(shop: Shop, pool: Pool) -> None:
    """Each gets its own answer, with its own errors and holes, the same as alone; the revoked one is refused."""
    staff = shop.callers()[0]
    operation = shop.reads.operation(parse(ORDER), None, "STAFF")
    requests = [operation.request({"id": shop.id_of("Order", order["id"])}) for order in shop.rows.orders]
    assert len({request.plan for request in requests}) == 1
    good, revoked = shop.credentials(staff), shop.credentials(staff, revoked=True)
    asked = [answer(request, pool, good, CONTEXT) for request in requests]
    *found, refused = await asyncio.gather(*asked, answer(requests[0], pool, revoked), return_exceptions=True)
    alone = [await answer(request, shop.pool, good, CONTEXT) for request in requests]
    answered = [outcome(one) for one in found if not isinstance(one, BaseException)]
    assert answered == [outcome(one) for one in alone]
    assert isinstance(refused, CallerUnknown)
    assert pool.counts.requests == len(requests) + 1
    assert pool.counts.statements < len(requests) / 4


async def test_a_failing_request_fails_alone(pool: Pool) -> None:
    """One bad value among those that went out together spoils no other answer."""
    values = [1, 2, 0, 4, 5]
    found = await asyncio.gather(*(pool.run(DIVIDE, [value]) for value in values), return_exceptions=True)
    assert found[:2] == ["100", "50"]
    assert isinstance(found[2], asyncpg.DivisionByZeroError)
    assert found[3:] == ["25", "20"]


async def test_lists_go_one_at_a_time(shop: Shop) -> None:
    """A page has no batch, and neither has a statement that takes an array."""
    assert shop.request("{ orders(first: 1) { nodes { id } } }").plan.batch is None
    assert shop.request("{ ordersById(ids: []) { id } }").plan.batch is None
    assert shop.request("{ turnover { amount } }").plan.batch is not None


async def test_whoever_waits_too_long_is_told_so(bookshop_url: str) -> None:
    """Waiting has an end; the connection serves the next request."""
    async with Pool(bookshop_url, PoolOptions(size=1, wait_seconds_max=0.05)) as pool:
        sleeping = asyncio.create_task(pool.run(SLEEP, [0.3]))
        await asyncio.sleep(0)
        with pytest.raises(Busy):
            await pool.run(SLEEP, [0.0])
        assert await sleeping == "slept"
        assert await pool.run(SLEEP, [0.0]) == "slept"


async def test_a_statement_that_takes_too_long_is_stopped(pool: Pool) -> None:
    """PostgreSQL ends it, and the connection stays."""
    before = await pool.run(WHO, [])
    with pytest.raises(asyncpg.QueryCanceledError):
        await pool.run(SLEEP, [5.0])
    assert await pool.run(WHO, []) == before


async def test_a_request_that_is_given_up_harms_nobody(pool: Pool) -> None:
    """A cancelled request gives its place back, whether it was running or waiting."""
    running = asyncio.create_task(pool.run(SLEEP, [0.4]))
    await asyncio.sleep(0.05)
    waiting = asyncio.create_task(pool.run(SLEEP, [0.0]))
    await asyncio.sleep(0)
    waiting.cancel()
    running.cancel()
    for task in (running, waiting):
        with pytest.raises(asyncio.CancelledError):
            await task
    assert await asyncio.gather(*(pool.run(DIVIDE, [value]) for value in (1, 2, 4))) == ["100", "50", "25"]


async def test_a_lost_connection_is_opened_again(pool: Pool, bookshop_url: str) -> None:
    """A restart of PostgreSQL costs no request that comes after it."""
    lost = await pool.run(WHO, [])
    other = await asyncpg.connect(bookshop_url)
    await other.execute("select pg_terminate_backend($1::int)", int(lost or 0))
    await other.close()
    async with asyncio.timeout(5):
        while not pool._links[0].is_lost:  # noqa: ASYNC110 - asyncpg tells nobody.
            await asyncio.sleep(0.01)
    assert await pool.run(WHO, []) != lost


async def test_a_connection_that_ended_unnoticed_costs_nothing(pool: Pool, bookshop_url: str) -> None:
    """What was sent to a connection that is gone by then is sent again, on a new one."""
    lost = await pool.run(WHO, [])
    link = pool._links[0]
    assert link._connection is not None
    link._connection.terminate()
    assert await pool.run(WHO, []) != lost
    running = asyncio.create_task(pool.run(SLEEP, [0.3]))
    await asyncio.sleep(0.1)
    other = await asyncpg.connect(bookshop_url)
    await other.execute("select pg_terminate_backend(pid) from pg_stat_activity where query like 'select pg_sleep%'")
    await other.close()
    assert await running == "slept"


async def test_nothing_is_written_through_these_connections(pool: Pool) -> None:
    """They are read-only, whatever a declaration says."""
    writing = Plan("delete from orders returning ''", None, (), (), ())
    with pytest.raises(asyncpg.ReadOnlySQLTransactionError):
        await pool.run(writing, [])
