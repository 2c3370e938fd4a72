"""The bookshop's scalars, read and written in Python."""

from collections.abc import Callable
from datetime import UTC, datetime
from decimal import Decimal
from typing import Final, TypeAlias


def read_moment(value: object) -> datetime:
    if not isinstance(value, str):
        raise TypeError("A Moment is a string.")
    return datetime.fromisoformat(value)


def write_moment(value: object) -> str:
    assert isinstance(value, datetime)
    return value.astimezone(UTC).isoformat().replace("+00:00", "Z")


def read_decimal(value: object) -> Decimal:
    return Decimal(str(value))


def write_decimal(value: object) -> str:
    assert isinstance(value, Decimal)
    return f"{value:f}"


def as_is(value: object) -> object:
    return value


Convert: TypeAlias = Callable[[object], object]

SCALARS: Final[dict[str, tuple[Convert, Convert]]] = {
    "Moment": (read_moment, write_moment),
    "Decimal": (read_decimal, write_decimal),
    "Anything": (as_is, as_is),
}
