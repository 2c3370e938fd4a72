"""Whatever a document says, its compiled answer equals graphql-core's; and the comparison notices what it must."""

import os
from dataclasses import replace

import pytest
from graphql import parse

from graphql_server.reads import Caller, Table
from graphql_server.reads.rows import Row
from graphql_server.reads.statement import StatementWriter
from tests.graphql_server.reads.bookshop import DECLARATIONS
from tests.graphql_server.reads.fields_seen import fields_seen
from tests.graphql_server.reads.shop import Shop

FIRST_SEED = int(os.environ.get("READS_SEED", "0"))
DOCUMENTS = int(os.environ.get("READS_DOCUMENTS", "150"))
SEEDS = range(FIRST_SEED, FIRST_SEED + DOCUMENTS)
TYPES_OF = {"readers": ["Reader"], "orders": ["Order"], "lines": ["Line"], "items": ["Book", "Record"]}


async def test_random_documents_are_answered_as_graphql_core_does(shop: Shop) -> None:
    """Data, the order of its fields, and all errors with their paths are equal for every scope, value for value.

    The documents leave out nothing that a query can select.
    """
    seen: set[str] = set()
    for seed in SEEDS:
        generated = shop.random_document(seed)
        assert await shop.agrees(seed), f"seed {seed}:\n{generated.source}\n{generated.variables}"
        seen |= fields_seen(shop.schema, parse(generated.source))
    left_out = {"Subscription.orderChanged", "Mutation.payOrder", "OrderPayload.order"}
    assert fields_seen(shop.schema, None) - seen == left_out


@pytest.mark.parametrize("table", TYPES_OF)
async def test_a_dropped_visibility_predicate_is_noticed(shop: Shop, table: str) -> None:
    """A table whose rows all readers could see would be noticed by the comparison."""
    open_to_all = Table(DECLARATIONS.tables[table].name, {"STAFF": "true", "READER": "true"}, tenant="shop_id")
    mutant = replace(DECLARATIONS, tables={**DECLARATIONS.tables, table: open_to_all})
    reader = shop.callers()[1]
    assert await shop.nodes_differing(TYPES_OF[table], reader) == []
    assert await shop.declared(mutant).nodes_differing(TYPES_OF[table], reader) != []


@pytest.mark.parametrize(("type_name", "column"), [("Order", "shop_id"), ("Shop", "id")])
async def test_a_forgotten_tenant_is_noticed(
    shop: Shop, type_name: str, column: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads that did not compare whose a row is would be noticed."""
    staff = shop.callers()[0]
    assert await shop.nodes_differing([type_name], staff) == []
    _forget_tenant(monkeypatch, column)
    assert await shop.nodes_differing([type_name], staff) != []


async def test_a_tenant_forgotten_along_a_relation_is_noticed(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    """A row that leads to another tenant's by mistake would be followed."""
    order, staff = shop.leading_astray()
    source = "query ($id: ID!) { order(id: $id) { previous { id } } }"
    await shop.ask(source, staff, id=order)
    _forget_tenant(monkeypatch, "shop_id")
    with pytest.raises(AssertionError):
        await shop.ask(source, staff, id=order)


def _forget_tenant(monkeypatch: pytest.MonkeyPatch, column: str) -> None:
    whole = StatementWriter.new_row

    def forgetful(writer: StatementWriter, tenant_column: str) -> Row:
        """A row that says it is of the caller's tenant, whoever's it is."""
        row = whole(writer, tenant_column)
        return replace(row, tenant="caller.shop_id") if tenant_column == column else row

    monkeypatch.setattr(StatementWriter, "new_row", forgetful)


@pytest.mark.parametrize("scope", ["STAFF", "READER"])
async def test_ignored_revocation_is_noticed(shop: Shop, scope: str) -> None:
    """A caller whose query forgets `revoked_at` would answer somebody whose rights have ended."""
    caller = DECLARATIONS.callers[scope]
    alias = "s" if scope == "STAFF" else "l"
    forgetful = Caller(caller.sql.replace(f" and {alias}.revoked_at is null", ""), caller.takes, tenant="shop_id")
    mutant = shop.declared(replace(DECLARATIONS, callers={**DECLARATIONS.callers, scope: forgetful}))
    asking = next(one for one in shop.callers() if one.scope == scope)
    assert await shop.is_answered(asking, revoked=False)
    assert not await shop.is_answered(asking, revoked=True)
    assert await mutant.is_answered(asking, revoked=True)
