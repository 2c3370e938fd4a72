"""The bookshop's tables and rows: made from a seed, with everything in them that is awkward to print or to compare."""

import json
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from random import Random
from typing import Final, TypeAlias
from uuid import UUID

import asyncpg

Cell: TypeAlias = "str | int | float | bool | UUID | datetime | list[str] | dict[str, object] | None"
Line: TypeAlias = dict[str, Cell]

TABLES: Final = """
create table shops (id uuid primary key, name text not null, currency text not null);
create table sessions (id uuid primary key, shop_id uuid not null, revoked_at timestamptz);
create table reader_links (
  token_hash text primary key, shop_id uuid not null, reader_id uuid not null, revoked_at timestamptz);
create table readers (
  id uuid primary key, shop_id uuid not null, name text collate "C" not null, email text);
create table orders (
  id uuid primary key, shop_id uuid not null, reader_id uuid, previous_id uuid, number text collate "C" not null,
  status text not null, urgency text, placed_at timestamptz not null, paid_at timestamptz, note text,
  gift boolean not null, insured boolean, weight float8, copies int, tags text[] not null, extra jsonb,
  currency text not null, total_minor bigint not null, tip_minor bigint);
create table items (
  id uuid primary key, shop_id uuid not null, kind text not null, title text not null, currency text not null,
  price_minor bigint not null, pages int, minutes int);
create table order_lines (
  id uuid primary key, shop_id uuid not null, order_id uuid not null, item_id uuid, position int not null, title text,
  currency text not null, amount_minor bigint not null, removed_at timestamptz);
"""

TEXTS: Final = (
    "plain",
    "",
    'she said "no"',
    "back\\slash \\n \\u0041",
    "line\nbreak\ttab\rreturn",
    "\x01\x02\x03\x04 marks \x1f\x7f",
    "naïve Ω 漢字 🙂\u2028",
    "it's {row.id} $1 :name %s",
    "</script>&amp;",
    " spaces ",
)
CURRENCIES: Final = ("USD", "EUR", "JPY")
MOMENT: Final = datetime(2026, 3, 1, 9, 30, tzinfo=UTC)


@dataclass(slots=True)
class Rows:
    """All rows by table."""

    shops: list[Line] = field(default_factory=list)
    sessions: list[Line] = field(default_factory=list)
    reader_links: list[Line] = field(default_factory=list)
    readers: list[Line] = field(default_factory=list)
    orders: list[Line] = field(default_factory=list)
    items: list[Line] = field(default_factory=list)
    order_lines: list[Line] = field(default_factory=list)

    def named(self, table: str) -> list[Line]:
        """The rows of a table."""
        rows: list[Line] = getattr(self, table)
        return rows


class Shopkeeper:
    """Makes rows, the same from the same seed."""

    def __init__(self, seed: int) -> None:
        self.random = Random(seed)
        self.rows = Rows()
        self.count = 0

    def stock(self, *, shops: int = 3) -> Rows:
        """A few shops with readers, items and orders. Now and then a row refers to another shop's: a defect."""
        for _ in range(shops):
            self._shop()
        for order in self.rows.orders:
            if self._rarely():
                order["previous_id"] = self.random.choice(self.rows.orders)["id"]
        self._example()
        return self.rows

    def _example(self) -> None:
        """The shop of the worked example in docs/reads.md, with one order."""
        shop, order, line = (UUID(int=number) for number in (1, 2, 3))
        self.rows.shops.append({"id": shop, "name": "Example", "currency": "USD"})
        self.rows.sessions.append({"id": shop, "shop_id": shop, "revoked_at": None})
        self.rows.orders.append(
            {
                **self.rows.orders[0],
                "id": order,
                "shop_id": shop,
                "reader_id": None,
                "previous_id": None,
                "number": "0042",
                "note": 'For "Ishmael"',
                "currency": "USD",
                "total_minor": 123_456,
            }
        )
        for key, title, removed in ((line, "Moby-Dick", None), (UUID(int=4), "Gift wrap", MOMENT)):
            self.rows.order_lines.append(
                {
                    "id": key,
                    "shop_id": shop,
                    "order_id": order,
                    "item_id": None,
                    "position": 0,
                    "title": title,
                    "currency": "USD",
                    "amount_minor": 123_456,
                    "removed_at": removed,
                }
            )

    def _id(self) -> UUID:
        self.count += 1
        return UUID(int=(self.random.getrandbits(100) << 24) + self.count)

    def _rarely(self) -> bool:
        return self.random.random() < 0.3

    def _text(self) -> str:
        return self.random.choice(TEXTS)

    def _moment(self) -> datetime:
        # Few different moments, so that rows tie and the key decides; some with a fraction of a second.
        micros = self.random.choice((0, 0, 1, 120_000, 123_456))
        return MOMENT + timedelta(hours=self.random.randrange(6), microseconds=micros)

    def _shop(self) -> None:
        rows, shop, currency = self.rows, self._id(), self.random.choice(CURRENCIES)
        rows.shops.append({"id": shop, "name": self._text(), "currency": currency})
        rows.sessions += [{"id": self._id(), "shop_id": shop, "revoked_at": at} for at in (None, MOMENT)]
        readers = [self._reader(shop) for _ in range(4)]
        items = [self._item(shop, currency) for _ in range(5)]
        for number in range(12):
            self._order(shop, number, self.random.choice([*readers, None]), items)

    def _reader(self, shop: UUID) -> UUID:
        reader = self._id()
        email = None if self._rarely() else f"{self._text()}@example.test"
        self.rows.readers.append({"id": reader, "shop_id": shop, "name": self._text(), "email": email})
        for state in ("good", "revoked"):
            revoked = MOMENT if state == "revoked" else None
            link: Line = {
                "token_hash": f"{state}-{reader}",
                "shop_id": shop,
                "reader_id": reader,
                "revoked_at": revoked,
            }
            self.rows.reader_links.append(link)
        return reader

    def _item(self, shop: UUID, currency: str) -> UUID:
        item, book = self._id(), self.random.random() < 0.6
        self.rows.items.append(
            {
                "id": item,
                "shop_id": shop,
                "kind": "BOOK" if book else "RECORD",
                "title": self._text(),
                "currency": currency,
                "price_minor": self.random.randrange(-5, 200_000),
                "pages": self.random.randrange(1000) if book else None,
                "minutes": None if book or self._rarely() else 42,
            }
        )
        return item

    def _order(self, shop: UUID, number: int, reader: UUID | None, items: list[UUID]) -> None:
        choice, order = self.random.choice, self._id()
        extras: list[Cell] = [None, {"a": [1, None, self._text()], "b": {"c": 1.5}}, {}]
        currency = choice(CURRENCIES)
        self.rows.orders.append(
            {
                "id": order,
                "shop_id": shop,
                "reader_id": reader,
                "previous_id": None,
                "number": f"{number:04}",
                "status": choice(("OPEN", "PAID", "LOST")),
                "urgency": choice(("l", "h", None)),
                "placed_at": self._moment(),
                "paid_at": choice((None, self._moment())),
                "note": TEXTS[number] if number < len(TEXTS) else None,
                "gift": choice((True, False)),
                "insured": choice((True, False, None)),
                "weight": choice((None, 0.1, 1e21, -2.5, 3.0)),
                "copies": choice((None, 0, -7, 2**31 - 1)),
                "tags": [self._text() for _ in range(self.random.randrange(3))],
                "extra": choice(extras),
                "currency": currency,
                "total_minor": choice((0, 5, -5, 99, 1234, 123_456_789)),
                "tip_minor": choice((None, 250)),
            }
        )
        for position in range(self.random.randrange(4)):
            self._line(shop, order, choice([*items, None]), position, currency)

    def _line(self, shop: UUID, order: UUID, item: UUID | None, position: int, currency: str) -> None:
        self.rows.order_lines.append(
            {
                "id": self._id(),
                "shop_id": shop,
                "order_id": order,
                "item_id": item,
                "position": position // 2,
                "title": None if self.random.random() < 0.05 else self._text(),
                "currency": currency,
                "amount_minor": self.random.randrange(-500, 50_000),
                "removed_at": MOMENT if self._rarely() else None,
            }
        )


async def create_tables(url: str, rows: Rows) -> None:
    """Make the tables and store the rows."""
    connection = await asyncpg.connect(url)
    try:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        await connection.execute(TABLES)
        for table in Rows.__dataclass_fields__:
            for row in rows.named(table):
                names = ", ".join(f"${number}" for number, _ in enumerate(row, 1))
                await connection.execute(f"insert into {table} ({', '.join(row)}) values ({names})", *row.values())
    finally:
        await connection.close()
