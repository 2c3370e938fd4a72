"""Guessing links: how often an address may fail, and what that means for others."""

import dataclasses
from datetime import UTC, datetime

import httpx
import pytest
from arq.connections import ArqRedis
from redis.asyncio import ConnectionPool

from app.server import create_app
from app.throttling import LINK_FAILURES
from rules import clock
from rules.links import new_token
from tests.api.expectations import nothing_changes
from tests.world import Api, World

VIEWER = '{ node(id: "anything") { id } }'
"""Whoever may ask is told that there is no such thing."""

FAILURES_MAX = 30


@pytest.fixture(autouse=True)
def still(monkeypatch: pytest.MonkeyPatch) -> None:
    """Time stands still, so that no link expires while tries are counted."""
    moment = datetime.now(UTC)
    monkeypatch.setattr(clock, "now", lambda: moment)


async def tried(http: httpx.AsyncClient, token: str) -> int:
    return (await Api(http, token).run(VIEWER)).status


async def spend(http: httpx.AsyncClient) -> None:
    """Guess as often as an address may, and see that it may."""
    for _ in range(FAILURES_MAX):
        assert await tried(http, new_token()) == 401


async def test_an_address_that_guesses_links_is_told_to_wait(world: World) -> None:
    """After 30 links in a minute that were none, an address is told how long to wait, as data and in the header."""
    assert (LINK_FAILURES.amount, LINK_FAILURES.get_expiry()) == (FAILURES_MAX, 60)
    await spend(world.http)
    async with nothing_changes(world):
        headers = {"Authorization": f"Bearer {new_token()}"}
        response = await world.http.post("/graphql", json={"query": VIEWER}, headers=headers)
    assert response.status_code == 429
    (error,) = response.json()["errors"]
    wait = error["extensions"]["retryAfterSeconds"]
    assert error["extensions"] == {"code": "RATE_LIMITED", "retryAfterSeconds": wait}
    assert error["message"] == f"Too many tries; try again in {wait} seconds."
    assert (1 <= wait <= 60, response.headers["retry-after"]) == (True, str(wait))


async def test_an_address_that_guesses_links_may_still_use_good_ones(world: World) -> None:
    """Good links are no failures, however often they are followed, and open to an address that has none left."""
    good = await (await world.inspection()).client_portal()
    for _ in range(FAILURES_MAX + 10):
        assert (await good.run(VIEWER)).status == 200
    await spend(world.http)
    assert await tried(world.http, new_token()) == 429
    assert (await good.run(VIEWER)).status == 200
    assert (await world.inspector.run(VIEWER)).status == 200
    assert (await world.anybody.run("{ viewer { __typename } }")).status == 200


async def test_other_addresses_are_not_refused(world: World) -> None:
    """What one address fails at is not counted against another."""
    await spend(world.http)
    transport = httpx.ASGITransport(create_app(world.settings, held=world.held), client=("203.0.113.7", 4000))
    async with httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test") as elsewhere:
        assert await tried(elsewhere, new_token()) == 401


async def test_an_address_can_not_be_made_up(world: World) -> None:
    """X-Forwarded-For is read by the server, and only from proxies that it trusts."""
    await spend(world.http)
    for name in ("X-Forwarded-For", "X-Real-IP", "Forwarded"):
        headers = {"Authorization": f"Bearer {new_token()}", name: "203.0.113.9"}
        assert (await world.http.post("/graphql", json={"query": VIEWER}, headers=headers)).status_code == 429


async def test_guesses_are_counted_while_redis_is_away(world: World) -> None:
    """Without Redis good links open, and bad ones are counted by the process."""
    good = await (await world.inspection()).client_portal()
    pool: ConnectionPool = ConnectionPool.from_url("redis://127.0.0.1:1/0", socket_connect_timeout=1)
    app = create_app(world.settings, held=dataclasses.replace(world.held, redis=ArqRedis(pool)))
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://api.inspectpay.test") as http:
        await spend(http)
        assert await tried(http, new_token()) == 429
        assert await tried(http, good.token or "") == 200
    await pool.aclose()


async def test_a_void_invoice_keeps_its_links_ended_whatever_comes_after(world: World) -> None:
    """A void invoice's links stay ended when the same person is billed again (S17)."""
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


async def test_a_link_that_has_ended_says_whom_to_ask_and_an_unknown_one_does_not(world: World) -> None:
    """Whoever had a good link learns who can send another; whoever guesses learns nothing (S70)."""
    job = await world.inspection()
    client, mum = await job.client_portal(), {"email": "mum@people.test"}
    shared = await client.mutate("shareClientPortal", "url grant { id }", inspectionId=job.id, **mum)
    guest = world.bearer(shared.done("url"))
    (await client.mutate("revokeGrant", grantId=shared.content["grant"]["id"])).done("userErrors")
    inspector = await job.read("inspector { name email } company { name }")
    (error,) = (await guest.run(VIEWER)).body["errors"]
    assert error["extensions"] == {"code": "UNAUTHENTICATED"}
    assert error["message"] == (
        f"This link is not valid, or not any more. {inspector['company']['name']} can send you another: "
        f"write to {inspector['inspector']['name']}, {inspector['inspector']['email']}."
    )
    (error,) = (await Api(world.http, new_token()).run(VIEWER)).body["errors"]
    assert error["message"] == "This link is not valid, or not any more."
