"""The real application over HTTP: what the edge does for it is told in the neighbouring files, on a small schema."""

import json
from collections.abc import AsyncIterator

import httpx
import pytest
from tortoise import connections

from app.server import create_app
from graphql_server.http.security import HEADERS
from tests.api.expectations import nothing_changes
from tests.world import PASSWORD, World

SIGN_IN = f'mutation {{ signIn(input: {{ email: "owner@lakeside.test", password: "{PASSWORD}" }}) {{ __typename }} }}'


@pytest.fixture
async def production(world: World) -> AsyncIterator[httpx.AsyncClient]:
    """The application as it is configured in production: without the explorer."""
    app = create_app(world.settings.model_copy(update={"explorer": False}), held=world.held)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test") as http:
        yield http


async def test_every_kind_of_answer_carries_the_headers(world: World, production: httpx.AsyncClient) -> None:
    url = (await (await world.inspection()).read("primaryInvoice { documentUrl }"))["primaryInvoice"]["documentUrl"]
    answers = [
        await production.post("/graphql", json={"query": "{ viewer { __typename } }"}),
        await production.post("/graphql", json={"query": "{ people { totalCount } }"}),
        await production.post("/graphql", content=b"{"),
        await production.post("/graphql", json={}, headers={"Authorization": "Bearer nonsense"}),
        await production.get("/healthz"),
        await production.get("/readyz"),
        await production.get("/nowhere"),
        await production.get(url),
        await production.get(f"{url}0"),
    ]
    assert [answer.status_code for answer in answers] == [200, 401, 415, 400, 200, 200, 404, 200, 404]
    for answer in answers:
        for name, value in HEADERS.items():
            assert name == "Content-Security-Policy" or answer.headers[name] == value
        assert "default-src 'none'" in answer.headers["content-security-policy"]
        assert "frame-ancestors 'none'" in answer.headers["content-security-policy"]
        assert "set-cookie" not in answer.headers


async def test_production_shows_neither_explorer_nor_schema(production: httpx.AsyncClient) -> None:
    assert (await production.get("/graphiql")).status_code == 404
    assert (await production.get("/graphql", headers={"Accept": "text/html"})).status_code == 406
    for query in ("{ __schema { types { name } } }", '{ __type(name: "Invoice") { fields { name } } }'):
        answer = await production.post("/graphql", json={"query": query})
        assert answer.status_code == 400
        assert "data" not in answer.json()
    misspelt = await production.post("/graphql", json={"query": "{ viewr { __typename } }"})
    assert "viewer" not in misspelt.text


async def test_an_unmigrated_database_is_not_ready(world: World) -> None:
    """Without tables, or with a migration missing, readiness fails and says what to run; one that is ahead is ready."""
    ready = await world.http.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]["migrations"]) == (200, "ok")
    database = connections.get("default")
    for change, back, said in (
        ("ALTER TABLE tortoise_migrations RENAME TO away", "ALTER TABLE away RENAME TO tortoise_migrations", "0001_"),
        (
            "UPDATE tortoise_migrations SET name = '9' || name WHERE name LIKE '0002%'",
            "UPDATE tortoise_migrations SET name = substr(name, 2) WHERE name LIKE '9%'",
            "1 migrations are missing, 0002_guards first: run `python -m app migrate`.",
        ),
    ):
        await database.execute_query(change)
        try:
            unready = await world.http.get("/readyz")
        finally:
            await database.execute_query(back)
        assert unready.status_code == 503
        assert unready.json()["checks"]["database"] == "ok"
        assert said in unready.json()["checks"]["migrations"]
    assert (await world.http.get("/readyz")).status_code == 200


async def test_nothing_is_changed_by_what_is_no_proper_post(world: World) -> None:
    json_type, plain_type = {"Content-Type": "application/json"}, {"Content-Type": "text/plain"}
    async with nothing_changes(world):
        answers = [
            await world.http.get("/graphql", params={"query": SIGN_IN}),
            await world.http.post("/graphql", content=json.dumps({"query": SIGN_IN}), headers=plain_type),
            await world.http.post("/graphql", data={"query": SIGN_IN}),
            await world.http.post("/graphql", json=[{"query": SIGN_IN}]),
            await world.http.post("/graphql", json={"query": SIGN_IN}, headers={"Origin": "https://evil.test"}),
            await world.http.post("/graphql", json={"query": SIGN_IN}, headers={"Sec-Fetch-Site": "cross-site"}),
            await world.http.post("/graphql", content=b"{" + b" " * 128 * 1024 + b"}", headers=json_type),
            await world.http.put("/graphql", json={"query": SIGN_IN}),
        ]
    assert [answer.status_code for answer in answers] == [405, 415, 415, 400, 403, 403, 413, 405]
    assert all("data" not in answer.json() for answer in answers)


async def test_only_pages_of_our_frontends_may_read_answers(world: World) -> None:
    ours, theirs = world.settings.origins[0], "https://evil.test"
    for origin, status in ((ours, 200), (theirs, 403), ("null", 403), (f"{ours}.evil.test", 403), (ours.upper(), 403)):
        answer = await world.http.post(
            "/graphql", json={"query": "{ viewer { __typename } }"}, headers={"Origin": origin}
        )
        assert answer.status_code == status, origin
        assert answer.headers.get("access-control-allow-origin") == (ours if status == 200 else None)
        assert "access-control-allow-credentials" not in answer.headers
