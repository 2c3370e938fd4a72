"""Rows as SQL speaks of them, and the values of a request that a statement takes."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from graphql_server.reads.arguments import Value

ValueName: TypeAlias = tuple[int | None, str]
"""A value of a request: which field's argument gives it (None: who asks), and its name there."""


class Columns:
    """The columns of a row, for templates: `{row.number}`."""

    def __init__(self, column_of: "Row") -> None:
        self.__row = column_of

    def __getattr__(self, name: str) -> str:
        return self.__row.column(name)


@dataclass(frozen=True, slots=True)
class Row:
    """One row in a statement: `tenant` is the SQL that says whose it is."""

    alias: str
    tenant: str
    values: Mapping[str, str] | None = None

    @classmethod
    def of_table(cls, alias: str, tenant_column: str) -> "Row":
        """A row of a table, or of what is shown as one."""
        return cls(alias, f"{alias}.{tenant_column}")

    def column(self, name: str) -> str:
        """The SQL of one of its columns, or of the value that is shown as one."""
        return f"{self.alias}.{name}" if self.values is None else f"({self.values[name]})"

    def shaped(self, values: Mapping[str, str]) -> "Row":
        """The same row with the SQL of these values for columns."""
        return Row(self.alias, self.tenant, values)


def fill(template: str, row: Row, given: "Given | None" = None, *, here: Row | None = None) -> str:
    """The template's SQL, for this row; `here` is the row that leads to it."""
    return template.format(row=Columns(row), given=given, here=Columns(here or row))


@dataclass(slots=True)
class Parameters:
    """The values that a statement takes, in the order in which it first names them."""

    names: list[ValueName] = field(default_factory=list)
    types: list[str] = field(default_factory=list)
    of_batch: bool = False

    def name(self, value: ValueName, kind: str) -> str:
        """The SQL of a value. In a batch it is a column of the requests' table."""
        if value not in self.names:
            self.names.append(value)
            self.types.append(kind)
        number = self.names.index(value) + 1
        return f"asked.p{number}" if self.of_batch else f"${number}::{kind}"


class Given:
    """The values of one field's arguments, for templates: `{given.wanted}`."""

    def __init__(self, parameters: Parameters, site: int | None, types: Mapping[str, str]) -> None:
        self.__parameters = parameters
        self.__site = site
        self.__types = types

    def __getattr__(self, name: str) -> str:
        return self.__parameters.name((self.__site, name), self.__types[name])


def types_of(values: Mapping[str, Value]) -> Mapping[str, str]:
    """The types of these values in PostgreSQL."""
    return {name: value.type for name, value in values.items()}
