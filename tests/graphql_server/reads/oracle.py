"""The bookshop answered by graphql-core, with plain resolvers over rows in memory: what compiled answers must equal.

It shares no code with the compiler: visibility, order, paging and printing are written again, in Python.
"""

import base64
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from typing import Any, TypeAlias
from uuid import UUID

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    execute_sync,
)

from tests.graphql_server.reads.bookshop import NODES, NoSuchOrder, bookshop_schema, parse_id, preview
from tests.graphql_server.reads.bookshop_tables import Line, Rows
from tests.graphql_server.reads.scalars import write_moment

TABLE_OF = {"Shop": "shops", "Reader": "readers", "Order": "orders", "Line": "order_lines"}


@dataclass(frozen=True, slots=True)
class Asking:
    """Whoever asks: their scope, and the rows it is tied to."""

    scope: str | None
    shop_id: UUID | None = None
    reader_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class Seen:
    """A row shown as a type."""

    type_name: str
    row: Line


class Oracle:
    """Answers operations as graphql-core does."""

    def __init__(self, rows: Rows) -> None:
        self.rows = rows
        self.schema = _with_resolvers(bookshop_schema())

    def execute(
        self, document: DocumentNode, asking: Asking, variables: dict[str, Any], name: str | None = None
    ) -> ExecutionResult:
        """The answer to a query."""
        found = execute_sync(
            self.schema,
            document,
            context_value=Visible(self.rows, asking),
            variable_values=variables,
            operation_name=name,
        )
        assert isinstance(found, ExecutionResult)
        return found


@dataclass(frozen=True, slots=True)
class Visible:
    """The rows as whoever asks sees them."""

    rows: Rows
    asking: Asking

    def table(self, name: str) -> list[Line]:
        """The rows of a table that may be seen."""
        tenant = "id" if name == "shops" else "shop_id"
        return [row for row in self.rows.named(name) if row[tenant] == self.asking.shop_id and self._may_see(name, row)]

    def _may_see(self, name: str, row: Line) -> bool:
        if self.asking.scope == "STAFF":
            return True
        if self.asking.scope is None:
            return False
        if name == "readers":
            return row["id"] == self.asking.reader_id
        if name == "orders":
            return row["reader_id"] == self.asking.reader_id
        if name == "order_lines":
            return any(order["id"] == row["order_id"] for order in self.table("orders"))
        return name == "shops" or (name == "items" and row["kind"] == "BOOK")

    def one(self, type_name: str, key: object) -> Seen | None:
        """The row of that key."""
        found = [row for row in self.table(TABLE_OF.get(type_name, "items")) if row["id"] == key]
        return Seen(type_name, found[0]) if found else None

    def many(self, type_name: str, **equal: object) -> list[Seen]:
        """The rows with these values, by key."""
        rows = [row for row in self.table(TABLE_OF[type_name]) if all(row[name] == equal[name] for name in equal)]
        return [Seen(type_name, row) for row in sorted(rows, key=lambda row: bytes_of(row["id"]))]

    def items(self) -> list[Seen]:
        """Books and records, by key."""
        rows = sorted(self.table("items"), key=lambda row: bytes_of(row["id"]))
        return [Seen("Book" if row["kind"] == "BOOK" else "Record", row) for row in rows]


def bytes_of(key: object) -> bytes:
    assert isinstance(key, UUID)
    return key.bytes


def global_id(seen: Seen, _: Visible) -> str:
    return base64.urlsafe_b64encode(f"{seen.type_name}:{seen.row['id']}".encode()).decode()


@dataclass(frozen=True, slots=True)
class Money:
    minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        return Decimal(self.minor).scaleb(0 if self.currency == "JPY" else -2)

    @property
    def formatted(self) -> str:
        sign = {"USD": "$", "EUR": "€", "JPY": "¥"}[self.currency]
        digits = f"{abs(self.amount):,.0f}" if self.currency == "JPY" else f"{abs(self.amount):,.2f}"
        return f"{'-' if self.minor < 0 else ''}{sign}{digits}"


def money(column: str) -> "Resolve":
    def resolve(seen: Seen, _: Visible) -> Money | None:
        minor, currency = seen.row[column], seen.row["currency"]
        assert isinstance(currency, str)
        return None if minor is None else Money(int(str(minor)), currency)

    return resolve


def turnover(visible: Visible, currency: object) -> Money:
    return Money(sum(int(str(row["total_minor"])) for row in visible.table("orders")), str(currency))


def column(name: str) -> "Resolve":
    return lambda seen, _: seen.row[name]


def attribute(name: str) -> "Resolve":
    return lambda value, _: getattr(value, name)


def reader_of(seen: Seen, visible: Visible) -> Seen | None:
    return visible.one("Reader", seen.row["reader_id"])


def shop_of(seen: Seen, visible: Visible) -> Seen | None:
    return visible.one("Shop", seen.row["shop_id"])


def lines_of(seen: Seen, visible: Visible) -> list[Seen]:
    lines = [line for line in visible.many("Line", order_id=seen.row["id"]) if line.row["removed_at"] is None]
    return sorted(lines, key=lambda line: int(str(line.row["position"])))


def loose_lines_of(seen: Seen, visible: Visible) -> list[Seen]:
    return sorted(visible.many("Line", order_id=seen.row["id"]), key=lambda line: -int(str(line.row["position"])))


def items_of(seen: Seen, visible: Visible) -> list[Seen]:
    # Which items belong to an order is no secret of its lines: the compiled condition looks at all of them too.
    shop = seen.row["shop_id"]
    lines = [one for one in visible.rows.order_lines if one["shop_id"] == shop and one["order_id"] == seen.row["id"]]
    wanted = {line["item_id"] for line in lines}
    return [item for item in reversed(visible.items()) if item.row["id"] in wanted]


def item_of(seen: Seen, visible: Visible) -> Seen | None:
    return next((item for item in visible.items() if item.row["id"] == seen.row["item_id"]), None)


def preview_of(seen: Seen, visible: Visible, style: str | None = None) -> object:
    titles = [line.row["title"] for line in lines_of(seen, visible)]
    return preview(style, seen.row["number"], [None if title is None else str(title) for title in titles])


def order_by_id(_: object, visible: Visible, id: str) -> Seen:
    name, key = parse_id(id)
    found = visible.one("Order", key) if name == "Order" else None
    if found is None:
        raise NoSuchOrder
    return found


def firm_order(_: object, visible: Visible, id: str) -> Seen | None:
    name, key = parse_id(id)
    if name != "Order":
        raise NoSuchOrder
    return visible.one("Order", key)


def orders_by_id(_: object, visible: Visible, ids: Sequence[str]) -> list[Seen]:
    keys = {parse_id(one)[1] for one in ids}
    found = [order for order in visible.many("Order") if order.row["id"] in keys]
    return sorted(found, key=lambda order: placed(order.row), reverse=True)


def placed(row: Line) -> datetime:
    moment = row["placed_at"]
    assert isinstance(moment, datetime)
    return moment


def node(_: object, visible: Visible, id: str) -> Seen:
    name, key = parse_id(id)
    found = visible.one(name, key) if name in NODES else None
    if found is None:
        raise NoSuchOrder
    return found


def nodes(_: object, visible: Visible, ids: Sequence[str]) -> list[Seen | None]:
    return [_node(visible, id) for id in ids]


def _node(visible: Visible, id: str) -> Seen | None:
    try:
        name, key = parse_id(id)
    except NoSuchOrder:
        return None
    return visible.one(name, key) if name in NODES else None


def viewer(_: object, visible: Visible) -> Seen | None:
    asking = visible.asking
    if asking.scope is None:
        return None
    row: Line = {"shop_id": asking.shop_id, "reader_id": asking.reader_id}
    return Seen("StaffViewer" if asking.scope == "STAFF" else "ReaderViewer", row)


@dataclass(frozen=True, slots=True)
class PageOf:
    """One page of a list, cut from the whole of it."""

    items: Sequence[Seen]
    cursors: Sequence[str]
    total: int
    next: bool
    previous: bool

    @property
    def edges(self) -> list[tuple[str, Seen]]:
        return list(zip(self.cursors, self.items, strict=True))


@dataclass(frozen=True, slots=True)
class Listing:
    """How a list is ordered: the columns, how each is read from a cursor, and the sizes of its pages."""

    columns: Mapping[str, Callable[[str], Any]]
    descending: bool = False
    size_default: int = 50
    size_max: int = 100

    def key(self, row: Line) -> list[Any]:
        return [row[name] for name in self.columns]

    def place(self, cursor: str, side: str) -> list[Any]:
        try:
            texts = json.loads(base64.b64decode(cursor + "=" * (-len(cursor) % 4), altchars=b"-_", validate=True))
            return [read(text) for read, text in zip(self.columns.values(), texts, strict=True)]
        except ValueError:
            raise ValueError(f"{side} is not a cursor of this list; send one that it returned.") from None

    def cursor(self, row: Line) -> str:
        texts = [write_moment(value) if isinstance(value, datetime) else str(value) for value in self.key(row)]
        text = json.dumps(texts, ensure_ascii=False, separators=(",", ":"))
        return base64.urlsafe_b64encode(text.encode()).decode().rstrip("=")


PLACED: Mapping[str, Callable[[str], Any]] = {"placed_at": datetime.fromisoformat, "id": UUID}
BY_NUMBER: Mapping[str, Callable[[str], Any]] = {"number": str, "id": UUID}
NEWEST = Listing(PLACED, descending=True, size_default=5, size_max=10)
OLDEST = Listing(PLACED, size_default=5, size_max=10)
NUMBERED = Listing(BY_NUMBER, size_default=5, size_max=10)
OF_READER = Listing(BY_NUMBER, size_default=2)
NAMED = Listing({"name": str, "id": UUID}, size_default=3)


def page(items: Sequence[Seen], listing: Listing, arguments: Mapping[str, Any]) -> PageOf:
    """The page that is asked for, or the error that says why there is none."""
    first, last = arguments.get("first"), arguments.get("last")
    if first is not None and last is not None:
        raise ValueError("Ask for first or for last, not for both.")
    name, size = ("last", last) if last is not None else ("first", first)
    if size is not None and not 1 <= size <= listing.size_max:
        raise ValueError(f"{name} is a number from 1 to {listing.size_max}; it was {size}.")
    limit = listing.size_default if size is None else size
    within = sorted((item.row for item in items), key=listing.key, reverse=listing.descending)
    types = {bytes_of(item.row["id"]): item.type_name for item in items}
    for side, beyond in (("after", not listing.descending), ("before", listing.descending)):
        if arguments.get(side) is not None:
            place = listing.place(arguments[side], side)
            within = [row for row in within if (listing.key(row) > place if beyond else listing.key(row) < place)]
    shown = within[-limit:] if last is not None else within[:limit]
    more = len(within) > limit
    return PageOf(
        items=[Seen(types[bytes_of(row["id"])], row) for row in shown],
        cursors=[listing.cursor(row) for row in shown],
        total=len(items),
        next=arguments.get("before") is not None if last is not None else more,
        previous=more if last is not None else arguments.get("after") is not None,
    )


def orders(_: object, visible: Visible, **arguments: Any) -> PageOf:
    wanted = arguments.get("filter") or {}
    found = [order for order in visible.many("Order") if _fits(order.row, wanted)]
    listing = {"NUMBER": NUMBERED, "PLACED_ASC": OLDEST}.get(arguments.get("orderBy") or "", NEWEST)
    return page(found, listing, arguments)


def _fits(row: Line, wanted: Mapping[str, Any]) -> bool:
    given = {name: value for name, value in wanted.items() if value is not None}
    search = given.pop("search", "")
    fits = {
        "status": row["status"],
        "urgency": row["urgency"],
        "paid": row["paid_at"] is not None,
        "placedFrom": "placedFrom" in given and placed(row) >= given["placedFrom"] and given["placedFrom"],
    }
    return search in str(row["note"] or "") and all(fits[name] == value for name, value in given.items())


def order_pages(seen: Seen, visible: Visible, **arguments: Any) -> PageOf:
    statuses = arguments.get("statuses")
    found = visible.many("Order", reader_id=seen.row["id"])
    found = [order for order in found if statuses is None or order.row["status"] in statuses]
    return page(found, OF_READER, arguments)


def readers(_: object, visible: Visible, **arguments: Any) -> PageOf:
    search = arguments.get("search")
    found = [reader for reader in visible.many("Reader") if search is None or reader.row["name"] == search]
    return page(found, NAMED, arguments)


Resolve: TypeAlias = Callable[..., object]

CONNECTION: dict[str, Resolve] = {
    "nodes": lambda found, _: found.items,
    "edges": lambda found, _: found.edges,
    "pageInfo": lambda found, _: found,
    "totalCount": lambda found, _: found.total,
}
EDGE: dict[str, Resolve] = {"cursor": lambda edge, _: edge[0], "node": lambda edge, _: edge[1]}
RESOLVERS: dict[str, dict[str, Resolve]] = {
    "Query": {
        "viewer": viewer,
        "node": node,
        "nodes": nodes,
        "order": order_by_id,
        "firmOrder": firm_order,
        "ordersById": orders_by_id,
        "stock": lambda _, visible: visible.items(),
        "items": lambda _, visible, kind=None: [
            one for one in visible.items() if kind is None or one.row["kind"] == kind
        ],
        "orders": orders,
        "readers": readers,
        "turnover": lambda _, visible: turnover(visible, "EUR"),
    },
    "StaffViewer": {"shop": shop_of},
    "ReaderViewer": {"shop": shop_of, "reader": reader_of},
    "Money": {name: attribute(name) for name in ("amount", "currency", "formatted")},
    "Shop": {
        "name": column("name"),
        "currency": column("currency"),
        "orderCount": lambda _, visible: len(visible.table("orders")),
        "turnover": lambda seen, visible: turnover(visible, seen.row["currency"]),
        "readers": lambda _, visible: sorted(visible.many("Reader"), key=lambda one: str(one.row["name"])),
    },
    "Reader": {
        "name": column("name"),
        "email": column("email"),
        "shop": shop_of,
        "orders": lambda seen, visible, status=None: [
            order
            for order in visible.many("Order", reader_id=seen.row["id"])
            if status is None or order.row["status"] == status
        ],
        "orderPages": order_pages,
    },
    "Order": {
        **{name: column(name) for name in ("number", "status", "urgency", "note", "gift", "insured", "weight")},
        **{name: column(name) for name in ("copies", "tags", "extra")},
        "placedAt": column("placed_at"),
        "paidAt": column("paid_at"),
        "label": column("note"),
        "total": money("total_minor"),
        "tip": money("tip_minor"),
        "reader": reader_of,
        "buyer": reader_of,
        "lines": lines_of,
        "looseLines": loose_lines_of,
        "items": items_of,
        "previous": lambda seen, visible: visible.one("Order", seen.row["previous_id"]),
        "receiptUrl": lambda seen, _: f"https://shop.test/receipts/{seen.row['id']}",
        "preview": preview_of,
        "firmPreview": preview_of,
    },
    "Line": {
        "title": column("title"),
        "amount": money("amount_minor"),
        "item": item_of,
        "order": lambda seen, visible: visible.one("Order", seen.row["order_id"]),
    },
    "Book": {"title": column("title"), "price": money("price_minor"), "pages": column("pages")},
    "Record": {"title": column("title"), "price": money("price_minor"), "minutes": column("minutes")},
    "Preview": {name: attribute(name) for name in ("subject", "lines", "words", "footer", "marks")},
    "Footer": {"text": attribute("text")},
    "OrderConnection": CONNECTION,
    "ReaderConnection": CONNECTION,
    "OrderEdge": EDGE,
    "ReaderEdge": EDGE,
    "PageInfo": {
        "hasNextPage": attribute("next"),
        "hasPreviousPage": attribute("previous"),
        "startCursor": lambda found, _: found.cursors[0] if found.cursors else None,
        "endCursor": lambda found, _: found.cursors[-1] if found.cursors else None,
    },
}


def _with_resolvers(schema: GraphQLSchema) -> GraphQLSchema:
    for type_name, resolvers in RESOLVERS.items():
        named = schema.type_map[type_name]
        assert isinstance(named, GraphQLObjectType)
        for name, field in named.fields.items():
            field.resolve = _resolver(global_id if name == "id" else resolvers[name])
    for named in schema.type_map.values():
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            named.resolve_type = lambda seen, *_: seen.type_name
    return schema


def _resolver(resolve: Resolve) -> Resolve:
    return lambda source, info, **arguments: resolve(source, info.context, **arguments)
