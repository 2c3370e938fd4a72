"""Pages of a list: the four arguments of a connection, and cursors.

A cursor is the JSON list of the values that the list is ordered by, in base64 for web addresses. SQL writes cursors,
Python reads them.
"""

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from graphql_server.reads.arguments import Arguments, InvalidArgument, Narrowing, Order, SqlValue, Value
from graphql_server.reads.printing import MOMENT, NUMBER, PLAIN, TEXT, Computed, Literal, Piece, Printer, concat

CURSOR_LENGTH_MAX: Final = 2_048
SIZE: Final = "page_size"


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows of an ordered list are asked for; `backwards` counts them from the end."""

    size: int
    backwards: bool = False
    after: str | None = None
    before: str | None = None

    @property
    def shape(self) -> tuple[bool, bool, bool]:
        """All that the SQL depends on."""
        return self.backwards, self.after is not None, self.before is not None


def page_request(arguments: Arguments, *, size_default: int, size_max: int) -> PageRequest:
    """The page that the arguments ask for; raises InvalidArgument naming the one at fault."""
    first, last = arguments.number("first"), arguments.number("last")
    if first is not None and last is not None:
        raise InvalidArgument("Ask for first or for last, not for both.", argument="last")
    name, size = ("last", last) if last is not None else ("first", first)
    if size is not None and not 1 <= size <= size_max:
        raise InvalidArgument(f"{name} is a number from 1 to {size_max}; it was {size}.", argument=name)
    return PageRequest(
        size=size_default if size is None else size,
        backwards=last is not None,
        after=arguments.text("after"),
        before=arguments.text("before"),
    )


def narrow_to_page(narrowing: Narrowing, page: PageRequest, order: Order) -> Narrowing:
    """The same narrowing with the values that the page's SQL names: its size, and what its cursors hold."""
    values = {**narrowing.values, SIZE: Value(page.size, "bigint")}
    for side, cursor in (("after", page.after), ("before", page.before)):
        if cursor is not None:
            found = decode_cursor(cursor, [kind for _, kind in order.columns], argument=side)
            values |= {f"{side}_{number}": value for number, value in enumerate(found)}
    return narrowing._replace(values=values)


def decode_cursor(cursor: str, kinds: Sequence[str], *, argument: str) -> list[Value]:
    """The values of a cursor for columns of these types; raises InvalidArgument for any other text."""
    try:
        texts = _parse_cursor(cursor)
        return [Value(_KINDS[kind].read(text), kind) for text, kind in zip(texts, kinds, strict=True)]
    except (ValueError, TypeError, RecursionError, binascii.Error):
        message = f"{argument} is not a cursor of this list; send one that it returned."
        raise InvalidArgument(message, argument=argument) from None


def _parse_cursor(cursor: str) -> list[object]:
    if len(cursor) > CURSOR_LENGTH_MAX:
        raise ValueError("longer than any cursor of ours")
    values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    if not isinstance(values, list):
        raise TypeError("no list of values")
    return values


def cursor_sql(order: Order, column: Callable[[str], str]) -> str:
    """The cursor of a row: `column` gives the SQL of one of its columns."""
    pieces: list[Piece] = [Literal("[")]
    for number, (name, kind) in enumerate(order.columns):
        printer = _KINDS[kind].printer
        text = Computed(printer.sql.replace("{value}", column(name)))
        pieces += [Literal("," if number else ""), *([Literal('"'), text, Literal('"')] if printer.quoted else [text])]
    encoded = f"encode(convert_to({concat([*pieces, Literal(']')])}, 'UTF8'), 'base64')"
    # PostgreSQL breaks lines after 76 characters; what has no counterpart in the second list is left out.
    return f"translate({encoded}, '+/=' || chr(10), '-_')"


@dataclass(frozen=True, slots=True)
class _Kind:
    """How values of a type in PostgreSQL are written into cursors, and read from them."""

    printer: Printer
    read: Callable[[object], SqlValue]


def _read_text(value: object) -> str:
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError("not what this column holds")
    return value


def _read_moment(value: object) -> datetime:
    moment = datetime.fromisoformat(_read_text(value))
    if moment.tzinfo is None:
        raise ValueError("a time without its offset")
    return moment


def _read_number(value: object) -> int:
    if type(value) is not int or abs(value) >= 2**63:
        raise TypeError("not what this column holds")
    return value


_KINDS: Final = {
    "text": _Kind(TEXT, _read_text),
    "uuid": _Kind(PLAIN, lambda value: UUID(_read_text(value))),
    "timestamptz": _Kind(MOMENT, _read_moment),
    "bigint": _Kind(NUMBER, _read_number),
}
"""The types that a list may be ordered by."""
CURSOR_TYPES: Final = tuple(_KINDS)
