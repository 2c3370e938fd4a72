"""Nudges through Valkey: that something was committed, told to every process that watches. None has to arrive."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import Final

import structlog
from redis.asyncio import Redis
from redis.asyncio.client import PubSub
from redis.exceptions import RedisError

CHANNEL: Final = "inspectpay:changes"

SILENCE_SECONDS_MAX: Final = 15.0
"""After as long without a nudge Valkey is asked whether it is there, and after as long again taken for gone."""

RETRY_SECONDS: Final = 1.0
"""After a fault; the change feed is read as often without any nudge."""

log = structlog.get_logger(__name__)


class ChangeNudges:
    """Sends nudges without making anybody wait for them, and passes on those of all processes."""

    def __init__(self, redis: Redis) -> None:
        self._redis = redis
        self._owed = asyncio.Event()

    def nudge(self) -> None:
        """Tell everybody soon that something was committed; commits that come close together are told of once."""
        self._owed.set()

    @asynccontextmanager
    async def sending(self) -> AsyncIterator[None]:
        """Send what `nudge` asks for, for as long as the block runs."""
        sender = asyncio.create_task(self._send(), name="change-nudges")
        try:
            yield
        finally:
            sender.cancel()
            with contextlib.suppress(asyncio.CancelledError):
                await sender

    async def _send(self) -> None:
        is_away = False
        while True:
            await self._owed.wait()
            self._owed.clear()
            try:
                await self._redis.publish(CHANNEL, b"")
                is_away = False
            except (RedisError, OSError) as fault:
                if not is_away:
                    log.warning("nudge_failed", fault=type(fault).__name__)
                is_away = True
                await asyncio.sleep(RETRY_SECONDS)

    async def listen(self, hear: Callable[[], None]) -> None:
        """Call `hear` at each nudge, for as long as this is awaited, also when Valkey is away for a while."""
        is_away = False
        while True:
            try:
                async with self._redis.pubsub() as subscribed:
                    await subscribed.subscribe(CHANNEL)
                    is_away = False
                    while await _is_there(subscribed):
                        hear()
            except (RedisError, OSError) as fault:
                if not is_away:
                    log.warning("nudges_cut", fault=type(fault).__name__)
                is_away = True
            await asyncio.sleep(RETRY_SECONDS)


async def _is_there(subscribed: PubSub) -> bool:
    """Wait for a message; for a pong, if none comes. False when neither did."""
    if await subscribed.get_message(timeout=SILENCE_SECONDS_MAX):
        return True
    await subscribed.ping()
    return await subscribed.get_message(timeout=SILENCE_SECONDS_MAX) is not None
