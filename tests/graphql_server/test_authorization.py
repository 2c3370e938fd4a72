"""A document is refused as a whole, before anything runs, for every field that its request's scope may not read."""

import pytest

from graphql_server.access import Public, may_read
from graphql_server.api import Api
from graphql_server.executor import Executor
from graphql_server.results import Outcome, Result
from tests.graphql_server.toy import CLIENT, COUNTED, INSPECTOR, PAYER, Scope, fields_of


async def refused(executor: Executor, source: str, scope: Scope | None) -> Result:
    """The result of a document that must not run."""
    ran_before = list(COUNTED)
    result = await executor.execute(source, scope=scope, context=None)
    assert "data" not in result.as_response()
    assert ran_before == COUNTED
    return result


SECRETS = {
    "plainly": "{ house { secret } }",
    "under another name": "{ house { address: secret } }",
    "in an inline fragment": "{ house { ... on House { secret } } }",
    "in an untyped fragment": "{ house { ... { secret } } }",
    "in a named fragment": "{ house { ...F } } fragment F on House { ...G } fragment G on House { secret }",
    "where @skip leaves it out": "query ($s: Boolean = true) { house { id secret @skip(if: $s) } }",
    "where @include leaves it out": "{ house { id ... @include(if: false) { secret } } }",
    "through an interface": '{ node(id: "h1") { id ... on House { secret } } }',
    "through a union": "{ things { ... on House { secret } } }",
    "in an operation that is not run": "query Good { house { id } } query Bad { house { secret } }",
    "beside an allowed root field": "{ hello house { secret } }",
}


@pytest.mark.parametrize("way", SECRETS)
async def test_a_field_is_refused_whichever_way_it_is_selected(executor: Executor, way: str) -> None:
    result = await refused(executor, SECRETS[way], CLIENT)
    assert result.outcome is Outcome.REFUSED
    assert [error["message"] for error in result.errors] == ["House.secret may not be read with scope CLIENT."]
    assert [error["extensions"] for error in result.errors] == [{"code": "FORBIDDEN"}]


async def test_one_error_a_field_with_every_place_it_is_selected(executor: Executor) -> None:
    result = await refused(executor, "{\n  house { secret again: secret history }\n}", CLIENT)
    assert [(error["message"].split(" ")[0], len(error["locations"])) for error in result.errors] == [
        ("House.secret", 2),
        ("House.history", 1),
    ]


async def test_without_a_token_the_answer_is_unauthenticated(executor: Executor) -> None:
    result = await refused(executor, "{ hello house { id } }", None)
    assert result.outcome is Outcome.UNAUTHENTICATED
    assert {error["extensions"]["code"] for error in result.errors} == {"UNAUTHENTICATED"}
    assert result.errors[0]["message"] == "Query.house needs a bearer token in the Authorization header."


async def test_a_mutation_that_is_not_allowed_changes_nothing(executor: Executor) -> None:
    result = await refused(executor, 'mutation { paint(input: {color: "red"}) }', PAYER)
    assert [error["message"] for error in result.errors] == ["Mutation.paint may not be read with scope PAYER."]


async def test_fields_of_a_connection_have_its_scopes(executor: Executor) -> None:
    source = "{ houses { edges { cursor node { id } } nodes { id } pageInfo { hasNextPage } totalCount } }"
    assert (await executor.execute(source, scope=INSPECTOR, context=None)).errors == []
    result = await refused(executor, source, PAYER)
    names = {error["message"].split(" ")[0] for error in result.errors}
    assert {"Query.houses", "HouseConnection.totalCount", "HouseEdge.node"} <= names


async def test_anybody_may_read_what_is_public(executor: Executor) -> None:
    for scope in (None, *Scope):
        assert (await executor.execute("{ hello __typename }", scope=scope, context=None)).data is not None


async def test_introspection_is_for_everybody_or_for_nobody(api: Api) -> None:
    source = '{ __schema { types { name } } __type(name: "House") { fields { name } } }'
    for scope in (None, *Scope):
        opened = await Executor(api, introspection=True).execute(source, scope=scope, context=None)
        closed = await Executor(api, introspection=False).execute(source, scope=scope, context=None)
        assert opened.errors == []
        assert closed.data is None
        assert closed.errors


ARGUMENTS = {"node": '(id: "h1")', "currency": "(mood: CALM)", "paint": '(input: {color: "red"})'}


async def test_the_matrix_is_enforced_field_by_field_and_scope_by_scope(executor: Executor, api: Api) -> None:
    for coordinate, readers in api.matrix.items():
        owner, name = coordinate.split(".")
        field = fields_of(api, owner)[name]
        leaf = " { __typename }" if hasattr(getattr(field.type, "of_type", field.type), "fields") else ""
        source = f"query {{ hello }} fragment F on {owner} {{ {name}{ARGUMENTS.get(name, '')}{leaf} }}"
        for scope in (None, *Scope):
            prepared = executor.documents.prepare(source, scope)
            blamed = any(error["message"].startswith(f"{coordinate} ") for error in prepared.errors)
            assert blamed is not may_read(field, scope), (coordinate, scope)
            assert blamed is not (isinstance(readers, Public) or scope in readers), (coordinate, scope)
