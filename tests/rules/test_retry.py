"""When to ask again: never hastily, never too late, and mails about a day long."""

from datetime import timedelta

from hypothesis import given
from hypothesis import strategies as st

from rules.retry import EMAIL_ATTEMPTS_MAX, POLL_DELAY_MAX, POLL_DELAY_MIN, next_email_delay, next_poll_delay

ages = st.timedeltas(timedelta(0), timedelta(days=400))


@given(ages, ages)
def test_polls_grow_apart_within_their_bounds(age: timedelta, older: timedelta) -> None:
    assert POLL_DELAY_MIN <= next_poll_delay(age) <= POLL_DELAY_MAX
    if age <= older:
        assert next_poll_delay(age) <= next_poll_delay(older)


def test_payment_within_a_minute_is_seen_within_ten_seconds() -> None:
    assert timedelta(seconds=5) == POLL_DELAY_MIN
    assert timedelta(minutes=15) == POLL_DELAY_MAX
    assert next_poll_delay(timedelta(minutes=1)) < timedelta(seconds=10)


def test_mail_is_tried_eight_times_over_about_a_day() -> None:
    delays = [next_email_delay(attempts) for attempts in range(1, EMAIL_ATTEMPTS_MAX)]
    known = [delay for delay in delays if delay is not None]
    assert EMAIL_ATTEMPTS_MAX == 8
    assert len(known) == 7
    assert timedelta(hours=22) < sum(known, timedelta()) < timedelta(hours=28)
    assert [delay for attempts in (8, 9, 100) if (delay := next_email_delay(attempts))] == []


@given(st.integers(1, EMAIL_ATTEMPTS_MAX - 1))
def test_retries_are_spread_a_little(attempts: int) -> None:
    delays = {next_email_delay(attempts) for _ in range(20)}
    assert len(delays) > 1
    smallest, largest = min(filter(None, delays)), max(filter(None, delays))
    assert largest <= smallest * 1.1
