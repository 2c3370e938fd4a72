"""More than there are connections for: some are told to come back, and nobody that something went wrong."""

import asyncio
from collections import Counter
from collections.abc import Iterator
from contextlib import AsyncExitStack, contextmanager

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


@contextmanager
def reading_at_work(world: World) -> Iterator[None]:
    """No connection for reading is free."""
    free = world.held.reading._free
    links = [*free]
    free.clear()
    yield
    free.extend(links)


async def test_without_a_connection_everything_is_busy(world: World) -> None:
    """Queries, mutations and documents alike; whether the process lives is answered all the same."""
    job = await world.inspection()
    url = (await job.read("primaryInvoice { documentUrl }"))["primaryInvoice"]["documentUrl"]
    pool = connections.get("default")._pool
    async with AsyncExitStack() as stack:
        stack.enter_context(reading_at_work(world))
        for _ in range(pool.get_max_size()):
            await stack.enter_async_context(pool.acquire())
        query, mutation, document, ready, alive = await asyncio.gather(
            ask(world, LIST, world.inspector.token),
            ask(world, SIGN_IN, None),
            world.http.get(url),
            world.http.get("/readyz"),
            world.http.get("/healthz"),
        )
    assert (query.status_code, mutation.status_code, document.status_code) == (503, 503, 503)
    assert is_refused_politely(query)
    assert is_refused_politely(mutation)
    assert document.headers["retry-after"] == "1"
    assert (ready.status_code, ready.json()["checks"]["database"]) == (503, "failed")
    assert alive.status_code == 200
    assert (await ask(world, LIST, world.inspector.token)).status_code == 200


@pytest.mark.parametrize("kind", ["queries", "mutations"])
async def test_queries_and_mutations_wait_for_each_other_in_nothing(world: World, kind: str) -> None:
    """Mutations that wait for Stripe leave the places of queries free, and the other way round."""
    app = create_app(world.settings, held=world.held)
    gate = getattr(app.admission, kind)
    for _ in range(gate.places):
        await gate.enter()
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.inspectpay.test") as http:
        query, mutation = await asyncio.gather(
            http.post("/graphql", json={"query": "{ viewer { __typename } }"}),
            http.post("/graphql", json={"query": SIGN_IN}),
        )
    for _ in range(gate.places):
        gate.leave()
    assert {query.status_code, mutation.status_code} == {200, 503}
    assert (query if kind == "queries" else mutation).status_code == 503
