"""What a process holds while it runs: database, Redis, Stripe and SMTP, built from settings in one place."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from arq.connections import ArqRedis, RedisSettings
from redis.asyncio import ConnectionPool

from app.settings import Settings
from gateways.change_nudges import ChangeNudges
from gateways.job_queue import deserialize, serialize
from gateways.smtp import Mailer
from gateways.stripe import StripeGateway
from gateways.stripe_connection import stripe_gateway
from gateways.stripe_rate_limits import StripeRateLimits, per_second_of
from graphql_server.reads import Pool, PoolOptions
from models.database import database

REDIS_TIMEOUT_SECONDS = 2


@dataclass(frozen=True, slots=True)
class Resources:
    """The connections of one process, and the settings they were made from."""

    settings: Settings
    redis: ArqRedis
    nudges: ChangeNudges
    stripe: StripeGateway
    mailer: Mailer
    reading: Pool


def redis_settings(settings: Settings) -> RedisSettings:
    """How arq reaches Redis."""
    found = RedisSettings.from_dsn(settings.redis_url.get_secret_value())
    found.conn_timeout = REDIS_TIMEOUT_SECONDS
    found.conn_retries = 1
    return found


@asynccontextmanager
async def resources(settings: Settings, *, background: bool = False) -> AsyncIterator[Resources]:
    """Everything connected for as long as the block runs. Redis may be away: nothing's correctness rests on it.

    For `background` work, which leaves a part of Stripe's rate limits to people who wait.
    """
    key = settings.stripe_api_key.get_secret_value()
    per_second = settings.stripe_requests_per_second or per_second_of(key)
    async with (
        _redis(settings) as redis,
        _nudges(redis) as nudges,
        database(
            settings.database_url.get_secret_value(), pool_size=settings.database_pool_size, on_commit=nudges.nudge
        ),
        stripe_gateway(
            key,
            base_url=settings.stripe_base_url,
            limits=StripeRateLimits(redis, per_second=per_second, background=background),
        ) as stripe,
        Pool(settings.database_url.get_secret_value(), PoolOptions(size=settings.reading_pool_size)) as reading,
    ):
        mailer = Mailer(settings.smtp_server)
        yield Resources(settings=settings, redis=redis, nudges=nudges, stripe=stripe, mailer=mailer, reading=reading)


@asynccontextmanager
async def _nudges(redis: ArqRedis) -> AsyncIterator[ChangeNudges]:
    """What tells every process after each commit of this one that the change feed has news."""
    nudges = ChangeNudges(redis)
    async with nudges.sending():
        yield nudges


@asynccontextmanager
async def _redis(settings: Settings) -> AsyncIterator[ArqRedis]:
    """A client that connects when it is first used, so that a process starts, and answers, while Redis is away."""
    pool: ConnectionPool = ConnectionPool.from_url(
        settings.redis_url.get_secret_value(),
        socket_connect_timeout=REDIS_TIMEOUT_SECONDS,
        socket_timeout=REDIS_TIMEOUT_SECONDS,
    )
    redis = ArqRedis(pool, job_serializer=serialize, job_deserializer=deserialize)
    try:
        yield redis
    finally:
        await redis.aclose()
        await pool.aclose()
