"""Limits on failures: counted in Redis over windows that begin with the first, in this process while Redis is away."""

import asyncio
import random
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import timedelta
from math import ceil
from typing import Any, Final, TypeVar

import structlog
from limits import RateLimitItem, RateLimitItemPerMinute, RateLimitItemPerSecond
from limits.aio.storage import MemoryStorage, RedisStorage, Storage
from redis.asyncio import Redis
from redis.exceptions import RedisError

from rules.errors import RateLimited, Unauthenticated
from rules.limits import SIGN_IN_FAILURES_IN_ALL_MAX, SIGN_IN_FAILURES_MAX, SIGN_IN_WINDOW
from rules.links import digest

log = structlog.get_logger(__name__)

_WINDOW_MINUTES: Final = SIGN_IN_WINDOW // timedelta(minutes=1)

SIGN_IN_FAILURES: Final = {
    "address": RateLimitItemPerMinute(SIGN_IN_FAILURES_IN_ALL_MAX, _WINDOW_MINUTES, "sign-in-address"),
    "account": RateLimitItemPerMinute(SIGN_IN_FAILURES_IN_ALL_MAX, _WINDOW_MINUTES, "sign-in-account"),
    "account from address": RateLimitItemPerMinute(SIGN_IN_FAILURES_MAX, _WINDOW_MINUTES, "sign-in"),
}
"""Of one account from one address, of one account, and from one address."""

LINK_FAILURES: Final = RateLimitItemPerMinute(30, 1, "link")
"""From one address."""

PENDING_SECONDS_MAX: Final = 60
"""After which a try that was never ended, because its process died, is forgotten; longer than any mutation runs."""

TURN_SECONDS_MAX: Final = 2.0
"""How long a try waits for others under way, which take the places that may yet turn out to be failures."""

PAUSE_SECONDS: Final = 0.05
REDIS_PAUSE_SECONDS: Final = 5.0
"""How long Redis is left alone after it did not answer, so that not every try waits for it."""

REMEMBERED_MAX: Final = 10_000
"""Names that one process counts while Redis is away; further ones are refused, as if they had no tries left."""

Answer = TypeVar("Answer")


class Counters:
    """Counts under names, shared by all processes as long as Redis answers. Names are kept as digests."""

    def __init__(self, redis: Redis) -> None:
        shared: Any = {"connection_pool": redis.connection_pool}  # Typed for plain values; it takes a pool as well.
        self._shared = RedisStorage("async+redis://", implementation="redispy", key_prefix="limits", **shared)
        self._local = MemoryStorage()
        self._alone_until = 0.0

    async def add(self, limit: RateLimitItem, name: str, amount: int = 1) -> int:
        """The count after adding; it is forgotten when the limit's time is over, counted from when it was nothing."""
        key = limit.key_for(digest(name))

        async def incr(storage: Storage) -> int:
            if storage is self._local and amount > 0 and self._is_full(key):
                return sys.maxsize
            return await storage.incr(key, limit.get_expiry(), amount)

        return await self._ask(incr)

    async def count(self, limit: RateLimitItem, name: str) -> int:
        """The count now."""
        return await self._ask(lambda storage: storage.get(limit.key_for(digest(name))))

    async def clear(self, limit: RateLimitItem, name: str) -> None:
        """Begin at nothing again."""
        await self._ask(lambda storage: storage.clear(limit.key_for(digest(name))))

    async def seconds_left(self, limit: RateLimitItem, name: str) -> int:
        """Until the count is forgotten; at least 1."""
        ends = await self._ask(lambda storage: storage.get_expiry(limit.key_for(digest(name))))
        return max(1, ceil(ends - time.time()))

    def _is_full(self, key: str) -> bool:
        return len(self._local.expirations) >= REMEMBERED_MAX and key not in self._local.expirations

    async def _ask(self, ask: Callable[[Storage], Awaitable[Answer]]) -> Answer:
        if time.monotonic() >= self._alone_until:
            try:
                return await ask(self._shared)
            except (RedisError, OSError) as fault:
                self._alone_until = time.monotonic() + REDIS_PAUSE_SECONDS
                log.warning("throttle_without_redis", fault=type(fault).__name__)
        return await ask(self._local)


class FailureLimit:
    """At most so many failures per name in a while.

    What is under way takes a place until it is known how it ended, so that guessing side by side is no way around.
    """

    def __init__(self, counters: Counters, failures: RateLimitItem) -> None:
        self.counters = counters
        self.failures = failures
        self.pending = RateLimitItemPerSecond(failures.amount, PENDING_SECONDS_MAX, f"{failures.namespace}-pending")

    async def take(self, name: str) -> bool:
        """Take a place, if one is free.

        The failures are read after the place is taken, and noted before it is given back: whoever looks meanwhile
        counts a try twice rather than not at all.
        """
        taken = await self.counters.add(self.pending, name)
        if taken + await self.counters.count(self.failures, name) <= self.failures.amount:
            return True
        await self.give_back(name)
        return False

    async def give_back(self, name: str) -> None:
        """Give a place back. Safe where it was forgotten meanwhile."""
        if await self.counters.add(self.pending, name, -1) < 0:
            await self.counters.clear(self.pending, name)

    async def note(self, name: str) -> bool:
        """Count one failure; whether that is one too many."""
        return await self.counters.add(self.failures, name) > self.failures.amount

    async def seconds_to_wait(self, name: str) -> int:
        """How long nothing more is allowed under this name; 0 when something is."""
        if await self.counters.count(self.failures, name) < self.failures.amount:
            return 0
        return await self.counters.seconds_left(self.failures, name)


class SignInLimits:
    """Guards sign-ins: a stranger who guesses is refused, and the account's owner elsewhere is not."""

    def __init__(self, counters: Counters) -> None:
        self.limits = {by: FailureLimit(counters, failures) for by, failures in SIGN_IN_FAILURES.items()}

    @asynccontextmanager
    async def guard(self, *, account: str, address: str) -> AsyncIterator[None]:
        """Around one try, which fails by raising Unauthenticated. Raises RateLimited instead of letting it begin."""
        names = {"address": address, "account": account, "account from address": f"{address} {account}"}
        places = [(limit, names[by]) for by, limit in self.limits.items()]
        await _take_turn(places)
        try:
            yield
        except Unauthenticated:
            for limit, name in places:
                await limit.note(name)
            raise
        finally:
            for limit, name in places:
                await limit.give_back(name)


class LinkLimit:
    """Slows down whoever guesses links; good ones are followed without looking here."""

    def __init__(self, counters: Counters) -> None:
        self.limit = FailureLimit(counters, LINK_FAILURES)

    async def note_failure(self, address: str) -> None:
        """Count a link that was not good. Raises RateLimited when it is one too many."""
        if await self.limit.note(address):
            raise _refusal(await self.limit.seconds_to_wait(address))


Places = list[tuple[FailureLimit, str]]


async def _take_turn(places: Places) -> None:
    """Take every place, after others if need be. Raises RateLimited when failures are spent, or it takes too long."""
    ends = time.monotonic() + TURN_SECONDS_MAX
    while not await _take_all(places):
        if spent := max([await limit.seconds_to_wait(name) for limit, name in places]):
            raise _refusal(spent)
        if time.monotonic() >= ends:
            raise _refusal(1)
        await asyncio.sleep(random.uniform(1, 2) * PAUSE_SECONDS)  # noqa: S311 - only spreads load


async def _take_all(places: Places) -> bool:
    """Every place or none."""
    for index, (limit, name) in enumerate(places):
        if not await limit.take(name):
            for taken, its_name in places[:index]:
                await taken.give_back(its_name)
            return False
    return True


def _refusal(wait: int) -> RateLimited:
    unit = "second" if wait == 1 else "seconds"
    return RateLimited(f"Too many tries; try again in {wait} {unit}.", retry_after_seconds=wait)
