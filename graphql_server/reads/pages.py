"""The SQL of a page: its rows are read once, by key, and every selected part of the connection looks at them."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from graphql import GraphQLField, GraphQLNamedType, GraphQLObjectType, get_named_type

from graphql_server.reads.arguments import Order
from graphql_server.reads.declarations import Page, Table
from graphql_server.reads.objects import object_of
from graphql_server.reads.paging import SIZE, PageRequest, cursor_sql
from graphql_server.reads.printing import Computed, Literal, Piece, concat
from graphql_server.reads.rows import Given, Row
from graphql_server.reads.selection import Selected

if TYPE_CHECKING:
    from graphql_server.reads.statement import StatementWriter


def page_type(connection: GraphQLNamedType) -> str:
    """The type of a connection's nodes."""
    assert isinstance(connection, GraphQLObjectType)
    if "nodes" in connection.fields:
        return _type_name(connection.fields["nodes"])
    edge = get_named_type(connection.fields["edges"].type)
    assert isinstance(edge, GraphQLObjectType)
    return _type_name(edge.fields["node"])


def _type_name(field: GraphQLField) -> str:
    named: GraphQLNamedType = get_named_type(field.type)
    return named.name


def write_page(writer: "StatementWriter", selected: Selected, page: Page, here: Row) -> str:
    """The JSON of a connection."""
    asked = writer.asked_at(selected)
    assert asked.page is not None, "the arguments of a page were asked for"
    order = asked.narrowing.order or page.order
    table, there = writer.target(selected)
    given = writer.given(selected)
    parts = asked.narrowing.either or ("",)
    sources = [partial(writer.source, table, there, selected, here, part=part) for part in parts]
    window = _Window(table, there, sources, order, asked.page, given)
    return _PageWriter(writer, selected, here, window).write()


@dataclass(frozen=True, slots=True)
class _Window:
    """The rows that a page is cut from. A page that is counted from the end is read in the opposite order."""

    table: Table
    there: Row
    sources: Sequence[Callable[[], str]]
    order: Order
    page: PageRequest
    given: Given

    def read(self, *, one_more: bool) -> str:
        """The rows of the page as they are found; one more than asked for says whether there are others."""
        first = (
            f" order by {self.columns(self.there, against=self.page.backwards)}"
            f" limit {getattr(self.given, SIZE)}{' + 1' if one_more else ''}"
        )
        row = self.there.alias
        parts = [f"select {row}.* from {' and '.join([source(), *self._cursors()])}{first}" for source in self.sources]
        if len(parts) == 1:
            return parts[0]
        return f"select {row}.* from (({') union all ('.join(parts)})) {row}{first}"

    def count(self) -> str:
        """How many rows the whole list has."""
        counts = [f"(select count(*) from {source()})" for source in self.sources]
        return counts[0] if len(counts) == 1 else f"({' + '.join(counts)})"

    def _cursors(self) -> list[str]:
        """Rows are compared as wholes: then PostgreSQL seeks to the place instead of filtering what lies before it."""
        descending = self.order.descending
        found = []
        if self.page.after is not None:
            found.append(self._compare("<" if descending else ">", "after"))
        if self.page.before is not None:
            found.append(self._compare(">" if descending else "<", "before"))
        return found

    def _compare(self, operator: str, side: str) -> str:
        ours = ", ".join(self.there.column(name) for name in self.order.names)
        theirs = ", ".join(getattr(self.given, f"{side}_{number}") for number in range(len(self.order.names)))
        return f"({ours}) {operator} ({theirs})"

    def columns(self, row: Row, *, against: bool = False) -> str:
        """What follows ORDER BY: the order of the list, or against it."""
        direction = " desc" if self.order.descending is not against else ""
        return ", ".join(f"{row.column(name)}{direction}" for name in self.order.names)


@dataclass(frozen=True, slots=True)
class _PageWriter:
    writer: "StatementWriter"
    selected: Selected
    here: Row
    window: _Window

    def write(self) -> str:
        parts = [part.name for part in self.selected.below]
        lists = sum(name in ("nodes", "edges") for name in parts)
        if lists == 0 and "pageInfo" not in parts:
            return self._object("")  # Nothing that looks at the rows.
        if "pageInfo" not in parts and lists <= 1:
            return self._object(f"({self.window.read(one_more=False)})")
        name = f"page_{self.window.there.alias}"
        rows = f"with {name} as materialized ({self.window.read(one_more=True)})"
        return f"({rows} select {self._object(name)})"

    def _object(self, rows: str) -> str:
        return concat(object_of(self.selected.below, lambda part: self._part(part, rows)))

    def _part(self, part: Selected, rows: str) -> list[Piece]:
        match part.name:
            case "nodes":
                row = self._row()
                return self._list(self.writer.shown(part, row), rows, row)
            case "edges":
                row = self._row()
                edge = object_of(part.below, lambda inner: self._edge(inner, row))
                return self._list(concat(edge), rows, row)
            case "pageInfo":
                return object_of(part.below, lambda inner: self._info(inner, rows))
            case "totalCount":
                return [Computed(self.window.count())]
            case name:
                raise AssertionError(f"connections have no {name}")

    def _row(self) -> Row:
        return self.writer.new_row(self.window.table.tenant)

    def _list(self, item: str, rows: str, row: Row) -> list[Piece]:
        found = f"select {item} from {self._page(rows)} {row.alias} order by {self.window.columns(row)}"
        return [Literal("["), Computed(f"array_to_string(array({found}), ',')"), Literal("]")]

    def _page(self, rows: str) -> str:
        """The rows of the page without the one more."""
        if rows.startswith("("):
            return rows
        row = self._row()
        against = self.window.columns(row, against=self.window.page.backwards)
        return f"(select * from {rows} {row.alias} order by {against} limit {getattr(self.window.given, SIZE)})"

    def _edge(self, part: Selected, row: Row) -> list[Piece]:
        if part.name == "node":
            return [Computed(self.writer.shown(part, row))]
        return [Literal('"'), Computed(cursor_sql(self.window.order, row.column)), Literal('"')]

    def _info(self, part: Selected, rows: str) -> list[Piece]:
        page = self.window.page
        more = f"(select count(*) > {getattr(self.window.given, SIZE)} from {rows})"
        match part.name:
            case "hasNextPage":
                return [self._flag(page.before is not None if page.backwards else more)]
            case "hasPreviousPage":
                return [self._flag(more if page.backwards else page.after is not None)]
            case "startCursor":
                return [self._cursor(rows, against=False)]
            case "endCursor":
                return [self._cursor(rows, against=True)]
            case name:
                raise AssertionError(f"PageInfo has no {name}")

    def _flag(self, value: bool | str) -> Piece:
        if isinstance(value, bool):
            return Literal("true" if value else "false")
        return Computed(f"case when {value} then 'true' else 'false' end")

    def _cursor(self, rows: str, *, against: bool) -> Piece:
        row = self._row()
        found = f"select '\"' || {cursor_sql(self.window.order, row.column)} || '\"'"
        found += f" from {self._page(rows)} {row.alias} order by {self.window.columns(row, against=against)} limit 1"
        return Computed(f"coalesce(({found}), 'null')")
