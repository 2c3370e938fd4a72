"""The API's scalars: aware times, exact decimals as strings, and currency codes."""

import contextlib
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

DECIMAL_LENGTH_MAX: Final = 30
DATETIME_LENGTH_MAX: Final = 40
DATE_LENGTH: Final = 10

_DECIMAL = re.compile(r"-?[0-9]+(\.[0-9]+)?")
_CURRENCY = re.compile(r"[A-Z]{3}")

CurrencyCode = NewType("CurrencyCode", str)


def parse_decimal(value: object) -> Decimal:
    """The exact number that a decimal string spells, and NaN for anything else: floats, exponents, endless digits.

    A number that can't be read is no reason to refuse the whole operation: the mutation refuses it on its field and
    together with whatever else is wrong.
    """
    # Its length first: no expression runs over a text without bounds.
    if not isinstance(value, str) or len(value) > DECIMAL_LENGTH_MAX or _DECIMAL.fullmatch(value) is None:
        return Decimal("NaN")
    return Decimal(value)


def serialize_decimal(value: object) -> str:
    """Plain digits, never an exponent."""
    assert isinstance(value, Decimal), f"a Decimal field returned {type(value).__name__}"
    assert value.is_finite(), "a Decimal field returned a value that is no number"
    return f"{value:f}"


def parse_datetime(value: object) -> datetime:
    """The moment, in UTC; a time without its offset is refused, because it names no moment."""
    if not isinstance(value, str) or len(value) > DATETIME_LENGTH_MAX:
        raise ValueError('A DateTime is an ISO-8601 string, like "2026-03-01T09:30:00Z".')
    try:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is not None:
            return moment.astimezone(UTC)
    except (ValueError, OverflowError):
        raise ValueError('This is no ISO-8601 time; write it like "2026-03-01T09:30:00Z".') from None
    raise ValueError('A DateTime needs its offset from UTC: end it with "Z" or one like "+02:00".')


def serialize_datetime(value: object) -> str:
    """ISO-8601 in UTC, ending in Z."""
    assert isinstance(value, datetime), f"a DateTime field returned {type(value).__name__}"
    assert value.tzinfo is not None, "a DateTime field returned a time without its offset"
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def parse_date(value: object) -> date:
    """The day that an ISO-8601 string spells: year, month and day, with hyphens."""
    if isinstance(value, str) and len(value) == DATE_LENGTH:
        with contextlib.suppress(ValueError):
            return date.fromisoformat(value)
    raise ValueError('A Date is an ISO-8601 day, like "2026-03-01".')


def serialize_date(value: object) -> str:
    """Year, month and day."""
    assert isinstance(value, date), f"a Date field returned {type(value).__name__}"
    assert not isinstance(value, datetime), "a Date field returned a moment"
    return value.isoformat()


def parse_currency(value: object) -> str:
    """Three capital letters; whether it may be used is for the product to say."""
    if not isinstance(value, str) or _CURRENCY.fullmatch(value) is None:
        raise ValueError('A CurrencyCode is an ISO 4217 code of three capital letters, like "USD".')
    return value


SCALARS: Final[Mapping[object, ScalarDefinition]] = {
    datetime: strawberry.scalar(
        name="DateTime",
        description='A moment as an ISO-8601 string with its offset from UTC, like "2026-03-01T09:30:00Z".',
        serialize=serialize_datetime,
        parse_value=parse_datetime,
    ),
    date: strawberry.scalar(
        name="Date",
        description='A day of the calendar as an ISO-8601 string, like "2026-03-01".',
        serialize=serialize_date,
        parse_value=parse_date,
    ),
    Decimal: strawberry.scalar(
        name="Decimal",
        description='An exact number as a string of digits with an optional point, like "12.50"; at most 30 long.',
        serialize=serialize_decimal,
        parse_value=parse_decimal,
    ),
    CurrencyCode: strawberry.scalar(
        name="CurrencyCode",
        description='A currency as its ISO 4217 code, like "USD".',
        serialize=str,
        parse_value=parse_currency,
    ),
}
