"""More than there are connections for: some are told to come back, and nobody that something went wrong."""

import asyncio
from collections import Counter
from contextlib import AsyncExitStack

import httpx
import pytest
from tortoise import connections

from app.server import create_app
from tests.world import PASSWORD, World

CONNECTIONS = 200
LIST = """{ inspections(first: 20) { totalCount nodes {
    number people { role person { name } } invoices { number lines { description amount { formatted } } }
} } }"""
SIGN_IN = f'mutation {{ signIn(input: {{ email: "owner@lakeside.test", password: "{PASSWORD}" }}) {{ __typename }} }}'


async def ask(world: World, query: str, token: str | None) -> httpx.Response:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    return await world.http.post("/graphql", json={"query": query}, headers=headers)


def is_refused_politely(response: httpx.Response) -> bool:
    (error,) = response.json()["errors"]
    return (
        response.headers["retry-after"] == "1"
        and error["extensions"] == {"code": "BUSY", "retryAfterSeconds": 1}
        and "data" not in response.json()
    )


async def test_two_hundred_connections_get_answers_or_busy(world: World) -> None:
    """Never INTERNAL for want of a connection (section 6)."""
    for _ in range(5):
        await world.inspection()
    told: Counter[int] = Counter()

    async def visitor() -> None:
        for _ in range(2):
            response = await ask(world, LIST, world.inspector.token)
            told[response.status_code] += 1
            if response.status_code == 503:
                assert is_refused_politely(response)
            else:
                assert response.json()["data"]["inspections"]["totalCount"] == 5

    await asyncio.gather(*(visitor() for _ in range(CONNECTIONS)))
    assert told.keys() <= {200, 503}
    assert told.total() == 2 * CONNECTIONS
    assert told[200] >= 32, "those that had a place"


async def test_without_a_connection_everything_is_busy(world: World) -> None:
    """Queries, mutations and documents alike; what needs no database is answered."""
    job = await world.inspection()
    url = (await job.read("primaryInvoice { documentUrl }"))["primaryInvoice"]["documentUrl"]
    pool = connections.get("default")._pool
    async with AsyncExitStack() as stack:
        for _ in range(pool.get_max_size()):
            await stack.enter_async_context(pool.acquire())
        query, mutation, document, ready, hello = await asyncio.gather(
            ask(world, LIST, world.inspector.token),
            ask(world, SIGN_IN, None),
            world.http.get(url),
            world.http.get("/readyz"),
            ask(world, "{ viewer { __typename } }", None),
        )
    assert (query.status_code, mutation.status_code, document.status_code) == (503, 503, 503)
    assert is_refused_politely(query)
    assert is_refused_politely(mutation)
    assert document.headers["retry-after"] == "1"
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "failed")
    assert hello.json() == {"data": {"viewer": None}}
    assert (await ask(world, LIST, world.inspector.token)).status_code == 200


@pytest.mark.parametrize("kind", ["queries", "mutations"])
async def test_queries_and_mutations_wait_for_each_other_in_nothing(world: World, kind: str) -> None:
    """Mutations that wait for Stripe leave the places of queries free, and the other way round."""
    app = create_app(world.settings, held=world.held)
    gate = getattr(app.admission, kind)
    entered = [await gate.enter() for _ in range(gate.places)]
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.inspectpay.test") as http:
        query, mutation = await asyncio.gather(
            http.post("/graphql", json={"query": "{ viewer { __typename } }"}),
            http.post("/graphql", json={"query": SIGN_IN}),
        )
    for each in entered:
        gate.leave(each)
    assert {query.status_code, mutation.status_code} == {200, 503}
    assert (query if kind == "queries" else mutation).status_code == 503
