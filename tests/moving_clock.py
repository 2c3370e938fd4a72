"""Time that tests move: ours and Stripe's together, so that hours pass in no time."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo

import pytest

from rules import clock
from sandbox.stripe.process import RunningStripe


@dataclass(slots=True)
class MovingClock:
    """Stands where `rules.clock` reads the system's time."""

    stripe: RunningStripe
    ahead: timedelta = timedelta(0)

    def now(self, zone: tzinfo) -> datetime:
        """The system's time, and what tests let pass on top."""
        return datetime.now(zone) + self.ahead

    async def advance(self, by: timedelta) -> None:
        """Let time pass, in whole seconds: checkouts and idempotency keys at Stripe grow old too."""
        await self.stripe.control("clock", advance_seconds=int(by.total_seconds()))
        self.ahead += by


@contextmanager
def moving_clock(stripe: RunningStripe) -> Iterator[MovingClock]:
    """A clock to move inside the block; afterwards ours is right again, and Stripe's with its next reset."""
    moving = MovingClock(stripe)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(clock, "datetime", moving)
        yield moving
