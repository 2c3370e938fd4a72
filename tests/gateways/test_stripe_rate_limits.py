"""How fast we ask Stripe, all processes together."""

import asyncio
import time
from collections.abc import AsyncIterator

import pytest
from redis.asyncio import Redis

from gateways.stripe import StripeRateLimited
from gateways.stripe_connection import stripe_gateway
from gateways.stripe_rate_limits import (
    ENDPOINT_PER_SECOND,
    LIVE_PER_SECOND,
    SANDBOX_PER_SECOND,
    StripeRateLimits,
    endpoint_of,
    per_second_of,
    retry_after_seconds,
)
from tests.sandbox_servers import Servers

ONE = "GET /v1/checkout/sessions/{id}"


@pytest.fixture
async def redis(servers: Servers) -> AsyncIterator[Redis]:
    client = Redis.from_url(servers.redis_url)
    await client.flushdb()
    yield client
    await client.aclose()


async def granted(*limits: StripeRateLimits, seconds: float, account: str = "acct_1", endpoint: str = ONE) -> int:
    """How many calls are made in that time by callers who never rest."""
    ends, made = time.monotonic() + seconds, 0

    async def call(limit: StripeRateLimits) -> None:
        nonlocal made
        while time.monotonic() < ends:
            if await limit.wait(account, endpoint) == 0 and time.monotonic() < ends:
                made += 1

    await asyncio.gather(*(call(limit) for limit in limits for _ in range(10)))
    return made


async def test_two_processes_share_the_limit_of_an_endpoint(redis: Redis) -> None:
    """Together they make no more calls in a second than Stripe allows, and nearly as many."""
    limits = [StripeRateLimits(redis, per_second=LIVE_PER_SECOND) for _ in range(2)]
    made = await granted(*limits, seconds=1.0)
    assert ENDPOINT_PER_SECOND * 0.6 <= made <= ENDPOINT_PER_SECOND


async def test_all_endpoints_of_an_account_share_its_limit(redis: Redis) -> None:
    limits = StripeRateLimits(redis, per_second=SANDBOX_PER_SECOND)
    made = await asyncio.gather(*(granted(limits, seconds=1.0, endpoint=f"GET /v1/{n}") for n in range(4)))
    assert sum(made) <= SANDBOX_PER_SECOND


async def test_accounts_have_limits_of_their_own(redis: Redis) -> None:
    limits = StripeRateLimits(redis, per_second=SANDBOX_PER_SECOND)
    made = await asyncio.gather(*(granted(limits, seconds=1.0, account=f"acct_{n}") for n in range(4)))
    assert sum(made) > SANDBOX_PER_SECOND


async def test_background_work_leaves_room_for_people_who_wait(redis: Redis) -> None:
    worker = StripeRateLimits(redis, per_second=LIVE_PER_SECOND, background=True)
    api = StripeRateLimits(redis, per_second=LIVE_PER_SECOND)
    busy = asyncio.create_task(granted(worker, seconds=1.0))
    await asyncio.sleep(0.5)
    started = time.monotonic()
    assert await api.wait("acct_1", ONE) == 0
    assert time.monotonic() - started < 0.2
    await busy


async def test_without_valkey_each_process_keeps_the_limit_for_itself() -> None:
    redis = Redis(host="127.0.0.1", port=1)
    made = await granted(StripeRateLimits(redis, per_second=LIVE_PER_SECOND), seconds=1.0)
    assert ENDPOINT_PER_SECOND * 0.6 <= made <= ENDPOINT_PER_SECOND


async def test_nobody_asks_before_a_429_says_so(redis: Redis, servers: Servers) -> None:
    """Not another process either, and not for another endpoint; other accounts are asked."""
    account = await servers.stripe.ready_account()
    mine, others = (StripeRateLimits(redis, per_second=10_000) for _ in range(2))
    await servers.stripe.control("faults", method="DELETE")
    await servers.stripe.control("faults", match="GET /v1/refunds", kind="status", value=429, count=1)
    async with stripe_gateway("sk_test_inspectpay", base_url=servers.stripe.url, limits=mine) as stripe:
        with pytest.raises(StripeRateLimited):
            await stripe.list_refunds("pi_1", account_id=account)
    started = time.monotonic()
    assert await others.wait(account, ONE) == 0
    assert time.monotonic() - started > 0.5
    await others.pause("acct_2", 5)
    assert 4 < await mine.wait("acct_2", ONE) <= 5
    assert await mine.wait("acct_3", ONE) == 0


def test_objects_of_one_kind_are_one_endpoint() -> None:
    """As Stripe counts them."""
    assert endpoint_of("get", "https://api.stripe.com/v1/checkout/sessions/cs_test_a1?expand[]=x") == ONE
    assert endpoint_of("post", "http://localhost:1/v1/refunds") == "POST /v1/refunds"


@pytest.mark.parametrize(("said", "seconds"), [({"retry-after": "3"}, 3), ({}, 1), ({"retry-after": "x"}, 1)])
def test_retry_after_says_how_long(said: dict[str, str], seconds: float) -> None:
    assert retry_after_seconds(said) == seconds
    assert retry_after_seconds({"retry-after": "86400"}) == 60


def test_the_limit_follows_from_the_key() -> None:
    assert (per_second_of("sk_live_x"), per_second_of("rk_test_x")) == (LIVE_PER_SECOND, SANDBOX_PER_SECOND)
