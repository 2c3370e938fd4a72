"""What PostgreSQL writes equals what graphql-core answers over the ORM; and the comparison notices what it must."""

import os
from collections.abc import AsyncIterator
from dataclasses import replace

import pytest
from graphql import parse

import models
from app.resources import Resources
from app.settings import Settings
from graphql_server.reads import Table
from graphql_server.reads.rows import Row
from graphql_server.reads.statement import StatementWriter
from models.conditions import CONDITIONS, EVERYTHING
from rules.access import Scope
from schema.reads import declare
from tests.graphql_server.reads.fields_seen import fields_seen
from tests.sandbox_servers import Servers
from tests.schema.comparison import Comparison, comparison
from tests.schema.every_field import documents_of_every_field

FIRST_SEED = int(os.environ.get("READS_SEED", "0"))
DOCUMENTS = int(os.environ.get("READS_DOCUMENTS", "120"))
SEEDS = range(FIRST_SEED, FIRST_SEED + DOCUMENTS)

NODE = "query($id: ID!) { node(id: $id) { __typename id } }"
NARROWED = [
    (model.__name__, scope)
    for model, conditions in CONDITIONS.items()
    for scope, condition in conditions.items()
    if condition != EVERYTHING and model is not models.SignIn
]
"""Whose rows are read by their ids. Sessions are not: tests/api/test_staff.py has them."""

WHO = {Scope.CLIENT: "guest", Scope.PAYER: "payer"}
"""Guests see the least of what clients see."""


@pytest.fixture(scope="module")
async def compared(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[Comparison]:
    """One world for all of this module, which nobody changes."""
    async with comparison(servers, settings, held) as made:
        yield made


async def test_random_documents_are_answered_as_graphql_core_does(compared: Comparison) -> None:
    """Data, the order of its fields, and errors with their paths, for everybody who may ask."""
    callers = list(compared.principals)
    for seed in SEEDS:
        who = callers[seed % len(callers)]
        generated = compared.random_document(seed, who)
        if generated is None:
            continue
        problem = await compared.differs(generated.source, who, generated.variables)
        assert problem is None, f"seed {seed}, {who}:\n{generated.source}\n{generated.variables}\n{problem}"


async def test_every_field_is_answered_as_graphql_core_does(compared: Comparison) -> None:
    """Each field that a query can select, for each scope that may: nothing is left out (S18, S19)."""
    seen: set[str] = set()
    for who in ("staff", "client", "payer", "guest", "stranger"):
        principal = compared.principals[who]
        assert principal is not None
        for source, variables in documents_of_every_field(compared, principal.scope):
            problem = await compared.differs(source, who, variables)
            assert problem is None, f"{who}:\n{source}\n{problem}"
            seen |= fields_seen(compared.schema, parse(source))
    left_out = {name.partition(".")[0] for name in fields_seen(compared.schema, None) - seen}
    of_writing = {name for name in left_out if name.endswith("Payload")}
    assert left_out - of_writing == {"Mutation", "Subscription", "SessionTokens", "SecondFactorSetup", "Notice"}


async def _seen(compared: Comparison, type_name: str, who: str) -> set[str]:
    """The rows of the type that whoever asks gets by their ids."""
    found = set()
    for one in compared.ids[type_name]:
        answer = await compared.compiled(NODE, who, {"id": one})
        assert isinstance(answer.data, dict)
        found |= {one} if answer.data["node"] else set()
    return found


async def _expected(compared: Comparison, type_name: str, who: str) -> set[str]:
    found = set()
    for one in compared.ids[type_name]:
        answer = await compared.expected(NODE, who, {"id": one})
        assert isinstance(answer.data, dict)
        found |= {one} if answer.data["node"] else set()
    return found


@pytest.mark.parametrize(("type_name", "scope"), NARROWED)
async def test_a_dropped_condition_is_noticed(compared: Comparison, type_name: str, scope: Scope) -> None:
    """Every condition hides something here: without it, other rows would be seen than operations find (S18, S19)."""
    who = WHO[scope]
    expected = await _expected(compared, type_name, who)
    assert await _seen(compared, type_name, who) == expected
    declared = declare(compared.schema)
    table = declared.tables[type_name]
    open_to_all = Table(table.name, {**table.visible, scope: EVERYTHING}, tenant=table.tenant)
    mutant = compared.compiled_from(replace(declared, tables={**declared.tables, type_name: open_to_all}))
    assert await _seen(mutant, type_name, who) > expected


@pytest.mark.parametrize("type_name", ["Inspection", "Invoice", "Person", "Company", "Automation"])
async def test_a_forgotten_company_is_noticed(
    compared: Comparison, type_name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Reads that did not compare the company would show another's rows."""
    expected = await _expected(compared, type_name, "staff")
    assert await _seen(compared, type_name, "staff") == expected
    whole = StatementWriter.new_row

    def forgetful(writer: StatementWriter, tenant_column: str) -> Row:
        """A row that says it is of the caller's company, whoever's it is."""
        return replace(whole(writer, tenant_column), tenant="caller.company_id")

    monkeypatch.setattr(StatementWriter, "new_row", forgetful)
    assert await _seen(compared.compiled_from(declare(compared.schema)), type_name, "staff") > expected


@pytest.mark.parametrize("who", ["staff", "client", "payer"])
async def test_ended_rights_are_noticed_in_the_statement(compared: Comparison, who: str) -> None:
    """A session or link that was revoked gives no answer, not even to who was authenticated a moment before."""
    async with compared.revoked(who):
        assert await compared.is_refused("{ viewer { __typename } }", who)
        declared = declare(compared.schema)
        forgetful = {
            scope: replace(caller, sql=caller.sql.replace("revoked_at is null", "id is not null"))
            for scope, caller in declared.callers.items()
        }
        mutant = compared.compiled_from(replace(declared, callers=forgetful))
        assert not await mutant.is_refused("{ viewer { __typename } }", who), "ignoring revocation is noticed here"
    assert not await compared.is_refused("{ viewer { __typename } }", who)


async def test_a_link_ends_with_the_one_it_was_shared_from(compared: Comparison) -> None:
    """What a client shared is good only as long as the client's own link is (S26)."""
    assert not await compared.is_refused("{ viewer { __typename } }", "guest")
    async with compared.revoked("client"):
        assert await compared.is_refused("{ viewer { __typename } }", "guest")


async def test_an_expired_link_gives_no_answer(compared: Comparison) -> None:
    """Links end by themselves (S23)."""
    async with compared.expired("payer"):
        assert await compared.is_refused("{ viewer { __typename } }", "payer")
