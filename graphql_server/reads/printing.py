"""How values become JSON text in SQL, and how pieces of text are put together."""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import Final, TypeAlias

from graphql import (
    GraphQLEnumType,
    GraphQLNamedType,
    GraphQLOutputType,
    get_named_type,
    get_nullable_type,
    is_list_type,
)

# No JSON text holds these characters, so they can mark places in an answer that need Python's attention.
FAULT: Final = "\x01"
HOLE_BEGINS, HOLE_NEEDS, HOLE_ENDS = "\x02", "\x03", "\x04"
TOLD: Final = "\x05"
"""Stands between what is told of the caller, each with one of these behind it, and the answer."""

CONCAT_ARGUMENTS_MAX: Final = 90
"""A function takes at most 100 arguments (PostgreSQL's FUNC_MAX_ARGS)."""


@dataclass(frozen=True, slots=True)
class Literal:
    """Text that is the same in every answer."""

    text: str


@dataclass(frozen=True, slots=True)
class Computed:
    """An SQL expression whose text goes into the answer."""

    sql: str


Piece: TypeAlias = Literal | Computed


@dataclass(frozen=True, slots=True)
class Printer:
    """How values of a type are printed: `sql` makes the text of `{value}`; `quoted` puts it between quotes.

    Only text that needs no escaping may be quoted so.
    """

    sql: str = "{value}"
    quoted: bool = False


NUMBER: Final = Printer()
BOOLEAN: Final = Printer("case when {value} then 'true' when not {value} then 'false' end")
TEXT: Final = Printer("to_json(({value})::text)")
JSON: Final = Printer("to_json({value})")
PLAIN: Final = Printer(quoted=True)
"""Values that hold neither quotes nor backslashes: keys, decimals, the names of an enum."""
MOMENT: Final = Printer(
    """replace(to_char({value} at time zone 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US"Z"'), '.000000Z', 'Z')""", quoted=True
)
"""Times as Python's isoformat() writes them in UTC, with a Z."""

STANDARD: Final = {"Int": NUMBER, "Float": NUMBER, "Boolean": BOOLEAN, "String": TEXT, "ID": TEXT}


def printer_of(graphql_type: GraphQLOutputType, printers: Mapping[str, Printer]) -> Printer:
    """How values of a leaf type are printed; a list of them is printed as JSON. Raises KeyError for an unknown type."""
    if is_list_type(get_nullable_type(graphql_type)):
        return JSON
    named: GraphQLNamedType = get_named_type(graphql_type)
    if named.name in printers:
        return printers[named.name]
    return _enum(named) if isinstance(named, GraphQLEnumType) else STANDARD[named.name]


def _enum(enum: GraphQLEnumType) -> Printer:
    """Stored values are shown by their names; nothing is to be done where these are the same."""
    stored = {name: str(getattr(value.value, "value", value.value)) for name, value in enum.values.items()}
    if all(name == value for name, value in stored.items()):
        return PLAIN
    cases = " ".join(f"when {quote(value)} then {quote(name)}" for name, value in stored.items())
    return Printer(f"case {{value}} {cases} end", quoted=True)


def printed(value: str, printer: Printer, *, absent: str | None) -> list[Piece]:
    """The JSON of an SQL value. `absent` stands for null; None promises that there is none."""
    text = printer.sql.replace("{value}", value)
    if absent is None:
        return [Literal('"'), Computed(text), Literal('"')] if printer.quoted else [Computed(text)]
    text = f"""'"' || ({text})::text || '"'""" if printer.quoted else f"({text})::text"
    return [Computed(f"coalesce({text}, {quote(absent)})")]


def quote(text: str) -> str:
    """The text as a literal of SQL."""
    return "'" + text.replace("'", "''") + "'"


def concat(pieces: Iterable[Piece]) -> str:
    """An expression for all the pieces in a row."""
    return _concat([quote(piece.text) if isinstance(piece, Literal) else piece.sql for piece in _merged(pieces)])


def _concat(arguments: list[str]) -> str:
    while len(arguments) > CONCAT_ARGUMENTS_MAX:
        first, rest = arguments[:CONCAT_ARGUMENTS_MAX], arguments[CONCAT_ARGUMENTS_MAX:]
        arguments = [_concat(first), *rest]
    return f"concat({', '.join(arguments)})"


def _merged(pieces: Iterable[Piece]) -> Iterator[Piece]:
    """Neighbouring literals as one."""
    text = ""
    for piece in pieces:
        if isinstance(piece, Literal):
            text += piece.text
            continue
        if text:
            yield Literal(text)
        yield piece
        text = ""
    if text:
        yield Literal(text)
