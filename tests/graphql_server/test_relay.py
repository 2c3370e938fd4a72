"""Connections over the API: their pages, their arguments and their cursors."""

from typing import Any

import pytest

from graphql_server.api import Api
from graphql_server.executor import Executor
from tests.graphql_server.toy import INSPECTOR, fields_of
from tests.pages import encode_cursor


async def houses(executor: Executor, arguments: str, selection: str = "nodes { id }") -> Any:
    return await executor.execute(f"{{ houses{arguments} {{ {selection} }} }}", scope=INSPECTOR, context=None)


async def test_a_page_has_edges_nodes_and_its_place(executor: Executor) -> None:
    result = await houses(executor, "(first: 2)", "edges { cursor node { id } } nodes { id } pageInfo { ...P }")
    assert "Unknown fragment 'P'." in [error["message"] for error in result.errors]
    places = "pageInfo { hasNextPage hasPreviousPage startCursor endCursor }"
    result = await houses(executor, "(first: 2)", f"edges {{ cursor node {{ address }} }} nodes {{ address }} {places}")
    first, second = encode_cursor(["h1"]), encode_cursor(["h2"])
    assert result.data["houses"] == {
        "edges": [{"cursor": first, "node": {"address": "1 Elm"}}, {"cursor": second, "node": {"address": "2 Elm"}}],
        "nodes": [{"address": "1 Elm"}, {"address": "2 Elm"}],
        "pageInfo": {"hasNextPage": True, "hasPreviousPage": False, "startCursor": first, "endCursor": second},
    }


@pytest.mark.parametrize(
    ("arguments", "field", "sentence"),
    [
        ("(first: 0)", "first", "first is a number from 1 to 100; it was 0."),
        ("(first: -1)", "first", "first is a number from 1 to 100; it was -1."),
        ("(first: 101)", "first", "first is a number from 1 to 100; it was 101."),
        ("(last: 101)", "last", "last is a number from 1 to 100; it was 101."),
        ("(first: 1, last: 1)", "last", "Ask for first or for last, not for both."),
    ],
)
async def test_arguments_that_make_no_page_are_refused(
    executor: Executor, arguments: str, field: str, sentence: str
) -> None:
    result = await houses(executor, arguments)
    assert result.data is None
    (error,) = result.errors
    assert error["message"] == sentence
    assert error["extensions"] == {"code": "INVALID_INPUT", "field": [field]}


def test_the_names_are_relays(api: Api) -> None:
    connection, edge = fields_of(api, "HouseConnection"), fields_of(api, "HouseEdge")
    assert {name: str(field.type) for name, field in connection.items()} == {
        "edges": "[HouseEdge!]!",
        "nodes": "[House!]!",
        "pageInfo": "PageInfo!",
        "totalCount": "Int!",
    }
    assert {name: str(field.type) for name, field in edge.items()} == {"cursor": "String!", "node": "House!"}
    arguments = fields_of(api, "Query")["houses"].args
    assert list(arguments) == ["first", "after", "last", "before"]
