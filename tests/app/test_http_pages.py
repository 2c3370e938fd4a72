"""Health and the developers' explorer."""

import asyncio
import re

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


async def test_a_browser_gets_the_explorer_in_development() -> None:
    async with serve(explorer=True) as client:
        pages = [await client.get("/graphql", headers=BROWSER), await client.get("/graphiql")]
    for page in pages:
        assert page.headers["content-type"] == "text/html; charset=utf-8"
        assert "Inspectpay API" in page.text
        assert "/*SCRIPT*/" not in page.text
        policy = page.headers["content-security-policy"]
        nonce = re.search(r"script-src 'nonce-([\w-]+)' https://unpkg\.com;", policy)
        assert nonce is not None
        assert f'<script nonce="{nonce[1]}">' in page.text
        assert "connect-src 'self'" in policy
        assert "frame-ancestors 'none'" in policy
    assert pages[0].headers["content-security-policy"] != pages[1].headers["content-security-policy"]


async def test_whatever_the_explorer_loads_from_elsewhere_is_pinned() -> None:
    async with serve(explorer=True) as client:
        page = (await client.get("/graphiql")).text
    addresses = re.findall(r'"(https?://[^"]+)",\s*"(sha384-[A-Za-z0-9+/]{64})"', page)
    assert len(addresses) == len(re.findall(r"https?://", page)) == 4
    assert "innerHTML" not in page


async def test_the_explorers_own_requests_are_answered() -> None:
    async with serve(explorer=True) as client:
        headers = {"Origin": "https://api.example.com", "Sec-Fetch-Site": "same-origin"}
        assert (await client.post("/graphql", json={"query": "{ hello }"}, headers=headers)).status_code == 200
        response = await client.get("/graphql", params={"query": "{ hello }"}, headers=BROWSER)
        assert response.json() == {"data": {"hello": "world"}}


async def test_there_is_no_explorer_in_production() -> None:
    async with serve(explorer=False) as client:
        assert (await client.get("/graphql", headers=BROWSER)).status_code == 400
        assert (await client.get("/graphql", headers={"Accept": "text/html"})).status_code == 406
        assert (await client.get("/graphiql")).status_code == 404
