"""One bookshop database with the compiler and the oracle over the same rows, and how their answers are compared."""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from random import Random
from typing import Any, Final
from uuid import UUID

from graphql import DocumentNode, GraphQLSchema, parse, validate

from graphql_server.reads import Answer, CallerUnknown, Declarations, Pool, Reads, Request, SqlValue, TooCostly, answer
from tests.graphql_server.reads.bookshop import NODES
from tests.graphql_server.reads.bookshop_tables import Line, Rows
from tests.graphql_server.reads.documents import DocumentWriter, Generated
from tests.graphql_server.reads.oracle import NAMED, NEWEST, NUMBERED, TABLE_OF, Asking, Oracle, Seen, Visible
from tests.graphql_server.reads.oracle import global_id as global_id_of

CONTEXT: Final = "https://shop.test"


@dataclass(frozen=True, slots=True)
class Outcome:
    """What is compared of an answer: its data, in order, and each error's path and message."""

    data: object
    errors: Sequence[tuple[tuple[str | int, ...], str]]


@dataclass(frozen=True, slots=True)
class Shop:
    """The rows, what answers questions about them, and who may ask."""

    rows: Rows
    pool: Pool
    reads: Reads
    oracle: Oracle

    @property
    def schema(self) -> GraphQLSchema:
        return self.oracle.schema

    def declared(self, declarations: Declarations) -> "Shop":
        """The same shop, compiled from other declarations."""
        return replace(self, reads=Reads(self.schema, declarations))

    def callers(self) -> list[Asking]:
        """Some of everybody who may ask."""
        reader = next(one for one in self.rows.readers if any(o["reader_id"] == one["id"] for o in self.rows.orders))
        shop = self.rows.shops[1]["id"]
        assert isinstance(shop, UUID)
        return [Asking("STAFF", shop), self.reader(reader["id"]), Asking(None)]

    def reader(self, key: object) -> Asking:
        """A reader who follows their link."""
        found = next(one for one in self.rows.readers if one["id"] == key)
        assert isinstance(found["shop_id"], UUID)
        assert isinstance(key, UUID)
        return Asking("READER", found["shop_id"], key)

    def credentials(self, asking: Asking, *, revoked: bool = False) -> Mapping[str, SqlValue]:
        """What a request of theirs brings along."""
        if asking.scope == "STAFF":
            sessions = [one for one in self.rows.sessions if one["shop_id"] == asking.shop_id]
            key = next(one["id"] for one in sessions if (one["revoked_at"] is not None) is revoked)
            assert isinstance(key, UUID)
            return {"session_id": key}
        return {"token_hash": f"{'revoked' if revoked else 'good'}-{asking.reader_id}"}

    def request(self, source: str, asking: Asking | None = None, **variables: object) -> Request:
        """What a query runs."""
        scope = (asking or self.callers()[0]).scope
        return self.reads.operation(parse(source), None, scope).request(variables)

    async def compiled(self, document: DocumentNode, asking: Asking, variables: Mapping[str, object]) -> Outcome:
        """The compiled answer."""
        request = self.reads.operation(document, None, asking.scope).request(variables)
        return outcome(await answer(request, self.pool, self.credentials(asking), CONTEXT))

    def expected(self, document: DocumentNode, asking: Asking, variables: Mapping[str, object]) -> Outcome:
        """The oracle's answer."""
        found = self.oracle.execute(document, asking, dict(variables))
        errors = [(tuple(error.path or ()), error.message) for error in found.errors or ()]
        return Outcome(found.data, errors)

    async def ask(self, source: str, asking: Asking | None = None, **variables: object) -> Outcome:
        """The compiled answer to a query, which equals the oracle's."""
        document = parse(source)
        assert validate(self.schema, document) == []
        asking = asking or self.callers()[0]
        found = await self.compiled(document, asking, variables)
        assert found == self.expected(document, asking, variables)
        return found

    def id_of(self, type_name: str, key: object) -> str:
        """A row's global id."""
        return global_id_of(Seen(type_name, {"id": str(key)}), Visible(self.rows, Asking(None)))

    def random_document(self, seed: int) -> Generated:
        """A valid document."""
        random = Random(seed)
        while True:
            generated = DocumentWriter(self.schema, random, self._values(random)).write()
            if not validate(self.schema, parse(generated.source)):
                return generated

    def _values(self, random: Random) -> Mapping[str, Sequence[Any]]:
        rows = self.rows
        orders = [self.id_of("Order", random.choice(rows.orders)["id"]) for _ in range(6)]
        nodes = [self.id_of(name, random.choice(self._rows_of(name))["id"]) for name in NODES]
        order, reader = random.choice(rows.orders), random.choice(rows.readers)
        cursors = [NEWEST.cursor(order), NUMBERED.cursor(order), NAMED.cursor(reader), "bm9uZQ", None]
        statuses = ("OPEN", "PAID", None)
        filters: list[object] = [
            None,
            {},
            {"status": "OPEN"},
            {"urgency": "HIGH", "paid": True},
            {"search": 'she said "no"', "status": None},
            {"paid": False, "placedFrom": "2026-03-01T11:30:00.120000+00:00"},
        ]
        return {
            "id": [*orders, *orders, *nodes, "nonsense"],
            "ids": [[], orders[:1], orders, [*nodes, "nonsense", *nodes[:2]]],
            "first": [1, 2, 3, 10, 0, None],
            "last": [1, 4, None],
            "after": cursors,
            "before": cursors,
            "status": statuses,
            "statuses": [None, [], ["OPEN"], ["PAID", "LOST"]],
            "filter": filters,
            "orderBy": [None, "PLACED_ASC", "PLACED_DESC", "NUMBER"],
            "search": [None, reader["name"]],
            "kind": [None, "BOOK", "RECORD", "x"],
            "style": ["plain", "bad", "bare", "none", None],
        }

    def _rows_of(self, type_name: str) -> list[Line]:
        rows = self.rows.named(TABLE_OF.get(type_name, "items"))
        return [row for row in rows if row.get("kind", type_name.upper()) == type_name.upper()]

    def leading_astray(self) -> tuple[str, Asking]:
        """The id of an order whose previous one is, by a defect, another shop's; and staff who may see it."""
        shop_of = {order["id"]: order["shop_id"] for order in self.rows.orders}
        orders = [one for one in self.rows.orders if one["previous_id"] is not None]
        astray = next(one for one in orders if shop_of[one["previous_id"]] != one["shop_id"])
        assert isinstance(astray["shop_id"], UUID)
        return self.id_of("Order", astray["id"]), Asking("STAFF", astray["shop_id"])

    async def is_answered(self, asking: Asking, *, revoked: bool) -> bool:
        """Whether a request is answered at all, with a session or link that is good, or that has been revoked."""
        request = self.request("{ viewer { __typename } }", asking)
        try:
            await answer(request, self.pool, self.credentials(asking, revoked=revoked))
        except CallerUnknown:
            return False
        return True

    async def nodes_differing(self, type_names: Sequence[str], asking: Asking) -> list[str]:
        """The ids of rows that are answered otherwise than by the oracle when asked for by their global ids."""
        document = parse("query ($id: ID!) { node(id: $id) { __typename id } }")
        ids = [self.id_of(name, row["id"]) for name in type_names for row in self._rows_of(name)]
        found = []
        for one in ids:
            answered = await self.compiled(document, asking, {"id": one})
            if answered != self.expected(document, asking, {"id": one}):
                found.append(one)
        return found

    async def agrees(self, seed: int) -> bool:
        """Whether both answer the random document of that seed alike, the order of fields included."""
        generated = self.random_document(seed)
        document = parse(generated.source)
        asking = self.callers()[seed % 8 if seed % 8 < 3 else seed % 2]
        try:
            found = await self.compiled(document, asking, generated.variables)
        except TooCostly:
            return True  # Refused before it runs: there is nothing to compare.
        expected = self.expected(document, asking, generated.variables)
        return ordered(found.data) == ordered(expected.data) and found.errors == expected.errors


def outcome(found: Answer) -> Outcome:
    """The answer as it is compared."""
    return Outcome(json.loads(found.data), [(error.path, str(error.error)) for error in found.errors])


def ordered(value: object) -> object:
    """The value with its objects as lists, so that the order of their fields is compared too."""
    if isinstance(value, dict):
        return [(key, ordered(item)) for key, item in value.items()]
    if isinstance(value, list):
        return [ordered(item) for item in value]
    return value
