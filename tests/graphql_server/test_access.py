"""Declarations of access: what the SDL shows, what the matrix says, and which schemas do not start."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import pytest
import strawberry
from graphql import GraphQLField, GraphQLString

from graphql_server.access import PUBLIC, SilentFields, allow, format_matrix, may_read, public, shown_by
from graphql_server.api import Api
from graphql_server.reads import Column
from tests.graphql_server.toy import CLIENT, INSPECTOR, PAYER, Scope, fields_of


def test_sdl_shows_who_may_read_each_field(api: Api) -> None:
    sdl = api.as_str()
    assert "directive @requiresScopes(scopes: [[String!]!]!) on FIELD_DEFINITION" in sdl
    assert "directive @public on FIELD_DEFINITION" in sdl
    assert 'address: String! @requiresScopes(scopes: [["INSPECTOR"], ["CLIENT"]])' in sdl
    assert "hello: String! @public" in sdl
    assert 'count: Int! @requiresScopes(scopes: [["INSPECTOR"]])' in sdl


def test_every_field_of_the_schema_is_in_the_matrix(api: Api) -> None:
    assert api.matrix["House.secret"] == frozenset({INSPECTOR})
    assert api.matrix["House.address"] == frozenset({INSPECTOR, CLIENT})
    assert api.matrix["Query.hello"] is PUBLIC
    assert api.matrix["HouseConnection.nodes"] == frozenset({INSPECTOR})
    assert api.matrix["Node.id"] == frozenset(Scope)
    types = [name for name, kind in api.graphql_schema.type_map.items() if hasattr(kind, "interfaces")]
    assert len(api.matrix) == sum(len(fields_of(api, name)) for name in types if not name.startswith("__"))


def test_matrix_prints_one_line_a_field(api: Api) -> None:
    lines = format_matrix(api.matrix, api.scopes).splitlines()
    assert lines[0].split() == ["INSPECTOR", "CLIENT", "PAYER"]
    assert [line.split() for line in lines if line.startswith("House.address")] == [["House.address", "x", "x"]]
    assert [line.split() for line in lines if line.startswith("Query.hello")] == [["Query.hello", "public"]]
    column = lines[0].index("PAYER")
    assert next(line for line in lines if line.startswith("Car.plate")).index("x") == column


def test_what_a_field_shows_is_read_back() -> None:
    shown = fields_of(
        build(a=allow(INSPECTOR, shows=Column("b"), description="A."), c=public(description="C.")), "Query"
    )
    assert (shown_by(shown["a"]), shown_by(shown["c"])) == (Column("b"), None)


def build(**fields: Any) -> Api:
    annotations = dict.fromkeys(fields, str)
    query = strawberry.type(type("Query", (), {"__annotations__": annotations, **fields}), description="Reads.")
    return Api(query, scopes=Scope)


def test_a_field_that_does_not_say_who_may_read_it_keeps_the_schema_from_starting() -> None:
    with pytest.raises(SilentFields) as refusal:
        build(
            quiet=strawberry.field(description="Says nothing."),
            bare=strawberry.field(description="Nor does this."),
            said=public(description="Says it."),
        )
    assert refusal.value.sentences == (
        "Query.quiet does not say who may read it: declare it with allow(...) or public(...).",
        "Query.bare does not say who may read it: declare it with allow(...) or public(...).",
    )


def test_nobody_may_read_a_field_that_says_nothing() -> None:
    silent = GraphQLField(GraphQLString)
    assert not any(may_read(silent, scope) for scope in (None, *Scope))


def test_a_scope_that_the_api_does_not_have_keeps_the_schema_from_starting() -> None:
    with pytest.raises(SilentFields) as refusal:
        build(odd=allow("STRANGER", INSPECTOR, description="For nobody we know."))
    assert refusal.value.sentences == ("Query.odd is for STRANGER, which is no scope of this API.",)


def test_a_silent_mutation_and_a_silent_subscription_keep_the_schema_from_starting() -> None:
    @strawberry.type(description="Reads.")
    class Query:
        said: str = public(description="Says it.")

    @strawberry.type(description="Changes.")
    class Mutation:
        @strawberry.mutation(description="Silent.")
        def change(self) -> str:
            return ""

    @strawberry.type(description="Watches.")
    class Subscription:
        @strawberry.subscription(description="Silent.")
        async def watch(self) -> AsyncIterator[int]:
            yield 1

    with pytest.raises(SilentFields) as refusal:
        Api(Query, Mutation, Subscription, scopes=Scope)
    assert [sentence.split(" ")[0] for sentence in refusal.value.sentences] == ["Mutation.change", "Subscription.watch"]


def test_everything_needs_a_description() -> None:
    @strawberry.input
    class Filter:
        text: str

    @strawberry.type(description="Reads.")
    class Query:
        @public(description=" ")
        def found(self, filter: Filter, other: Annotated[int, strawberry.argument(description="Said.")]) -> str:
            return ""

    with pytest.raises(SilentFields) as refusal:
        Api(Query, scopes=Scope)
    undescribed = {sentence.split(" ")[0] for sentence in refusal.value.sentences}
    assert undescribed == {"Filter", "Filter.text", "Query.found", "Query.found(filter:)"}


def test_an_interface_may_not_admit_more_than_its_types() -> None:
    @strawberry.interface(description="Named.")
    class Named:
        name: str = allow(INSPECTOR, PAYER, description="Its name.")

    @strawberry.type(description="Person.")
    class Person(Named):
        name: str = allow(INSPECTOR, description="Her name.")

    @strawberry.type(description="Reads.")
    class Query:
        named: Named = public(description="Somebody.")

    with pytest.raises(SilentFields, match=r"Named\.name may be read by more than Person\.name"):
        Api(Query, scopes=Scope, types=[Person])
