"""Trusted documents: named by their hash over HTTP and over a websocket, and nothing else where that is so set."""

from collections.abc import AsyncIterator
from typing import Any

import httpx
import pytest

from graphql_server.executor import Executor
from graphql_server.http.endpoint import GraphQLEndpoint
from graphql_server.trusted_documents import ManifestInvalid, TrustedDocuments, document_id
from tests.graphql_server.edge import API, authenticate, client_of, codes, make_context
from tests.graphql_server.sockets import opened
from tests.graphql_server.toy_server import INSPECTOR_TOKEN, toy_server

HELLO = "query Hello { hello }"
PAINT = "mutation Paint($input: PaintInput!) { paint(input: $input) }"
HOUSE = "subscription ($id: ID!) { houseChanged(id: $id) { address } }"
MANIFEST = {document_id(text): text for text in (HELLO, PAINT, HOUSE)}


async def asking(documents: TrustedDocuments) -> AsyncIterator[httpx.AsyncClient]:
    executor = Executor(API, introspection=True)
    endpoint = GraphQLEndpoint(executor, authenticate=authenticate, make_context=make_context, documents=documents)
    async with client_of(endpoint) as client:
        yield client


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async for client in asking(TrustedDocuments(MANIFEST)):
        yield client


@pytest.fixture
async def strict() -> AsyncIterator[httpx.AsyncClient]:
    async for client in asking(TrustedDocuments(MANIFEST, alone=True)):
        yield client


def test_an_id_is_what_the_draft_says() -> None:
    """Both examples of the draft's appendix."""
    spaced = "query ($id: ID!) {\n  user(id: $id) {\n    name\n  }\n}"
    assert document_id(spaced) == "sha256:7dba4bd717b41f10434822356a93c32b1fb4907b983e854300ad839f84cdcd6e"
    dense = "query($id:ID!){user(id:$id){name}}"
    assert document_id(dense) == "sha256:71f7dc5758652baac68e4a10c50be732b741c892ade2883a99358f52b555286b"


async def test_a_document_is_run_by_its_id(client: httpx.AsyncClient) -> None:
    for response in (
        await client.post("/graphql", json={"documentId": document_id(HELLO)}),
        await client.get("/graphql", params={"documentId": document_id(HELLO), "operationName": ""}),
        await client.post("/graphql", json={"query": HELLO}),
    ):
        assert (response.status_code, response.json()) == (200, {"data": {"hello": "world"}})
    body = {"documentId": document_id(PAINT), "variables": {"input": {"color": "red"}}}
    assert (await client.post("/graphql", json=body)).json() == {"data": {"paint": "red"}}
    assert (await client.get("/graphql", params={"documentId": document_id(PAINT)})).status_code == 405


@pytest.mark.parametrize(
    ("body", "code", "sentence"),
    [
        ({"documentId": document_id("{ hello }")}, "PERSISTED_DOCUMENT_NOT_FOUND", "no document of this documentId"),
        ({"documentId": ""}, "PERSISTED_DOCUMENT_NOT_FOUND", "no document of this documentId"),
        ({"documentId": 1}, "MALFORMED_OPERATION", "documentId must be a string"),
        ({"documentId": "x" * 201}, "MALFORMED_OPERATION", "documentId must be a string"),
        ({"documentId": document_id(HELLO), "query": HELLO}, "MALFORMED_OPERATION", "not both"),
    ],
)
async def test_what_names_no_document_is_refused(
    client: httpx.AsyncClient, body: dict[str, Any], code: str, sentence: str
) -> None:
    for accept in ("*/*", "application/json"):
        response = await client.post("/graphql", json=body, headers={"Accept": accept})
        assert response.status_code == 400
        assert codes(response) == [code]
        assert sentence in response.json()["errors"][0]["message"]
        assert "data" not in response.json()


async def test_where_they_stand_alone_nothing_else_runs(strict: httpx.AsyncClient) -> None:
    """Not even the text of one, and no question about the schema."""
    for source in (HELLO, "{ hello }", "{ __schema { types { name } } }", "{ __typename }"):
        response = await strict.post("/graphql", json={"query": source})
        assert (response.status_code, codes(response)) == (400, ["PERSISTED_DOCUMENT_REQUIRED"])
        response = await strict.get("/graphql", params={"query": source})
        assert (response.status_code, codes(response)) == (400, ["PERSISTED_DOCUMENT_REQUIRED"])
    assert (await strict.post("/graphql", json={"documentId": document_id(HELLO)})).status_code == 200


@pytest.mark.parametrize(
    "manifest",
    [
        {document_id("{ hello }"): HELLO},
        {document_id(HELLO).upper(): HELLO},
        {"hello": HELLO},
        {"md5:" + "0" * 32: HELLO},
        {"": HELLO},
    ],
)
def test_a_manifest_whose_ids_are_not_its_texts_is_refused(manifest: dict[str, str]) -> None:
    with pytest.raises(ManifestInvalid):
        TrustedDocuments(manifest)


def test_a_manifest_may_leave_out_the_prefix() -> None:
    assert TrustedDocuments({document_id(HELLO).removeprefix("sha256:"): HELLO}).texts == {document_id(HELLO): HELLO}


async def test_a_subscription_is_begun_by_its_id() -> None:
    async with toy_server() as toy, opened(toy.port, INSPECTOR_TOKEN) as socket:
        toy.shared.documents = TrustedDocuments(MANIFEST, alone=True)

        async def subscribed(name: str, **payload: Any) -> dict[str, Any]:
            await socket.say(id=name, type="subscribe", payload=payload)
            return await socket.hear()

        value = await subscribed("1", documentId=document_id(HOUSE), variables={"id": "h1"})
        assert (value["type"], value["id"]) == ("next", "1")
        for name, payload, code in (
            ("2", {"query": HOUSE, "variables": {"id": "h1"}}, "PERSISTED_DOCUMENT_REQUIRED"),
            ("3", {"documentId": document_id("{ hello }")}, "PERSISTED_DOCUMENT_NOT_FOUND"),
        ):
            refused = await subscribed(name, **payload)
            assert (refused["type"], refused["id"]) == ("error", name)
            assert [error["extensions"]["code"] for error in refused["payload"]] == [code]
