"""Every field and every mutation with every scope, executed: what may be read is there, and the rest does nothing."""

from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path as File

import pytest
import strawberry
from graphql import is_composite_type

import schema
from app.resources import Resources
from app.settings import Settings
from graphql_server.access import SilentFields, allow, format_matrix, may_read
from graphql_server.api import Api
from graphql_server.reads import DeclarationsIncomplete
from rules import clock
from rules.access import Scope
from schema.inputs.orders import ORDER_ENUMS, ORDERS
from schema.mutations.root import Mutation
from schema.query import Query
from schema.reads import declare
from schema.root import NODES, build_api
from tests.api.access_paths import (
    Path,
    Step,
    field_coordinates,
    leaves,
    operation,
    shortest_paths,
    steps_of,
    variables_of,
)
from tests.api.expectations import nothing_changes
from tests.api.mutation_inputs import plausible_input, working_input
from tests.api.rich_world import RichWorld, rich_world
from tests.sandbox_servers import Servers
from tests.world import Json

SCHEMA = build_api().graphql_schema
SCOPES = (None, *Scope)
TYPES = (*NODES, *ORDER_ENUMS)

# Only a new link has an address to tell.
NO_SECOND_FACTOR = {"recoveryCodes", "secondFactorSetup"}
UNTOLD = {
    "revokeGrant": {"url"},
    **dict.fromkeys(("signIn", "refreshSession", "acceptInvitation", "resetPassword"), NO_SECOND_FACTOR),
}

NEVER_SEEN = {
    ("Query.viewer", None),  # Nobody is nobody.
    ("Invoice.voidedAt", Scope.PAYER),  # A payer's link ends with the invoice.
    ("UserError.retryAfterSeconds", Scope.INSPECTOR),  # No waiting lets one invoice; see test_sign_in_limits.
    ("UserError.field", Scope.INSPECTOR),  # What refuses an invoice beforehand is no field; see the mutations.
    ("StripeAccount.reason", Scope.INSPECTOR),  # The company here can charge; see test_lost_accounts.
    *(("Invoice.notice", scope) for scope in Scope),  # No rest is too little to charge here; see test_rests.
}


@pytest.fixture(scope="module")
async def rich(servers: Servers, settings: Settings, held: Resources) -> AsyncIterator[RichWorld]:
    """One world for all of this module, which only adds to it."""
    async with rich_world(servers, settings, held) as made:
        yield made


def paths(scope: Scope | None, *, allowed_only: bool) -> dict[str, Path]:
    """A way to every field of every type that can be reached; the field itself may be refused."""
    ways = shortest_paths(SCHEMA, scope, allowed_only=allowed_only)
    steps = ((way, step) for owner, way in ways.items() for step in steps_of(SCHEMA.type_map[owner]))
    return {step.coordinate: (*way, step) for way, step in steps}


def allowed_paths(scope: Scope | None) -> dict[str, Path]:
    found = paths(scope, allowed_only=True)
    return {coordinate: path for coordinate, path in found.items() if not refused_on(path, scope)}


def ways_of(scope: Scope | None) -> dict[str, Path]:
    """For each field the way on which the least is refused."""
    return {**paths(scope, allowed_only=False), **paths(scope, allowed_only=True)}


def refused_on(path: Path, scope: Scope | None) -> set[str]:
    return {step.coordinate for step in path if not may_read(step.field, scope)}


def variables(path: Path, rich: RichWorld, *, unhappy: bool = False) -> Json:
    """Values for what the path requires: rows that exist, or those of what was called off and withdrawn."""
    known = {
        "Query.node(id:)": rich.invoice_id,
        "Query.nodes(ids:)": [rich.invoice_id],
        "Query.inspection(id:)": rich.canceled.id if unhappy else rich.job.id,
        "Query.invoice(id:)": rich.voided_id if unhappy else rich.invoice_id,
        "Query.paymentReport(from:)": (clock.now() - timedelta(days=180)).isoformat(),
        "Query.paymentReport(to:)": (clock.now() + timedelta(days=180)).isoformat(),
        "Query.paymentReport(groupBy:)": "METHOD",
        "Query.receivablesExportUrl(from:)": "2026-11-01T00:00:00Z",
        "Query.receivablesExportUrl(to:)": "2026-12-01T00:00:00Z",
        "Query.paymentExportUrl(from:)": "2026-11-01T00:00:00Z",
        "Query.paymentExportUrl(to:)": "2026-12-01T00:00:00Z",
    }
    given: Json = {}
    for variable, argument in variables_of(path):
        if argument.startswith("Mutation."):
            given[variable] = plausible_input(rich, argument.removeprefix("Mutation.").removesuffix("(input:)"))
        else:
            assert argument in known, f"Say here what {argument} may be given."
            given[variable] = known[argument]
    return given


@pytest.mark.parametrize("scope", SCOPES)
async def test_what_a_scope_may_not_read_is_refused_before_anything_happens(
    rich: RichWorld, scope: Scope | None
) -> None:
    ways = ways_of(scope)
    assert sorted(ways) == field_coordinates(SCHEMA)
    tried, wrong = 0, []
    async with nothing_changes(rich.world):
        for coordinate, path in ways.items():
            refused = refused_on(path, scope)
            if not refused:
                continue
            tried += 1
            answer = await rich.apis[scope].run(operation(path), **variables(path, rich))
            if problem := _not_refused(answer.body, answer.status, refused, scope):
                wrong.append(f"{coordinate}: {problem}")
    assert wrong == []
    assert tried >= {None: 200, Scope.INSPECTOR: 5, Scope.CLIENT: 100, Scope.PAYER: 150}[scope]


def _not_refused(body: Json, status: int, refused: set[str], scope: Scope | None) -> str | None:
    """What is wrong with the refusal: it names each field once, and holds nothing else."""
    code, expected_status, says = ("FORBIDDEN", 400, "may not be read") if scope else ("UNAUTHENTICATED", 401, "needs")
    errors = body.get("errors", [])
    named = sorted(error["message"].partition(" ")[0] for error in errors)
    alike = all(error["extensions"] == {"code": code} and says in error["message"] for error in errors)
    good = "data" not in body and status == expected_status and named == sorted(refused) and alike
    return None if good else f"{status} {body}"


@pytest.mark.parametrize("scope", SCOPES)
async def test_what_a_scope_may_read_has_a_value(rich: RichWorld, scope: Scope | None) -> None:
    wrong = []
    for coordinate, path in allowed_paths(scope).items():
        if path[0].owner == "Mutation" or (coordinate, scope) in NEVER_SEEN:
            continue
        found = await _read(path, rich, scope)
        if found:
            wrong.append(f"{coordinate}: {found}")
    assert wrong == []


async def _read(path: Path, rich: RichWorld, scope: Scope | None) -> str | None:
    """What is wrong with the answer; what only ends badly is looked for where it did."""
    for unhappy in (False, True):
        answer = await rich.apis[scope].run(operation(path), **variables(path, rich, unhappy=unhappy))
        if answer.status != 200 or "errors" in answer.body:
            return f"{answer.status} {answer.body}"
        if leaves(answer.body["data"], path):
            return None
    return "no value in this world"


def mutations(scope: Scope | None) -> list[Step]:
    return [step for step in steps_of(SCHEMA.type_map["Mutation"]) if may_read(step.field, scope)]


ALLOWED_MUTATIONS = [(step.name, scope) for scope in SCOPES for step in mutations(scope)]


@pytest.mark.parametrize(("name", "scope"), ALLOWED_MUTATIONS)
async def test_a_mutation_that_a_scope_may_run_tells_what_it_changed(
    rich: RichWorld, name: str, scope: Scope | None
) -> None:
    (step,) = [step for step in mutations(scope) if step.name == name]
    api, given = await working_input(rich, name, scope)
    readable = [told for told in steps_of(step.shown) if may_read(told.field, scope)]
    selection = " ".join(f"{told.name}{_inner(told, scope)}" for told in readable)
    payload = await api.mutate(name, selection, **given)
    assert payload.content["userErrors"] == []
    silent = {told.name for told in readable if payload.content[told.name] is None}
    assert silent == UNTOLD.get(name, set())


def _inner(step: Step, scope: Scope | None) -> str:
    """All that is readable behind the field, if it can only be reached by writing; else its name."""
    if not is_composite_type(step.shown):
        return ""
    way = shortest_paths(SCHEMA, scope, allowed_only=True)[step.shown.name]
    if way[0].owner == "Query":
        return " { __typename }"
    return " { " + " ".join(inner.name for inner in steps_of(step.shown) if may_read(inner.field, scope)) + " }"


@pytest.mark.parametrize("scope", SCOPES)
async def test_every_scope_may_read_why_it_was_refused(rich: RichWorld, scope: Scope | None) -> None:
    refused = await rich.apis[scope].mutate("refreshSession", "session { accessToken }", refreshToken="nonsense")
    assert refused.content == {
        "session": None,
        "userErrors": [
            {
                "code": "UNAUTHENTICATED",
                "message": "This session has ended; sign in again.",
                "field": ["refreshToken"],
            }
        ],
    }


def test_what_is_only_reached_by_writing_is_payloads_sessions_refusals_and_notices() -> None:
    for scope in SCOPES:
        written = {path[-1].owner for path in allowed_paths(scope).values() if path[0].owner == "Mutation"}
        assert {owner for owner in written if not owner.endswith("Payload")} <= {
            "Mutation",
            "SessionTokens",
            "SecondFactorSetup",
            "UserError",
            "Notice",
        }


def test_the_snapshots_are_what_the_code_says() -> None:
    folder = File(schema.__file__).parent
    assert (folder / "access.txt").read_text() == format_matrix(build_api().matrix, tuple(Scope))
    assert (folder / "schema.graphql").read_text() == build_api().as_str().rstrip() + "\n"


def test_a_new_field_that_does_not_say_who_may_read_it_stops_the_start() -> None:
    @strawberry.type(name="Query", description="Reading.")
    class Wider(Query):
        internal_note: str
        margin: int = strawberry.field(description="What we earn.")

    with pytest.raises(SilentFields) as refusal:
        Api(Wider, Mutation, scopes=Scope, types=TYPES, scalars=ORDERS)
    assert refusal.value.sentences == (
        "Query.internalNote does not say who may read it: declare it with allow(...) or public(...).",
        "Query.margin does not say who may read it: declare it with allow(...) or public(...).",
        "Query.internalNote has no description: add one.",
    )


def test_a_new_field_that_does_not_say_what_it_shows_stops_the_start() -> None:
    @strawberry.type(name="Query", description="Reading.")
    class Wider(Query):
        internal_note: str = allow(Scope.INSPECTOR, description="Never leaves the company.")

    with pytest.raises(DeclarationsIncomplete) as refusal:
        Api(Wider, Mutation, scopes=Scope, declare=declare, types=TYPES, scalars=ORDERS)
    assert refusal.value.sentences == ("Query.internalNote is not declared.",)


def test_a_new_field_that_says_who_may_read_it_starts() -> None:
    @strawberry.type(name="Query", description="Reading.")
    class Wider(Query):
        internal_note: str = allow(Scope.INSPECTOR, description="Never leaves the company.")

    assert Api(Wider, Mutation, scopes=Scope, types=TYPES, scalars=ORDERS).matrix["Query.internalNote"] == frozenset(
        {Scope.INSPECTOR}
    )
