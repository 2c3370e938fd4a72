"""Due dates: days as the company's calendar has them, whatever its clocks do."""

from datetime import UTC, date, datetime, time
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.due_dates import due_date, overdue_from, reminder_moments

CHICAGO, TOKYO = ZoneInfo("America/Chicago"), ZoneInfo("Asia/Tokyo")
ZONES = st.sampled_from(["America/Chicago", "Asia/Tokyo", "Pacific/Apia", "America/Sao_Paulo", "UTC"]).map(ZoneInfo)
MOMENTS = st.datetimes(datetime(2010, 1, 1), datetime(2040, 1, 1), timezones=st.just(UTC))  # noqa: DTZ001 - Hypothesis adds it.


@pytest.mark.parametrize(("zone", "expected"), [(CHICAGO, date(2026, 11, 30)), (TOKYO, date(2026, 12, 1))])
def test_days_count_from_the_day_of_sending_where_the_company_is(zone: ZoneInfo, expected: date) -> None:
    """A due date counts days from the day on which the company sent the invoice (S57)."""
    assert due_date(datetime(2026, 11, 24, 20, tzinfo=UTC), days=6, zone=zone) == expected


def test_an_invoice_is_overdue_when_its_day_is_over() -> None:
    """An invoice is overdue from the end of its due date where the company is (S57)."""
    assert overdue_from(date(2026, 11, 24), CHICAGO) == datetime(2026, 11, 25, 6, tzinfo=UTC)
    assert overdue_from(date(2026, 11, 24), TOKYO) == datetime(2026, 11, 24, 15, tzinfo=UTC)


@given(sent_at=MOMENTS, zone=ZONES, overdue=st.integers(-120, 120), days=st.sets(st.integers(1, 90), max_size=5))
def test_reminders_come_in_order_and_after_sending(
    sent_at: datetime, zone: ZoneInfo, overdue: int, days: set[int]
) -> None:
    """Reminders are counted from the due date, and only those after the newest sending are due (S56)."""
    due_on = due_date(sent_at, days=overdue, zone=zone)
    moments = reminder_moments(days, due_on=due_on, sent_at=sent_at, zone=zone)
    assert list(moments) == sorted(moments)
    assert all(moment.astimezone(UTC) > sent_at for moment in moments)
    on = {(moment.date() - due_on).days for moment in moments}
    assert on == {day for day in days if day + overdue > 0}


def test_clocks_that_change_move_no_reminder() -> None:
    """A reminder comes at the same time of day in winter as in summer (S56)."""
    sent_at = datetime(2026, 10, 30, 15, tzinfo=UTC)  # 10:00 in Chicago, whose clocks are set back on November 1.
    (moment,) = reminder_moments([3], due_on=date(2026, 10, 30), sent_at=sent_at, zone=CHICAGO)
    assert moment.astimezone(CHICAGO).time() == time(10)
    assert moment.astimezone(UTC) == datetime(2026, 11, 2, 16, tzinfo=UTC)
