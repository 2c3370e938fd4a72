"""Limits on tries: counted in Redis over fixed windows, and in this process while Redis is away."""

from dataclasses import dataclass, field

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from rules import clock
from rules.errors import RateLimited
from rules.links import digest

log = structlog.get_logger(__name__)

REMEMBERED_MAX = 10_000


@dataclass(slots=True)
class Throttle:
    """At most `tries_max` tries per name in `seconds`."""

    redis: Redis
    purpose: str
    tries_max: int
    seconds: int
    _local: dict[str, int] = field(default_factory=dict)

    async def count(self, name: str) -> None:
        """Count one try. Raises RateLimited when it is one too many."""
        if await self._tries(name) > self.tries_max:
            raise self._refusal()

    async def refuse_if_spent(self, name: str) -> None:
        """Raises RateLimited when the tries are spent, without counting one."""
        if await self._spent(name) >= self.tries_max:
            raise self._refusal()

    def _refusal(self) -> RateLimited:
        wait = self.seconds - int(clock.now().timestamp()) % self.seconds
        return RateLimited(f"Too many tries; try again in {wait} seconds.", retry_after_seconds=wait)

    def _key(self, name: str) -> str:
        window = int(clock.now().timestamp()) // self.seconds
        return f"tries:{self.purpose}:{digest(name)}:{window}"

    async def _tries(self, name: str) -> int:
        key = self._key(name)
        try:
            async with self.redis.pipeline(transaction=True) as pipeline:
                pipeline.incr(key)
                pipeline.expire(key, self.seconds)
                tries, _ = await pipeline.execute()
                return int(tries)
        except (RedisError, OSError) as fault:
            log.warning("throttle_without_redis", purpose=self.purpose, fault=type(fault).__name__)
            if len(self._local) >= REMEMBERED_MAX:
                self._local.clear()
            self._local[key] = self._local.get(key, 0) + 1
            return self._local[key]

    async def _spent(self, name: str) -> int:
        key = self._key(name)
        try:
            return int(await self.redis.get(key) or 0)
        except (RedisError, OSError):
            return self._local.get(key, 0)
