"""What the scalars accept and how they are spelled in answers."""

from datetime import UTC, datetime, timedelta, timezone
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from graphql_server.scalars import parse_currency, parse_datetime, parse_decimal, serialize_datetime, serialize_decimal


@pytest.mark.parametrize("text", ["0", "12.50", "-3", "0.00", "9" * 30, "00.10"])
def test_decimal_strings_are_exact(text: str) -> None:
    assert parse_decimal(text) == Decimal(text)


@pytest.mark.parametrize(
    "value",
    [
        *("", " 1", "1 ", "+1", "1.", ".5", "1e5", "NaN", "Infinity", "1,000", "1_000", "٣", "9" * 31, "0x10", "1\n"),
        *("9" * 100_000, 1, 1.5, True, None, ["1"], {"a": "1"}),
    ],
)
def test_anything_else_is_no_number_and_refuses_no_operation(value: object) -> None:
    """What spells no decimal becomes NaN, which the mutation refuses on its field."""
    assert parse_decimal(value).is_nan()


@given(st.decimals(allow_nan=False, allow_infinity=False, places=3, min_value=-(10**20), max_value=10**20))
def test_decimals_come_back_as_they_were(number: Decimal) -> None:
    assert parse_decimal(serialize_decimal(number)) == number


def test_decimals_are_spelled_without_exponent() -> None:
    assert serialize_decimal(Decimal("1E+3")) == "1000"
    assert serialize_decimal(Decimal("1E-7")) == "0.0000001"


@pytest.mark.parametrize(
    "text", ["2026-03-01T09:30:00Z", "2026-03-01T10:30:00+01:00", "2026-03-01T09:30:00.000000+00:00"]
)
def test_times_with_an_offset_are_read_as_utc(text: str) -> None:
    moment = parse_datetime(text)
    assert moment == datetime(2026, 3, 1, 9, 30, tzinfo=UTC)
    assert moment.tzinfo is UTC


@pytest.mark.parametrize(
    ("value", "sentence"),
    [
        ("2026-03-01T09:30:00", "needs its offset"),
        ("2026-03-01", "needs its offset"),
        ("yesterday", "no ISO-8601 time"),
        ("2026-02-30T00:00:00Z", "no ISO-8601 time"),
        ("0001-01-01T00:00:00+14:00", "no ISO-8601 time"),
        (1_700_000_000, "is an ISO-8601 string"),
        ("2026-03-01T09:30:00Z".ljust(41), "is an ISO-8601 string"),
    ],
)
def test_anything_else_is_no_time(value: object, sentence: str) -> None:
    with pytest.raises(ValueError, match=sentence):
        parse_datetime(value)


def test_times_are_spelled_in_utc() -> None:
    moment = datetime(2026, 3, 1, 10, 30, tzinfo=timezone(timedelta(hours=1)))
    assert serialize_datetime(moment) == "2026-03-01T09:30:00Z"
    with pytest.raises(AssertionError, match="without its offset"):
        serialize_datetime(moment.replace(tzinfo=None))


def test_currencies_are_three_capital_letters() -> None:
    assert parse_currency("USD") == "USD"
    for value in ("usd", "US", "USDT", "", None, 840, "US\n"):
        with pytest.raises(ValueError, match="A CurrencyCode"):
            parse_currency(value)
