"""Where transactions begin and end; what one changes is gathered, and written in one statement before it commits."""

import asyncio
import functools
import random
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from contextvars import ContextVar
from typing import ParamSpec, TypeVar

import asyncpg
from tortoise.transactions import in_transaction

from models import Row
from models.unit_of_work import UnitOfWork
from rules.errors import ErrorCode, Refusal

TRIES_MAX = 4
"""A transaction and, after serialization failures and deadlocks, at most three repetitions."""

JITTER_SECONDS_MAX = 0.05

Given = ParamSpec("Given")
Result = TypeVar("Result")

_running: ContextVar[UnitOfWork | None] = ContextVar("unit_of_work", default=None)


class Busy(Refusal):
    """Somebody else held the rows for longer than a lock may be waited for."""

    code = ErrorCode.BUSY


def transaction(work: Callable[Given, Awaitable[Result]]) -> Callable[Given, Awaitable[Result]]:
    """Run the whole of `work` as one transaction; repeat it all after a deadlock or serialization failure.

    What it gathers in its unit of work is written when it has ended well, before the commit. Raises Busy when a lock is
    not free within two seconds. `work` must not call the network.
    """

    @functools.wraps(work)
    async def run(*args: Given.args, **kwargs: Given.kwargs) -> Result:
        for attempt in range(1, TRIES_MAX + 1):
            try:
                async with _unit_of_work():
                    return await work(*args, **kwargs)
            except (asyncpg.SerializationError, asyncpg.DeadlockDetectedError):
                if attempt == TRIES_MAX:
                    raise Busy("This is being changed by somebody else; try again.") from None
                await asyncio.sleep(random.uniform(0, JITTER_SECONDS_MAX * attempt))  # noqa: S311 - only spreads load
            except asyncpg.LockNotAvailableError:
                raise Busy("This is being changed by somebody else; try again.") from None
        raise AssertionError("the last try returns or raises")

    return run


@asynccontextmanager
async def _unit_of_work() -> AsyncIterator[None]:
    """A transaction with a unit of work; inside of another, a savepoint that sees what that one has gathered."""
    outer, unit = _running.get(), UnitOfWork()
    if outer is not None:
        await outer.flush()
    async with in_transaction():
        running = _running.set(unit)
        try:
            yield
            await unit.flush()
        finally:
            _running.reset(running)


def unit_of_work() -> UnitOfWork:
    """What the running transaction changes; there must be one."""
    unit = _running.get()
    assert unit is not None, "only a transaction changes rows"
    return unit


async def insert(*rows: Row, once: bool = False) -> None:
    """Write new rows with the transaction's other changes, before it commits; outside of one, at once.

    With `once`, one whose like is there already is left out.
    """
    unit = _running.get()
    if unit is not None:
        unit.add(*rows, once=once)
        return
    unit = UnitOfWork()
    unit.add(*rows, once=once)
    await unit.flush()
