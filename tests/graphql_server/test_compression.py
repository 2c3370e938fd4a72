"""Compression: of long answers to queries, for who takes it, and of nothing that may hold a secret."""

from collections.abc import AsyncIterator

import httpx
import pytest

from graphql_server.http.answers import COMPRESSED_ASIDE_BYTES_MIN, COMPRESSED_BYTES_MIN
from tests.graphql_server.edge import serve

LONG = "x" * COMPRESSED_BYTES_MIN
NODE = "query ($id: ID!) { node(id: $id) { ... on House { address } } }"
PAINT = "mutation ($color: String!) { paint(input: {color: $color}) }"


@pytest.fixture
async def client() -> AsyncIterator[httpx.AsyncClient]:
    async with serve() as client:
        yield client


async def answered(client: httpx.AsyncClient, query: str, encoding: str | None, **variables: str) -> httpx.Response:
    headers = {} if encoding is None else {"Accept-Encoding": encoding}
    if encoding is None:
        client.headers.pop("Accept-Encoding", None)
    return await client.post("/graphql", json={"query": query, "variables": variables}, headers=headers)


@pytest.mark.parametrize("length", [COMPRESSED_BYTES_MIN, COMPRESSED_ASIDE_BYTES_MIN - 1000])
async def test_a_long_answer_is_compressed_for_who_takes_it(client: httpx.AsyncClient, length: int) -> None:
    for encoding in ("gzip", "br, gzip", "deflate, GZIP;q=0.5"):
        response = await answered(client, NODE, encoding, id="x" * length)
        assert response.headers["content-encoding"] == "gzip"
        assert int(response.headers["content-length"]) < length / 10
        assert "accept-encoding" in response.headers["vary"].lower()
        assert response.json() == {"data": {"node": {"address": f"{'x' * length} Elm"}}}


@pytest.mark.parametrize("encoding", [None, "", "identity", "br", "gzip;q=0", "gzipped"])
async def test_who_does_not_take_it_gets_it_plain(client: httpx.AsyncClient, encoding: str | None) -> None:
    response = await answered(client, NODE, encoding, id=LONG)
    assert "content-encoding" not in response.headers
    assert "accept-encoding" in response.headers["vary"].lower()
    assert response.json()["data"]["node"]["address"] == f"{LONG} Elm"


async def test_a_short_answer_stays_as_it_is(client: httpx.AsyncClient) -> None:
    response = await answered(client, NODE, "gzip", id="h1")
    assert "content-encoding" not in response.headers
    assert "vary" not in response.headers


async def test_what_a_mutation_answers_is_not_compressed(client: httpx.AsyncClient) -> None:
    """A new token beside a text that somebody else chose: the compressed length would tell which texts are alike."""
    response = await answered(client, PAINT, "gzip", color=LONG)
    assert response.json() == {"data": {"paint": LONG}}
    assert "content-encoding" not in response.headers
