"""Guessing links: how often an address may fail, and what that means for others."""

import dataclasses
from datetime import UTC, datetime, timedelta

import httpx
import pytest
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool

from app.server import BAD_LINKS_MAX, create_app
from rules import clock
from rules.links import new_token
from tests.api.expectations import nothing_changes
from tests.world import Api, World

VIEWER = "{ viewer { __typename } }"


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still, so that no minute ends while tries are counted."""
    moment = datetime.now(UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)


async def tried(http: httpx.AsyncClient, token: str) -> int:
    return (await Api(http, token).run(VIEWER)).status


async def spend(http: httpx.AsyncClient) -> None:
    """Guess as often as an address may, and see that it may."""
    for _ in range(BAD_LINKS_MAX):
        assert await tried(http, new_token()) == 401


async def test_an_address_that_guesses_links_is_refused_good_ones_too(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else the refusal would tell the one good guess from the rest, and would limit nothing."""
    good = await (await world.inspection()).client_portal()
    assert BAD_LINKS_MAX == 30
    for _ in range(BAD_LINKS_MAX + 10):
        assert (await good.run(VIEWER)).status == 200  # Following a good link is no guess.
    await spend(world.http)
    async with nothing_changes(world):
        for token in (new_token(), good.token or ""):
            response = await world.http.post(
                "/graphql", json={"query": VIEWER}, headers={"Authorization": f"Bearer {token}"}
            )
            assert response.status_code == 429
            assert response.json()["errors"][0]["extensions"]["code"] == "RATE_LIMITED"
            assert 1 <= int(response.headers["retry-after"]) <= 60
    assert (await world.inspector.run(VIEWER)).status == 200  # Staff of the same office work on.
    assert (await world.anybody.run(VIEWER)).status == 200
    moment = clock.now() + timedelta(minutes=1)
    monkeypatch.setattr(clock, "now", lambda: moment)
    assert (await good.run(VIEWER)).status == 200


async def test_other_addresses_are_not_refused(world: World) -> None:
    good = await (await world.inspection()).client_portal()
    await spend(world.http)
    transport = httpx.ASGITransport(create_app(world.settings, held=world.held), client=("203.0.113.7", 4000))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test") as elsewhere:
        assert await tried(elsewhere, good.token or "") == 200


async def test_an_address_can_not_be_made_up(world: World) -> None:
    """X-Forwarded-For is read by the server, and only from proxies that it trusts."""
    await spend(world.http)
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        headers = {"Authorization": f"Bearer {new_token()}", name: "203.0.113.9"}
        assert (await world.http.post("/graphql", json={"query": VIEWER}, headers=headers)).status_code == 429


async def test_guesses_are_counted_while_redis_is_away(world: World) -> None:
    good = await (await world.inspection()).client_portal()
    pool: ConnectionPool = ConnectionPool.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    app = create_app(world.settings, held=dataclasses.replace(world.held, redis=ArqRedis(pool)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.inspectpay.test") as http:
        assert await tried(http, good.token or "") == 200
        await spend(http)
        assert await tried(http, good.token or "") == 429
    await pool.aclose()


async def test_a_void_invoice_keeps_its_links_ended_whatever_comes_after(world: World) -> None:
    """S17"""
    job = await world.inspection()
    first = await job.invoice("125.00")
    payer = await job.payment_link(first["id"])
    await job.api.mutate("voidInvoice", invoiceId=first["id"])
    second = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    fresh = await job.payment_link(second["id"])
    refused = await job.api.mutate("createPaymentLink", "url", invoiceId=first["id"])
    assert (refused.codes, refused.content["url"]) == (["INVOICE_NOT_OPEN"], None)
    assert (await fresh.run(VIEWER)).status == 200
    assert (await payer.run(VIEWER)).status == 401
