"""Health, and where a browser at the API is led."""

import asyncio

import pytest

import app.health
from app.health import NotReady
from tests.app.toy_app import serve

BROWSER = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}


async def test_health_says_that_the_process_lives() -> None:
    async with serve(checks={}) as client:
        response = await client.get("/healthz")
    assert (response.status_code, response.json()) == (200, {"status": "ok"})


async def test_readiness_names_what_failed_and_nothing_more(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(app.health, "CHECK_SECONDS_MAX", 0.05)

    async def good() -> bool:
        return True

    async def broken() -> None:
        raise ConnectionError("postgres://user:hunter2@db refused")

    async def hanging() -> None:
        await asyncio.sleep(5)

    async with serve(checks={"database": good, "redis": good}) as client:
        ready = await client.get("/readyz")

    async def unmigrated() -> None:
        raise NotReady("Run `python -m app migrate`.")

    async with serve(checks={"database": broken, "redis": hanging, "other": good, "more": unmigrated}) as client:
        unready = await client.get("/readyz")
    assert (ready.status_code, ready.json()["checks"]) == (200, {"database": "ok", "redis": "ok"})
    assert unready.status_code == 503
    assert unready.json() == {
        "status": "failed",
        "checks": {"database": "failed", "redis": "failed", "other": "ok", "more": "Run `python -m app migrate`."},
    }


async def test_a_browser_is_led_to_graphiql_in_development() -> None:
    """Where the page lies beside the API; programs at the same address are answered as ever."""
    async with serve(explorer=True) as client:
        response = await client.get("/graphql", headers=BROWSER)
        assert (response.status_code, response.headers["location"]) == (303, "graphiql")


async def test_graphiqls_own_requests_are_answered() -> None:
    async with serve(explorer=True) as client:
        headers = {"Origin": "https://api.example.com", "Sec-Fetch-Site": "same-origin"}
        assert (await client.post("/graphql", json={"query": "{ hello }"}, headers=headers)).status_code == 200
        response = await client.get("/graphql", params={"query": "{ hello }"}, headers=BROWSER)
        assert response.json() == {"data": {"hello": "world"}}


async def test_a_browser_is_led_nowhere_in_production() -> None:
    async with serve(explorer=False) as client:
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 400
        assert (await client.get("/graphql", headers={"Accept": "text/html"})).status_code == 406
