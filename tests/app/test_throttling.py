"""Counting failures: what holds in one process, with and without Redis, whatever happens at the same time."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
from limits import RateLimitItemPerMinute
from redis.asyncio import Redis

from app import throttling
from app.resources import Resources
from app.throttling import Counters, FailureLimit
from tests.sandbox_servers import Servers

FIVE = RateLimitItemPerMinute(5, 15, "test")


AWAY = "redis://127.0.0.1:1/0"


@asynccontextmanager
async def counting(url: str) -> AsyncIterator[Counters]:
    """Counters at that Redis."""
    redis = Redis.from_url(url)
    yield Counters(redis)
    await redis.aclose(close_connection_pool=True)


@pytest.fixture(params=["there", "away"])
async def counters(servers: Servers, held: Resources, request: pytest.FixtureRequest) -> AsyncIterator[Counters]:
    """On Redis, and where Redis does not answer."""
    await held.redis.flushdb()
    async with counting(servers.redis_url if request.param == "there" else AWAY) as found:
        yield found


@pytest.fixture
async def alone() -> AsyncIterator[Counters]:
    """Where Redis does not answer."""
    async with counting(AWAY) as found:
        yield found


async def test_places_and_failures_together_never_exceed_the_limit(counters: Counters) -> None:
    """Of many tries at once at most five are let in, and a place given back without a failure is free again."""
    limit = FailureLimit(counters, FIVE)
    let_in = [taken for taken in await asyncio.gather(*(limit.take("name") for _ in range(50))) if taken]
    assert 1 <= len(let_in) <= 5
    for _ in let_in:
        await limit.give_back("name")
    assert [await limit.take("name") for _ in range(6)] == [True] * 5 + [False]
    for _ in range(3):
        await limit.note("name")
        await limit.give_back("name")
    for _ in range(2):
        await limit.give_back("name")
    assert [await limit.take("name") for _ in range(3)] == [True, True, False]
    assert await limit.seconds_to_wait("name") == 0


async def test_giving_back_what_was_forgotten_frees_nothing(counters: Counters) -> None:
    """A place whose time was over when it came back does not make room for one more."""
    limit = FailureLimit(counters, FIVE)
    for _ in range(3):
        await limit.give_back("name")
    assert [await limit.take("name") for _ in range(6)] == [True] * 5 + [False]


async def test_the_wait_is_until_the_first_failure_is_forgotten(counters: Counters) -> None:
    """Who has failed too often is told of the whole seconds that are left of the quarter of an hour."""
    limit = FailureLimit(counters, FIVE)
    assert [await limit.note("name") for _ in range(6)] == [False] * 5 + [True]
    assert 895 <= await limit.seconds_to_wait("name") <= 900
    assert await limit.seconds_to_wait("other") == 0


async def test_without_redis_a_flood_of_names_closes_rather_than_opens(
    alone: Counters, monkeypatch: pytest.MonkeyPatch
) -> None:
    """When a process can remember no more names it refuses new ones, and forgets none that it knows."""
    monkeypatch.setattr(throttling, "REMEMBERED_MAX", 20)
    limit = FailureLimit(alone, FIVE)
    for _ in range(5):
        await limit.note("known")
    for n in range(100):
        await limit.note(f"name {n}")
    assert await limit.take("known") is False
    assert await limit.take("new") is False


async def test_redis_that_is_away_is_not_asked_for_every_try(alone: Counters, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Redis that hangs costs one try its patience, and the next ones nothing."""
    asked = 0

    async def hang(*_: object) -> int:
        nonlocal asked
        asked += 1
        raise ConnectionError("no answer")

    monkeypatch.setattr(type(alone._shared), "incr", hang)
    assert [await alone.add(FIVE, "name") for _ in range(3)] == [1, 2, 3]
    assert asked == 1
