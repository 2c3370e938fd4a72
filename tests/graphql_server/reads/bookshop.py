"""The bookshop's declarations: every kind of field that reads can compile."""

import base64
from dataclasses import dataclass
from pathlib import Path
from typing import Final
from uuid import UUID

from graphql import GraphQLEnumType, GraphQLScalarType, GraphQLSchema, build_schema

from graphql_server.reads import (
    JSON,
    MOMENT,
    NOBODY,
    PLAIN,
    Aggregate,
    Arguments,
    Attribute,
    ByArgument,
    ByScope,
    Caller,
    Column,
    Declarations,
    Expression,
    Filling,
    Hole,
    Many,
    ModelType,
    Narrowing,
    One,
    Order,
    Page,
    Related,
    Several,
    Shape,
    Table,
    Value,
    Variants,
    compare,
    equal,
)
from tests.graphql_server.reads.scalars import SCALARS

URGENCIES: Final = {"LOW": "l", "HIGH": "h"}


class NoSuchOrder(Exception):
    """There is no such order, or it is somebody else's."""

    def __init__(self) -> None:
        super().__init__("There is no such order.")


class StyleUnknown(Exception):
    """A preview is asked for in a style that nobody knows."""


def bookshop_schema() -> GraphQLSchema:
    """The schema, whose scalars and enums hold what is stored."""
    schema = build_schema(Path(__file__).with_name("bookshop.graphql").read_text(encoding="utf-8"))
    for name, (read, write) in SCALARS.items():
        scalar = schema.type_map[name]
        assert isinstance(scalar, GraphQLScalarType)
        scalar.coerce_input_value = read
        scalar.coerce_output_value = write
    urgency = schema.type_map["Urgency"]
    assert isinstance(urgency, GraphQLEnumType)
    for name, value in urgency.values.items():
        value.value = URGENCIES[name]
    return schema


def global_id(type_name: str) -> Expression:
    """The id of a row that is unique over all types."""
    text = f"'{type_name}:' || {{row.id}}"
    # None of its characters has a + or / in base64.
    return Expression(f"encode(({text})::bytea, 'base64')", nullable=False, printer=PLAIN)


def money(minor: str, currency: str = "currency", *, when: str = "") -> Shape:
    """Two columns as one Money."""
    return Shape({"minor": f"{{row.{minor}}}", "currency": f"{{row.{currency}}}"}, when=when)


AMOUNT: Final = "case when {row.currency} = 'JPY' then {row.minor}::numeric else {row.minor} * 0.01 end"
FORMATTED: Final = (
    "case when {row.minor} < 0 then '-' else '' end"
    " || case {row.currency} when 'USD' then '$' when 'EUR' then '€' else '¥' end"
    " || case when {row.currency} = 'JPY' then to_char(abs({row.minor}), 'FM999,999,999,990')"
    " else to_char(abs({row.minor}) * 0.01, 'FM999,999,999,990.00') end"
)


def parse_id(value: object) -> tuple[str, UUID]:
    """The type and key of a global id; raises NoSuchOrder for anything else."""
    try:
        name, _, key = base64.urlsafe_b64decode(str(value)).decode().partition(":")
        return name, UUID(key)
    except ValueError:
        raise NoSuchOrder from None


def by_id(arguments: Arguments) -> Narrowing:
    """The one order of a global id."""
    name, key = parse_id(arguments["id"])
    if name != "Order":
        raise NoSuchOrder
    return compare("id", "=", key, "uuid")


def by_ids(arguments: Arguments) -> Narrowing:
    """The orders of several global ids."""
    keys = [parse_id(one)[1] for one in arguments.texts("ids") or ()]
    return Narrowing("{row.id} = any({given.ids})", {"ids": Value(keys, "uuid[]")})


def any_by_id(arguments: Arguments) -> Narrowing:
    """Anything by its global id, which names its type."""
    name, key = parse_id(arguments["id"])
    if name not in NODES:
        raise NoSuchOrder
    return Narrowing("{row.id} = {given.id}", {"id": Value(key, "uuid")}, type_names=(name,))


def several_by_id(arguments: Arguments) -> Narrowing:
    """Anything by global ids."""
    named = [_named(one) for one in arguments.texts("ids") or ()]
    types, keys = [name for name, _ in named], [key for _, key in named]
    values = {"types": Value(types, "text[]"), "keys": Value(keys, "uuid[]")}
    return Narrowing(values=values, type_names=tuple(sorted({*types} - {""})))


def _named(global_id: str) -> tuple[str, UUID]:
    try:
        name, key = parse_id(global_id)
    except NoSuchOrder:
        return "", UUID(int=0)
    return name if name in NODES else "", key


def filtered_orders(arguments: Arguments) -> Narrowing:
    """The orders that a filter leaves, in the order that is asked for."""
    wanted = arguments.within("filter")
    found = equal("status", wanted.text("status")) & equal("urgency", wanted.text("urgency"))
    if search := wanted.text("search"):
        found &= Narrowing("position({given.search} in {row.note}) > 0", {"search": Value(search, "text")})
    if (paid := wanted.flag("paid")) is not None:
        found &= Narrowing("{row.paid_at} is not null" if paid else "{row.paid_at} is null")
    if since := wanted.moment("placedFrom"):
        found &= compare("placed_at", ">=", since, "timestamptz")
    return found & Narrowing(order=ORDERS.get(arguments.text("orderBy") or ""))


def with_statuses(arguments: Arguments) -> Narrowing:
    """The orders with one of several statuses, each of which is read by itself."""
    statuses = arguments.texts("statuses")
    if not statuses:
        return Narrowing("false" if statuses == [] else "")
    wanted = dict(enumerate(dict.fromkeys(statuses)))
    values = {f"status_{number}": Value(status, "text") for number, status in wanted.items()}
    return Narrowing(values=values, either=tuple(f"{{row.status}} = {{given.status_{number}}}" for number in wanted))


BY_PLACED: Final = (("placed_at", "timestamptz"), ("id", "uuid"))
ORDERS: Final = {
    "PLACED_ASC": Order(BY_PLACED),
    "PLACED_DESC": Order(BY_PLACED, descending=True),
    "NUMBER": Order((("number", "text"), ("id", "uuid"))),
}


@dataclass(frozen=True, slots=True)
class Footer:
    text: str | None


@dataclass(frozen=True, slots=True)
class Preview:
    subject: str
    lines: list[str | None]
    words: int | None
    footer: Footer | None
    marks: list[int | None]


def preview(style: object, number: object, titles: list[str | None]) -> Preview | None:
    """What an order's mail will look like; used by the holes and by the oracle."""
    if style == "bad":
        raise StyleUnknown(f"There is no style {style}.")
    if style == "none":
        return None
    footer = Footer(None if style == "bare" else f"{style}\n\x01")
    return Preview(f"Order {number} “{style}”", titles, len(titles) or None, footer, [1, None])


def fill_preview(filling: Filling) -> Preview | None:
    lines = filling.row["lines"]
    assert isinstance(lines, list)
    titles = [line["title"] for line in lines if isinstance(line, dict)]
    texts = [title if isinstance(title, str) else None for title in titles]
    return preview(filling.arguments["style"], filling.row["number"], texts)


def fill_receipt(filling: Filling) -> str:
    return f"{filling.context}/receipts/{filling.row['id']}"


LINES: Final = Many(("position", "id"), {"order_id": "id"}, where="{row.removed_at} is null")
MINE: Final = (
    "(select mine.id from orders mine where mine.shop_id = caller.shop_id and mine.reader_id = caller.reader_id)"
)

TABLES: Final = {
    "shops": Table("shops", {"STAFF": "true", "READER": "true"}, tenant="id"),
    "readers": Table("readers", {"STAFF": "true", "READER": "{row.id} = caller.reader_id"}, tenant="shop_id"),
    "orders": Table("orders", {"STAFF": "true", "READER": "{row.reader_id} = caller.reader_id"}, tenant="shop_id"),
    "lines": Table("order_lines", {"STAFF": "true", "READER": f"{{row.order_id}} in {MINE}"}, tenant="shop_id"),
    "items": Table("items", {"STAFF": "true", "READER": "{row.kind} = 'BOOK'"}, tenant="shop_id"),
}
PREVIEW: Final = Hole(
    {"number": "{row.number}", "lines": Related("lines", LINES, {"title": "{row.title}"})}, fill_preview
)
TURNOVER: Final = Aggregate("orders", "coalesce(sum({row.total_minor}), 0)::bigint", nullable=False)

TYPES: Final = {
    "Query": ModelType(
        {
            "viewer": Shape(),
            "node": One(narrow=any_by_id, missing=lambda _: NoSuchOrder()),
            "nodes": Several(several_by_id),
            "order": One(narrow=by_id, missing=lambda _: NoSuchOrder()),
            "firmOrder": One(narrow=by_id),
            "ordersById": Many(("-placed_at", "id"), narrow=by_ids),
            "stock": Many(("id",)),
            "items": Many(("id",), narrow=lambda arguments: equal("kind", arguments.text("kind"))),
            "orders": Page(ORDERS["PLACED_DESC"], narrow=filtered_orders, size_default=5, size_max=10),
            "readers": Page(
                Order((("name", "text"), ("id", "uuid"))),
                narrow=lambda arguments: equal("name", arguments.text("search")),
                size_default=3,
            ),
            "turnover": Shape({"minor": TURNOVER, "currency": "'EUR'"}),
        }
    ),
    "Subscription": ModelType({"orderChanged": One(narrow=by_id, missing=lambda _: NoSuchOrder())}),
    "OrderPayload": ModelType({"order": One({"id": "changed_id"})}),
    "StaffViewer": ModelType({"shop": One({"id": "shop_id"})}),
    "ReaderViewer": ModelType({"reader": One({"id": "reader_id"}), "shop": One({"id": "shop_id"})}),
    "Money": ModelType(
        {
            "amount": Expression(AMOUNT, nullable=False),
            "currency": Column("currency", nullable=False),
            "formatted": Expression(FORMATTED, nullable=False),
        }
    ),
    "Shop": ModelType(
        {
            "id": global_id("Shop"),
            "name": Column("name", nullable=False),
            "currency": Column("currency", nullable=False),
            "orderCount": Aggregate("orders", "count(*)", nullable=False),
            "turnover": Shape({"minor": TURNOVER, "currency": "{row.currency}"}),
            "readers": Many(("name", "id")),
        },
        "shops",
    ),
    "Reader": ModelType(
        {
            "id": global_id("Reader"),
            "name": Column("name", nullable=False),
            "email": Column("email"),
            "shop": One({"id": "shop_id"}),
            "orders": Many(
                ("id",),
                {"reader_id": "id"},
                narrow=lambda arguments: equal("status", arguments.text("status")),
            ),
            "orderPages": Page(ORDERS["NUMBER"], {"reader_id": "id"}, narrow=with_statuses, size_default=2),
        },
        "readers",
    ),
    "Order": ModelType(
        {
            "id": global_id("Order"),
            "number": Column("number", nullable=False),
            "status": Column("status", nullable=False),
            "urgency": Column("urgency"),
            "placedAt": Column("placed_at", nullable=False),
            "paidAt": Column("paid_at"),
            "note": Column("note"),
            "label": Column("note"),
            "gift": Column("gift", nullable=False),
            "insured": Column("insured"),
            "weight": Column("weight"),
            "copies": Column("copies"),
            "tags": Column("tags", nullable=False),
            "extra": Column("extra"),
            "total": money("total_minor"),
            "tip": money("tip_minor", when="{row.tip_minor} is not null"),
            "reader": One({"id": "reader_id"}),
            "buyer": One({"id": "reader_id"}),
            "lines": LINES,
            "looseLines": Many(("-position", "id"), {"order_id": "id"}),
            "items": Many(
                ("-id",),
                where="{row.id} in (select l.item_id from order_lines l"
                " where l.shop_id = {row.shop_id} and l.order_id = {here.id})",
            ),
            "previous": One({"id": "previous_id"}),
            "receiptUrl": Hole({"id": "{row.id}"}, fill_receipt),
            "preview": PREVIEW,
            "firmPreview": PREVIEW,
        },
        "orders",
    ),
    "Line": ModelType(
        {
            "id": global_id("Line"),
            "title": Column("title"),
            "amount": money("amount_minor"),
            "item": One({"id": "item_id"}),
            "order": One({"id": "order_id"}),
        },
        "lines",
    ),
    "Book": ModelType(
        {
            "id": global_id("Book"),
            "title": Column("title", nullable=False),
            "price": money("price_minor"),
            "pages": Column("pages", nullable=False),
        },
        "items",
    ),
    "Record": ModelType(
        {
            "id": global_id("Record"),
            "title": Column("title", nullable=False),
            "price": money("price_minor"),
            "minutes": Column("minutes"),
        },
        "items",
    ),
    "Preview": ModelType({name: Attribute(name) for name in ("subject", "lines", "words", "footer", "marks")}),
    "Footer": ModelType({"text": Attribute("text")}),
}
NODES: Final = ("Shop", "Reader", "Order", "Line", "Book", "Record")
KINDS: Final = Variants("items", "{row.kind}", {"BOOK": "Book", "RECORD": "Record"})

DECLARATIONS: Final = Declarations(
    tables=TABLES,
    types=TYPES,
    callers={
        None: NOBODY,
        "STAFF": Caller(
            "select s.shop_id from sessions s where s.id = {given.session_id} and s.revoked_at is null",
            {"session_id": "uuid"},
            tenant="shop_id",
        ),
        "READER": Caller(
            "select l.shop_id, l.reader_id from reader_links l"
            " where l.token_hash = {given.token_hash} and l.revoked_at is null",
            {"token_hash": "text"},
            tenant="shop_id",
        ),
    },
    abstract={
        "Node": ByArgument(),
        "Item": KINDS,
        "Stock": KINDS,
        "Viewer": ByScope({"STAFF": "StaffViewer", "READER": "ReaderViewer"}),
    },
    printers={"Moment": MOMENT, "Decimal": PLAIN, "Anything": JSON},
)
