"""Due dates: the day by which an invoice is to be paid, when it is overdue, and when to remind of it."""

from collections.abc import Iterable
from datetime import UTC, date, datetime, time, timedelta
from zoneinfo import ZoneInfo


def due_date(sent_at: datetime, *, days: int, zone: ZoneInfo) -> date:
    """The day that many days after the one of sending, as the company's clocks and calendars have it."""
    return sent_at.astimezone(zone).date() + timedelta(days=days)


def overdue_from(due_on: date, zone: ZoneInfo) -> datetime:
    """The moment, in UTC, from which what is not paid is overdue: when the due date is over where the company is."""
    return datetime.combine(due_on + timedelta(days=1), time.min, zone).astimezone(UTC)


def reminder_moments(days: Iterable[int], *, due_on: date, sent_at: datetime, zone: ZoneInfo) -> tuple[datetime, ...]:
    """When an unpaid invoice is reminded of, in order: so many days after the due date, at the time of day it was sent.

    Only what comes after `sent_at`, the newest sending, which itself asked for the money.
    """
    clock_time = sent_at.astimezone(zone).time()
    moments = (datetime.combine(due_on + timedelta(days=day), clock_time, zone) for day in sorted(days))
    # Compared in UTC: clocks that are set back show one hour twice.
    return tuple(moment for moment in moments if moment > sent_at)


def asks_from(due_on: date, *, sent_at: datetime, zone: ZoneInfo) -> datetime:
    """From when reminders of this due date count: those before it were of another due date or an earlier sending."""
    return max(sent_at, datetime.combine(due_on, time.min, zone))
