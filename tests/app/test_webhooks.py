"""Webhooks: only Stripe's own, only in time; they say where to look and nothing else."""

import hashlib
import hmac
import json
import time

import httpx
import pytest

import models
from app.server import create_app
from rules import clock
from tests.world import World, development_settings

SECRET = "whsec_for_tests"


def signed(body: bytes, *, secret: str = SECRET, seconds_off: int = 0) -> dict[str, str]:
    moment = int(time.time()) + seconds_off
    signature = hmac.new(secret.encode(), f"{moment}.".encode() + body, hashlib.sha256).hexdigest()
    return {"Stripe-Signature": f"t={moment},v1={signature}", "Content-Type": "application/json"}


async def post(world: World, body: bytes, headers: dict[str, str] | dict[bytes, bytes]) -> httpx.Response:
    settings = development_settings(world.servers, stripe_webhook_secret=SECRET)
    transport = httpx.ASGITransport(create_app(settings, held=world.held), raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://api.inspectpay.test") as http:
        return await http.post("/webhooks/stripe", content=body, headers=headers)


async def next_hearing_is_now(world: World) -> bool:
    account = await models.ConnectedAccount.get(company_id=world.company_key)
    return account.next_sync_at is not None and account.next_sync_at <= clock.now()


async def quiet(world: World) -> bytes:
    """An event of the company's account, which is not due to be asked for news."""
    await world.hear_news()
    assert not await next_hearing_is_now(world)
    company = await models.Company.get(id=world.company_key)
    return json.dumps({"type": "charge.refunded", "account": company.stripe_account_id}).encode()


async def test_a_genuine_webhook_makes_us_ask_stripe(world: World) -> None:
    body = await quiet(world)
    response = await post(world, body, signed(body))
    assert (response.status_code, response.json()) == (200, {"received": True})
    assert await next_hearing_is_now(world)


@pytest.mark.parametrize("given", [{"secret": "whsec_other"}, {"seconds_off": -301}, {"seconds_off": 301}])
async def test_a_forged_old_or_future_webhook_is_refused(world: World, given: dict[str, str]) -> None:
    body = await quiet(world)
    assert (await post(world, body, signed(body, **given))).status_code == 400  # type: ignore[arg-type]
    assert not await next_hearing_is_now(world)


@pytest.mark.parametrize(
    "header",
    [b"", b"t=,v1=", b"nonsense", b"v1=abc", b"t=1e3,v1=00", b"t=NOW,v1=\xe9", b"t=NOW,v1=\xff", b"t=" + b"9" * 5_000],
)
async def test_a_malformed_signature_is_refused(world: World, header: bytes) -> None:
    """Whatever the header holds, it is no signature and nothing is looked into (section 6)."""
    body = await quiet(world)
    given = {b"Stripe-Signature": header.replace(b"NOW", b"%d" % time.time())}
    response = await post(world, body, given)
    assert response.status_code == 400
    assert not await next_hearing_is_now(world)


@pytest.mark.parametrize(
    "body",
    [b"[]", b"not json", b"\xff", b"[" * 100_000, b"[" * 100_000 + b"]" * 100_000, b'{"a":' * 40_000 + b"1" * 5_000],
)
async def test_a_signed_body_that_is_no_event_is_refused(world: World, body: bytes) -> None:
    """What is no JSON object of a depth that can be read is refused, however it is signed (section 6)."""
    assert (await post(world, body, signed(body))).status_code == 400


@pytest.mark.parametrize("account", ["acct_\u0000", "\ud800", "x" * 100_000, 1e400, ["acct_1"], {}, 10**4000])
async def test_a_signed_event_of_no_account_is_answered(world: World, account: object) -> None:
    """An account that nobody can have is nobody's news, and no fault of ours (section 6)."""
    body = json.dumps({"type": "charge.refunded", "account": account}).encode()
    assert (await post(world, body, signed(body))).status_code == 200


async def test_a_body_that_was_changed_is_refused(world: World) -> None:
    body = await quiet(world)
    headers = signed(body)
    assert (await post(world, body + b" ", headers)).status_code == 400
    assert (await post(world, b" " * (256 * 1024 + 1), headers)).status_code == 413


async def test_without_a_secret_there_is_no_webhook(world: World) -> None:
    assert (await world.http.post("/webhooks/stripe", content=b"{}")).status_code == 404
