"""Where transactions begin and end, and the locks that make an inspection's ledger one person's at a time."""

import asyncio
import functools
import random
from collections.abc import Awaitable, Callable
from typing import ParamSpec, TypeVar

import asyncpg
from tortoise.transactions import in_transaction

from rules.errors import ErrorCode, Refusal

TRIES_MAX = 4
"""A transaction and, after serialization failures and deadlocks, at most three repetitions."""

JITTER_SECONDS_MAX = 0.05

Given = ParamSpec("Given")
Result = TypeVar("Result")


class Busy(Refusal):
    """Somebody else held the rows for longer than a lock may be waited for."""

    code = ErrorCode.BUSY


def transaction(work: Callable[Given, Awaitable[Result]]) -> Callable[Given, Awaitable[Result]]:
    """Run the whole of `work` as one transaction; repeat it all after a deadlock or serialization failure.

    Raises Busy when a lock is not free within two seconds. `work` must not call the network.
    """

    @functools.wraps(work)
    async def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        for attempt in range(1, TRIES_MAX + 1):
            try:
                async with in_transaction():
                    return await work(*args, **kwargs)
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                if attempt == TRIES_MAX:
                    raise Busy("This is being changed by somebody else; try again.") from None
                await asyncio.sleep(random.uniform(0, JITTER_SECONDS_MAX * attempt))  # noqa: S311 - only spreads load
            except asyncpg.LockNotAvailableError:
                raise Busy("This is being changed by somebody else; try again.") from None
        raise AssertionError("the last try returns or raises")

    return run
