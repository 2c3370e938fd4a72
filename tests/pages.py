"""Pages of rows as graphql-core answers them: what compiled pages are compared with, and toy schemas return."""

import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from tortoise.expressions import Q
from tortoise.models import Model
from tortoise.queryset import QuerySet

from graphql_server.errors import ErrorCode, OperationRefused

PAGE_SIZE_MAX: Final = 100
PAGE_SIZE_DEFAULT: Final = 50
CURSOR_LENGTH_MAX: Final = 2_048  # A name of 200 characters of four bytes each has room.

Row = TypeVar("Row")
Stored = TypeVar("Stored", bound=Model)
CursorValue = str | int | datetime | UUID


class InvalidPage(OperationRefused):
    """The arguments of a connection contradict each other, or a cursor is not one of ours."""

    code = ErrorCode.INVALID_INPUT


@dataclass(frozen=True, slots=True)
class PageRequest:
    """Which rows of an ordered list are asked for; `backwards` counts them from the end."""

    size: int
    backwards: bool = False
    after: str | None = None
    before: str | None = None


@dataclass(frozen=True, slots=True)
class PageInfo:
    """Where a page lies in its list."""

    has_next_page: bool
    has_previous_page: bool
    start_cursor: str | None
    end_cursor: str | None


@dataclass(frozen=True, slots=True)
class Edge(Generic[Row]):
    """A row with its place in the list."""

    cursor: str
    node: Row


@dataclass(frozen=True, slots=True)
class Page(Generic[Row]):
    """One page of rows in the list's order; `count` asks for the length of the whole list, only when selected."""

    rows: Sequence[Row]
    cursors: Sequence[str]
    has_next: bool
    has_previous: bool
    count: Callable[[], Awaitable[int]]

    @property
    def nodes(self) -> Sequence[Row]:
        return self.rows

    @property
    def edges(self) -> list[Edge[Row]]:
        return [Edge(cursor, row) for cursor, row in zip(self.cursors, self.rows, strict=True)]

    @property
    def page_info(self) -> PageInfo:
        start, end = (self.cursors[0], self.cursors[-1]) if self.cursors else (None, None)
        return PageInfo(self.has_next, self.has_previous, start, end)

    @property
    def total_count(self) -> Awaitable[int]:
        return self.count()


def page_request(
    *, first: int | None = None, after: str | None = None, last: int | None = None, before: str | None = None
) -> PageRequest:
    """The page that the four Relay arguments ask for; raises InvalidPage naming the argument at fault."""
    if first is not None and last is not None:
        raise InvalidPage("Ask for first or for last, not for both.", field=("last",))
    name, size = ("last", last) if last is not None else ("first", first)
    if size is not None and not 1 <= size <= PAGE_SIZE_MAX:
        raise InvalidPage(f"{name} is a number from 1 to {PAGE_SIZE_MAX}; it was {size}.", field=(name,))
    return PageRequest(PAGE_SIZE_DEFAULT if size is None else size, last is not None, after, before)


def encode_cursor(values: Sequence[CursorValue]) -> str:
    """The opaque place of a row: the values that it is ordered by."""
    texts = [value if isinstance(value, int) else _spell(value) for value in values]
    return (
        base64.urlsafe_b64encode(json.dumps(texts, ensure_ascii=False, separators=(",", ":")).encode())
        .decode()
        .rstrip("=")
    )


def decode_cursor(cursor: str, kinds: Sequence[type], *, field: str) -> tuple[CursorValue, ...]:
    """The values of a cursor that was made for columns of these types; raises InvalidPage for any other text."""
    try:
        values = _parse_cursor(cursor)
        return tuple(_read(value, kind) for value, kind in zip(values, kinds, strict=True))
    except (ValueError, TypeError, RecursionError, binascii.Error):
        raise InvalidPage(f"{field} is not a cursor of this list; send one that it returned.", field=(field,)) from None


def _parse_cursor(cursor: str) -> list[object]:
    if len(cursor) > CURSOR_LENGTH_MAX:
        raise ValueError("longer than any cursor of ours")
    values = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
    if not isinstance(values, list):
        raise TypeError("no list of values")
    return values


def _spell(value: str | datetime | UUID) -> str:
    return value.isoformat().replace("+00:00", "Z") if isinstance(value, datetime) else str(value)


def _read(value: object, kind: type) -> CursorValue:
    if kind is int and type(value) is int and abs(value) < 2**63:
        return value
    if not isinstance(value, str) or "\x00" in value:
        raise TypeError("not what this column holds")
    if kind is datetime:
        moment = datetime.fromisoformat(value)
        if moment.tzinfo is None:
            raise ValueError("a time without its offset")
        return moment
    if kind is UUID:
        return UUID(value)
    if kind is str:
        return value
    raise TypeError("not what this column holds")


async def read_page(
    query: QuerySet[Stored], request: PageRequest, *, order: Sequence[tuple[str, type]]
) -> Page[Stored]:
    """One page of the query in one statement, found by key, so that it costs the same at any depth of the list.

    `order` names the columns with their types, "-" before a descending one; they hold no nulls, and the last is unique.
    """
    columns, kinds = [column for column, _ in order], [kind for _, kind in order]
    window = query
    if request.after is not None:
        window = window.filter(_beyond(columns, decode_cursor(request.after, kinds, field="after")))
    if request.before is not None:
        window = window.filter(_beyond(_reversed(columns), decode_cursor(request.before, kinds, field="before")))
    direction = _reversed(columns) if request.backwards else columns
    found = await window.order_by(*direction).limit(request.size + 1)
    return _page(found, request, columns, count=lambda: _count(query))


def _page(
    found: list[Stored], request: PageRequest, columns: Sequence[str], *, count: Callable[[], Awaitable[int]]
) -> Page[Stored]:
    rows, more = found[: request.size], len(found) > request.size
    if request.backwards:
        rows.reverse()
    names = [column.removeprefix("-") for column in columns]
    return Page(
        rows=rows,
        cursors=[encode_cursor([getattr(row, name) for name in names]) for row in rows],
        has_next=request.before is not None if request.backwards else more,
        has_previous=more if request.backwards else request.after is not None,
        count=count,
    )


async def _count(query: QuerySet[Any]) -> int:
    return await query.count()


def _reversed(columns: Sequence[str]) -> list[str]:
    return [column[1:] if column.startswith("-") else f"-{column}" for column in columns]


def _beyond(columns: Sequence[str], values: Sequence[CursorValue]) -> Q:
    """The rows that come after these values in the order of the columns."""
    alternatives = Q()
    for position, column in enumerate(columns):
        name, comparison = (column[1:], "lt") if column.startswith("-") else (column, "gt")
        terms: dict[str, Any] = {columns[earlier].removeprefix("-"): values[earlier] for earlier in range(position)}
        terms[f"{name}__{comparison}"] = values[position]
        alternatives |= Q(**terms)
    return alternatives
