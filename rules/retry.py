"""When to ask again: how often an open payment is polled and a mail is retried."""

import random
from datetime import timedelta

POLL_DELAY_MIN = timedelta(seconds=5)
POLL_DELAY_MAX = timedelta(minutes=15)
POLL_GROWTH = 30
"""A payment is polled each time its age has grown by this part: every 5 s for somebody who pays within 2 minutes."""

LOOK_AFTER = timedelta(minutes=2)
"""How old a call without an answer is when we stop repeating it, and look what Stripe has.

Stripe repeats the fault that it first answered with for as long as it keeps the key, which is a day; then it forgets.
"""

REPEAT_FOR = timedelta(minutes=1)
"""How long a call that makes something is repeated under one key; whatever it does is done by LOOK_AFTER."""

DEBIT_LIFE = timedelta(days=14)
"""How long a bank may take to answer a debit, generously: Stripe says four business days, and some banks are late."""

PATIENCE = timedelta(days=1)
"""How long after a checkout's time is over we wait for a Stripe that does not answer at all."""

EMAIL_ATTEMPTS_MAX = 8
EVENT_ATTEMPTS_MAX = EMAIL_ATTEMPTS_MAX
_EMAIL_DELAYS = (
    timedelta(minutes=1),
    timedelta(minutes=5),
    timedelta(minutes=20),
    timedelta(hours=1),
    timedelta(hours=3),
    timedelta(hours=7),
    timedelta(hours=12),
)
assert len(_EMAIL_DELAYS) == EMAIL_ATTEMPTS_MAX - 1
assert timedelta(hours=23) < sum(_EMAIL_DELAYS, timedelta()) < timedelta(hours=25), (
    "about 24 h in all (SPEC, section 6)"
)


def next_poll_delay(age: timedelta) -> timedelta:
    """How long to wait before asking Stripe again about a payment that is `age` old."""
    return min(max(age / POLL_GROWTH, POLL_DELAY_MIN), POLL_DELAY_MAX)


def next_email_delay(attempts: int) -> timedelta | None:
    """How long to wait after `attempts` failed ones, with up to a tenth of jitter; None when they are spent."""
    if attempts >= EMAIL_ATTEMPTS_MAX:
        return None
    return _EMAIL_DELAYS[attempts - 1] * random.uniform(1, 1.1)  # noqa: S311 - only spreads load


def next_event_delay(attempts: int) -> timedelta | None:
    """How long after its attempt number `attempts` an automation is tried again if that fails; None after the last.

    As long as for a mail: the first delay is a lease too, over which a worker that is still at it has finished.
    """
    return next_email_delay(attempts) if attempts < EVENT_ATTEMPTS_MAX else None
