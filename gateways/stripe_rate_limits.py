"""Stripe's rate limits, kept by all processes together: a token bucket for each account, and each of its endpoints.

Stripe allows an account 100 requests a second in live mode and 25 in a sandbox, and 25 a second at each endpoint, where
`GET /v1/checkout/sessions/{id}` is one endpoint whatever the id; beyond, it answers 429
(https://docs.stripe.com/rate-limits, read in November 2026). Calls with `Stripe-Account` are made as that account; all
others are made as the platform, which has a bucket of its own. Stripe advises to keep background work to a part of the
maximum, so that a burst of it leaves room for people who pay.
"""

import asyncio
import re
from collections.abc import Mapping, Sequence
from time import monotonic
from typing import Final
from urllib.parse import urlsplit

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from gateways.metrics import STRIPE_LIMIT_LEFT, STRIPE_PUT_OFF

LIVE_PER_SECOND: Final = 100
SANDBOX_PER_SECOND: Final = 25
ENDPOINT_PER_SECOND: Final = 25

BURST: Final = 0.2
"""The part of a limit that may come at once; the rest is the steady rate, so that no second ever has more than all."""

BACKGROUND_BURST: Final = 0.5
"""How much of a burst background work may use up."""

WAIT_SECONDS_MAX: Final = 1.0
BACKGROUND_WAIT_SECONDS_MAX: Final = 0.25
"""How long a call waits for its turn. What workers ask keeps no place from other accounts: it is put off instead."""

RETRY_AFTER_SECONDS: Final = 1.0
RETRY_AFTER_SECONDS_MAX: Final = 60.0
"""After a 429 without `Retry-After`, which Stripe may leave out, and whatever it says."""

_KEY_PREFIX: Final = "inspectpay:stripe:"
_OBJECT_ID: Final = re.compile(r"/[a-z]+_[A-Za-z0-9_]+")

_TAKE: Final = """
local clock = redis.call('TIME')
local now = clock[1] * 1000 + clock[2] / 1000
local paused = redis.call('PTTL', KEYS[1])
if paused > 0 then return {tostring(paused), '0'} end
local next = {}
local wait, left = 0, 1
for i = 2, #KEYS do
  local interval, tolerance = tonumber(ARGV[2 * i - 3]), tonumber(ARGV[2 * i - 2])
  local due = math.max(tonumber(redis.call('GET', KEYS[i]) or now), now)
  wait = math.max(wait, due - now - tolerance)
  left = math.min(left, 1 - (due - now) / math.max(tolerance, 1))
  next[i] = {due + interval, due + interval - now}
end
if wait > 0 then return {tostring(wait), '0'} end
for i = 2, #KEYS do redis.call('SET', KEYS[i], tostring(next[i][1]), 'PX', math.ceil(next[i][2]) + 1000) end
return {'0', tostring(left)}
"""
"""Takes a token of every bucket or of none; answers after how many milliseconds there will be one of each, and which
part of the burst is left in the bucket that has least.

A bucket is the moment at which it is full again (the generic cell rate algorithm): one number. KEYS: the account's
pause, then the buckets; ARGV: for each its interval and its tolerance, in milliseconds.
"""

log = structlog.get_logger(__name__)


class StripeRateLimits:
    """Says when a call may be made. While Valkey is away, each process keeps the limits for itself."""

    def __init__(self, redis: Redis | None, *, per_second: int, background: bool = False) -> None:
        """`per_second` is what an account is allowed altogether; `background` work leaves a part of it to others."""
        self._redis = redis
        self._rates = (per_second, max(ENDPOINT_PER_SECOND, per_second // 4))
        self._burst = BACKGROUND_BURST if background else 1.0
        self._wait_seconds_max = BACKGROUND_WAIT_SECONDS_MAX if background else WAIT_SECONDS_MAX
        self._own: dict[str, float] = {}

    async def wait(self, account: str, endpoint: str) -> float:
        """Wait for the call's turn and return 0; or, where that would take too long, return how long, in seconds."""
        waited = 0.0
        while seconds := await self._take(account, endpoint):
            if waited + seconds > self._wait_seconds_max:
                STRIPE_PUT_OFF.inc()
                return seconds
            waited += seconds
            await asyncio.sleep(seconds)
        return 0.0

    async def pause(self, account: str, seconds: float) -> None:
        """Nobody calls as that account for so long: Stripe has said 429."""
        log.warning("stripe_rate_limited", account_id=account, seconds=seconds)
        self._own[f"pause:{account}"] = monotonic() + seconds
        if self._redis is not None:
            try:
                await self._redis.set(f"{_KEY_PREFIX}pause:{account}", "1", px=max(1, int(seconds * 1000)))
            except (RedisError, OSError) as fault:
                log.warning("stripe_limits_alone", fault=type(fault).__name__)

    async def _take(self, account: str, endpoint: str) -> float:
        """Take a token, or say after how many seconds there will be one."""
        buckets = [f"account:{account}", f"endpoint:{account}:{endpoint}"]
        if self._redis is not None:
            try:
                return await self._take_together(account, buckets)
            except (RedisError, OSError) as fault:
                log.warning("stripe_limits_alone", fault=type(fault).__name__)
        return self._take_alone(account, buckets)

    async def _take_together(self, account: str, buckets: Sequence[str]) -> float:
        assert self._redis is not None, "asked for where there is one"
        keys = [f"{_KEY_PREFIX}{name}" for name in (f"pause:{account}", *buckets)]
        bounds = [round(1000 * seconds, 3) for rate in self._rates for seconds in self._bounds(rate)]
        wait, left = await self._redis.register_script(_TAKE)(keys=keys, args=bounds)
        STRIPE_LIMIT_LEFT.set(max(0.0, float(left)))
        return float(wait) / 1000

    def _take_alone(self, account: str, buckets: Sequence[str]) -> float:
        now = monotonic()
        self._own = {name: due for name, due in self._own.items() if due > now}
        waits = [self._own.get(f"pause:{account}", now) - now]
        for name, rate in zip(buckets, self._rates, strict=True):
            waits.append(self._own.get(name, now) - now - self._bounds(rate)[1])
        if max(waits) > 0:
            return max(waits)
        for name, rate in zip(buckets, self._rates, strict=True):
            self._own[name] = self._own.get(name, now) + self._bounds(rate)[0]
        return 0.0

    def _bounds(self, rate: int) -> tuple[float, float]:
        """Seconds between two calls in the long run, and by how much calls may come earlier."""
        interval = 1 / (rate * (1 - BURST))
        return interval, interval * (rate * BURST - 1) * self._burst


def endpoint_of(method: str, url: str) -> str:
    """The endpoint as Stripe counts it: objects of one kind are one endpoint."""
    return f"{method.upper()} {_OBJECT_ID.sub('/{id}', urlsplit(url).path)}"


def retry_after_seconds(headers: Mapping[str, str]) -> float:
    """How long a 429 asks to wait."""
    try:
        said = float(headers.get("retry-after", RETRY_AFTER_SECONDS))
    except ValueError:
        said = RETRY_AFTER_SECONDS
    return min(max(said, 0.0), RETRY_AFTER_SECONDS_MAX)


def per_second_of(api_key: str) -> int:
    """What Stripe allows an account, in the mode that the key is for."""
    return LIVE_PER_SECOND if "_live_" in api_key else SANDBOX_PER_SECOND
