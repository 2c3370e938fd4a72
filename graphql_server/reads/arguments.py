"""Arguments of a field, and what they come to: a condition in SQL, and the values that it names.

The same SQL text gives the same plan, whatever the values are, so it must be built from few texts and hold no value.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from enum import Enum
from functools import lru_cache
from types import MappingProxyType
from typing import NamedTuple, TypeAlias
from uuid import UUID

SqlValue: TypeAlias = (
    "bool | int | float | str | bytes | Decimal | UUID | datetime | date | list[str] | list[int] | list[UUID] | None"
)


class Arguments:
    """The arguments of a field, or the fields of an input object; what was left out is None."""

    def __init__(self, values: Mapping[str, object]) -> None:
        self._values = values

    def __getitem__(self, name: str) -> object:
        return self._values.get(name)

    def text(self, name: str) -> str | None:
        """A String, ID or enum; an enum as it is stored."""
        value = self[name]
        return None if value is None else _stored(value)

    def texts(self, name: str) -> list[str] | None:
        """A list of them."""
        value = self[name]
        assert value is None or isinstance(value, list), f"the schema declares {name} as a list"
        return None if value is None else [_stored(item) for item in value]

    def number(self, name: str) -> int | None:
        """An Int."""
        value = self[name]
        assert value is None or isinstance(value, int), f"the schema declares {name} as Int"
        return value

    def flag(self, name: str) -> bool | None:
        """A Boolean."""
        value = self[name]
        assert value is None or isinstance(value, bool), f"the schema declares {name} as Boolean"
        return value

    def moment(self, name: str) -> datetime | None:
        """A time, from a scalar that is parsed into datetime."""
        value = self[name]
        assert value is None or isinstance(value, datetime), f"the schema declares {name} as a time"
        return value

    def within(self, name: str) -> "Arguments":
        """The fields of an input object; none of them is given where it was left out."""
        value = self[name]
        assert value is None or isinstance(value, Mapping), f"the schema declares {name} as an input object"
        return Arguments(value or {})


def _stored(value: object) -> str:
    return str(value.value if isinstance(value, Enum) else value)


# These two are made anew for every request: tuples, because these are made fastest.
class Value(NamedTuple):
    """A value for SQL, with its type in PostgreSQL."""

    value: SqlValue
    type: str


@dataclass(frozen=True, slots=True)
class Order:
    """The order of a list that is paged through: columns with their types, all in one direction.

    They hold no nulls, and the last is unique. One direction, because only then can PostgreSQL seek to a place in
    an index by comparing rows, and page 1000 costs what page 1 does.
    """

    columns: tuple[tuple[str, str], ...]
    descending: bool = False

    @property
    def names(self) -> list[str]:
        return [name for name, _ in self.columns]


class Narrowing(NamedTuple):
    """Which rows the arguments leave: those for which `sql` holds, its values named as `{given.name}`.

    `order` replaces the declared order of a page, and `rows` the name of the table. `type_names` say what the rows of
    an interface are, where an argument (a global id, or several) decides that.

    `either` are conditions besides `sql`, of which exactly one holds for each row of a page. Each is read by itself,
    in order and no further than the page needs: where one index serves each of them, and none serves them all.
    """

    sql: str = ""
    values: Mapping[str, Value] = MappingProxyType({})
    order: Order | None = None
    type_names: tuple[str, ...] = ()
    rows: str = ""
    either: tuple[str, ...] = ()

    def __and__(self, other: "Narrowing") -> "Narrowing":
        """Both conditions; their values must have different names."""
        assert not self.values.keys() & other.values.keys(), "two conditions give a value under the same name"
        assert not (self.either and other.either), "a page is divided in one way"
        return Narrowing(
            " and ".join(f"({sql})" for sql in (self.sql, other.sql) if sql),
            {**self.values, **other.values},
            self.order or other.order,
            self.type_names or other.type_names,
            self.rows or other.rows,
            self.either or other.either,
        )


EVERYTHING = Narrowing()


def equal(column: str, value: SqlValue, kind: str = "text") -> Narrowing:
    """The rows whose column has this value; all rows for None."""
    return EVERYTHING if value is None else compare(column, "=", value, kind)


def compare(column: str, operator: str, value: SqlValue, kind: str, *, name: str = "") -> Narrowing:
    """The rows for which `column operator value` holds. `name` tells apart two comparisons of one column."""
    name = name or column
    return Narrowing(_comparison(column, operator, name), {name: Value(value, kind)})


@lru_cache(maxsize=1024)
def _comparison(column: str, operator: str, name: str) -> str:
    return f"{{row.{column}}} {operator} {{given.{name}}}"


class InvalidArgument(ValueError):
    """A field's arguments cannot be used; `argument` names the one at fault."""

    def __init__(self, message: str, *, argument: str) -> None:
        super().__init__(message)
        self.argument = argument
