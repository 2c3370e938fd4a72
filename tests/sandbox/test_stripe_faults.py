"""Faults, controls, the request log and webhooks: what tests and developers steer the simulator with."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.api import ENDPOINTS
from sandbox.stripe.process import ControlFailed
from tests.sandbox.stripe_shop import CLIENT_WARNING, SECRET_KEY, Shop

pytestmark = CLIENT_WARNING

CREATE = "POST /v1/checkout/sessions$"
SECRET = "whsec_0123456789"


async def count_sessions(shop: Shop) -> int:
    return len((await shop.client.v1.checkout.sessions.list_async({"limit": 100}, shop.options)).data)


async def test_lost_reply_has_its_effect_and_the_retry_gets_the_result(shop: Shop) -> None:
    await shop.server.control("faults", match=CREATE, kind="lost_reply")
    options: Any = {**shop.options, "idempotency_key": "payment:1"}
    with pytest.raises(stripe.APIConnectionError):
        await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    assert await count_sessions(shop) == 1
    session = await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    assert session.status == "open"
    assert await count_sessions(shop) == 1
    log = await shop.server.requests()
    assert [(entry["reply_lost"], entry["replayed"]) for entry in log if entry["method"] == "POST"] == [
        (True, False),
        (False, True),
    ]


async def test_status_fault_has_no_effect_and_a_500_is_saved_under_its_key(shop: Shop) -> None:
    await shop.server.control("faults", match=CREATE, kind="status", value=500)
    options: Any = {**shop.options, "idempotency_key": "payment:1"}
    for _ in range(2):
        with pytest.raises(stripe.APIError) as raised:
            await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
        assert raised.value.http_status == 500
    assert raised.value.headers is not None
    assert raised.value.headers["idempotent-replayed"] == "true"
    assert await count_sessions(shop) == 0
    await shop.server.control("forget_idempotency_keys")
    assert (await shop.client.v1.checkout.sessions.create_async(shop.order(), options)).status == "open"


@pytest.mark.parametrize(
    ("fault", "error"),
    [
        ({"value": 429}, stripe.RateLimitError),
        ({"value": 503}, stripe.APIError),
        ({"value": 409}, stripe.APIError),
        ({"value": 500, "saved": False}, stripe.APIError),
    ],
)
async def test_fault_that_executed_nothing_is_not_saved(
    shop: Shop, fault: dict[str, Any], error: type[stripe.StripeError]
) -> None:
    await shop.server.control("faults", match=CREATE, kind="status", **fault)
    options: Any = {**shop.options, "idempotency_key": "payment:1"}
    with pytest.raises(error) as raised:
        await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    assert raised.value.http_status == fault["value"]
    assert (await shop.client.v1.checkout.sessions.create_async(shop.order(), options)).status == "open"


async def ids_for(shop: Shop) -> dict[str, str]:
    """An object for each endpoint to work on, by the path that leads to it."""
    opened, paid, refunded, disputed = await shop.open(), await shop.paid(), await shop.paid(), await shop.paid()
    waiting = await shop.refund(refunded)
    await shop.server.control(f"refunds/{waiting.id}", status="requires_action")
    return {
        "checkout/sessions": opened.id,
        "payment_intents": paid.payment_intent.id,
        "refunds": waiting.id,
        "disputes": await shop.server.foreign_dispute(payment_intent_id=disputed.payment_intent.id),
    }


def form_of(shop: Shop, endpoint: str, ids: dict[str, str]) -> dict[str, str]:
    """What a call of `endpoint` says, as a form."""
    return {
        "/v1/accounts": {"type": "standard"},
        "/v1/account_links": {
            "account": shop.account,
            "type": "account_onboarding",
            "refresh_url": "https://shop.test/",
            "return_url": "https://shop.test/",
        },
        "/v1/checkout/sessions": {
            "mode": "payment",
            "success_url": "https://shop.test/",
            "line_items[0][price_data][currency]": "usd",
            "line_items[0][price_data][unit_amount]": "900",
            "line_items[0][price_data][product_data][name]": "Inspection",
        },
        "/v1/payment_intents/{id}": {"metadata[seen]": "1"},
        "/v1/refunds": {"payment_intent": ids["payment_intents"]},
        "/v1/refunds/{id}": {"metadata[seen]": "1"},
    }.get(endpoint, {})


KEYED = sorted(e.pattern.pattern.replace("([^/]+)", "{id}") for e in ENDPOINTS if e.method == "POST")
OF_THE_PLATFORM = ("/v1/accounts", "/v1/account_links")


@pytest.mark.parametrize("after_effect", [False, True])
@pytest.mark.parametrize("endpoint", KEYED)
async def test_500_is_saved_under_a_key_before_or_after_the_effect(
    shop: Shop, endpoint: str, after_effect: bool
) -> None:
    """At every endpoint that takes a key, a 500 is repeated for its key whatever it did; another key is free."""
    ids = await ids_for(shop)
    resource = endpoint.removeprefix("/v1/").partition("/{id}")[0]
    path = endpoint.replace("{id}", ids.get(resource, ""))
    shown = path.removesuffix("/expire").removesuffix("/cancel").removesuffix("/close")
    account = {} if endpoint in OF_THE_PLATFORM else {"Stripe-Account": shop.account}
    headers = {"Authorization": f"Bearer {SECRET_KEY}", **account}
    is_seen = endpoint != "/v1/account_links"  # A link is only an address: Stripe doesn't tell which were made.

    async def call(key: str) -> httpx.Response:
        form = form_of(shop, endpoint, ids)
        return await shop.server.client.post(path, data=form, headers={**headers, "Idempotency-Key": key})

    async def effect() -> str:
        return (await shop.server.client.get(shown, headers=headers)).text if is_seen else ""

    before = await effect()
    await shop.server.save_500("POST " + endpoint.replace("{id}", "*") + "$", after_effect=after_effect)
    for is_replay in (False, True, True):
        answer = await call("key:1")
        assert (answer.status_code, answer.headers["stripe-should-retry"]) == (500, "false")
        assert ("idempotent-replayed" in answer.headers) == is_replay
    assert (await effect() != before) == (after_effect and is_seen)
    if not after_effect:
        assert (await call("key:2")).status_code == 200
        assert (await effect() != before) == is_seen


async def test_client_that_retries_by_itself_gets_through(shop: Shop) -> None:
    http = stripe.HTTPXClient()
    client = stripe.StripeClient(
        SECRET_KEY, base_addresses={"api": shop.server.url}, http_client=http, max_network_retries=1
    )
    for fault in ({"kind": "lost_reply"}, {"kind": "status", "value": 503}):
        await shop.server.control("faults", match=CREATE, **fault)
        await client.v1.checkout.sessions.create_async(shop.order(), shop.options)
    assert await count_sessions(shop) == 2
    await http.close_async()  # type: ignore[no-untyped-call]


async def test_latency_delays_the_reply(shop: Shop) -> None:
    await shop.server.control("faults", match="GET /v1/checkout/sessions/*", kind="latency", value=250)
    session = await shop.open()
    started = time.monotonic()
    await shop.read(session)
    assert time.monotonic() - started >= 0.25
    started = time.monotonic()
    await shop.read(session)
    assert time.monotonic() - started < 0.25


async def test_fault_strikes_as_often_as_asked_and_only_where_it_matches(shop: Shop) -> None:
    await shop.server.control("faults", match="* /v1/refunds/*/cancel", kind="status", value=500, count=2)
    session = await shop.paid()
    refund = await shop.refund(session)  # The longer path alone is matched.
    for status in (500, 500, 400):
        with pytest.raises(stripe.StripeError) as raised:
            await shop.client.v1.refunds.cancel_async(refund.id, None, shop.options)
        assert raised.value.http_status == status
    assert await shop.server.control("faults", method="GET") == {"data": []}


async def test_faults_are_listed_and_taken_away(shop: Shop) -> None:
    await shop.server.control("faults", match="GET /v1/refunds", kind="status", value=500, count=None)
    (waiting,) = (await shop.server.control("faults", method="GET"))["data"]
    assert (waiting["match"], waiting["value"], waiting["count"]) == ("GET /v1/refunds", 500, None)
    await shop.server.control("faults", method="DELETE")
    assert (await shop.client.v1.refunds.list_async({}, shop.options)).data == []


@pytest.mark.parametrize(
    ("fault", "complaint"),
    [
        ({"kind": "status", "value": 500}, "match is missing"),
        ({"match": "refunds", "kind": "status", "value": 500}, "match must look like"),
        ({"match": "GET /v1", "kind": "explosion"}, "kind must be one of"),
        ({"match": "GET /v1", "kind": "status", "value": 200}, "400 to 599"),
        ({"match": "GET /v1", "kind": "latency", "value": "long"}, "value must be an integer"),
        ({"match": "GET /v1", "kind": "latency", "invented": 1}, "invented is unknown"),
        ({"match": "GET /v1", "kind": "lost_reply", "effect": True}, "effect: only an error"),
        ({"match": "GET /v1", "kind": "status", "value": 429, "effect": True}, "effect: only an error"),
        ({"match": "GET /v1", "kind": "status", "value": 500, "saved": False, "effect": True}, "effect: only an error"),
    ],
)
async def test_fault_that_cannot_be_understood_is_refused(shop: Shop, fault: dict[str, Any], complaint: str) -> None:
    with pytest.raises(ControlFailed, match=complaint):
        await shop.server.control("faults", **fault)


async def test_log_shows_requests_without_secrets(shop: Shop) -> None:
    options: Any = {**shop.options, "idempotency_key": "payment:1"}
    await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    (entry,) = await shop.server.requests()
    assert (entry["method"], entry["path"], entry["status"]) == ("POST", "/v1/checkout/sessions", 200)
    assert (entry["account"], entry["idempotency_key"]) == (shop.account, "payment:1")
    assert entry["params"]["line_items"][0]["price_data"]["unit_amount"] == "12345"
    assert entry["headers"]["authorization"] == "[redacted]"
    assert SECRET_KEY not in json.dumps(entry)
    assert "response" not in entry
    (entry,) = await shop.server.requests(with_bodies=True)
    assert entry["response"]["object"] == "checkout.session"
    await shop.server.control("requests", method="DELETE")
    assert await shop.server.requests() == []


async def test_reset_empties_everything(shop: Shop) -> None:
    await shop.paid()
    await shop.server.control("faults", match="GET /v1", kind="status", value=500)
    await shop.server.control("clock", advance_seconds=1_000)
    await shop.server.control("reset")
    assert await shop.server.requests() == []
    assert await shop.server.control("faults", method="GET") == {"data": []}
    assert (await shop.server.control("clock", advance_seconds=0))["now"] <= time.time()
    with pytest.raises(stripe.PermissionError):
        await shop.open()


@pytest.mark.parametrize("seconds", [-1, "1", None, True])
async def test_clock_only_goes_forward(shop: Shop, seconds: Any) -> None:
    with pytest.raises(ControlFailed, match="advance_seconds"):
        await shop.server.control("clock", advance_seconds=seconds)


async def test_overview_lists_sessions_and_what_they_can_do(shop: Shop) -> None:
    open_session, _ = await shop.open(), await shop.paid()
    page = (await shop.server.client.get("/")).text
    assert f"/c/pay/{open_session.id}" in page
    assert "refund, dispute" in page


@asynccontextmanager
async def endpoint(*, refusals: int = 0) -> AsyncIterator[tuple[str, "asyncio.Queue[tuple[bytes, str]]"]]:
    """A webhook endpoint on loopback: its URL, and what it took; it refuses the first `refusals` deliveries."""
    taken: asyncio.Queue[tuple[bytes, str]] = asyncio.Queue()
    left = refusals

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal left
        head = (await reader.readuntil(b"\r\n\r\n")).decode()
        headers = dict(line.split(": ", 1) for line in head.lower().split("\r\n")[1:] if line)
        body = await reader.readexactly(int(headers["content-length"]))
        if left > 0:
            left -= 1
            writer.write(b"HTTP/1.1 500 No\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        else:
            taken.put_nowait((body, headers["stripe-signature"]))
            writer.write(b"HTTP/1.1 200 OK\r\nContent-Length: 0\r\nConnection: close\r\n\r\n")
        await writer.drain()
        writer.close()
        await writer.wait_closed()

    server = await asyncio.start_server(answer, "127.0.0.1", 0)
    try:
        yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}/stripe", taken
    finally:
        server.close()
        await server.wait_closed()


async def test_events_are_posted_signed(shop: Shop) -> None:
    async with endpoint() as (url, taken):
        await shop.server.control("webhook", url=url, secret=SECRET)
        await shop.open()
        session = await shop.paid()
        events = []
        for _ in range(4):
            body, signature = await asyncio.wait_for(taken.get(), 5)
            events.append(stripe.Webhook.construct_event(body, signature, SECRET))
            with pytest.raises(stripe.SignatureVerificationError):
                stripe.Webhook.construct_event(body, signature, "whsec_other")
        await shop.server.control("webhook", url=None)
    assert {event.type for event in events} == {
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    }
    assert {event.account for event in events} == {shop.account}
    completed = next(event for event in events if event.type == "checkout.session.completed")
    assert completed.data.object["id"] == session.id


async def test_delivery_that_is_not_taken_is_tried_again_and_can_be_repeated(shop: Shop) -> None:
    async with endpoint(refusals=2) as (url, taken):
        await shop.server.control("webhook", url=url, secret=SECRET)
        await shop.server.control(f"accounts/{shop.account}", payouts_enabled=False)
        first, _ = await asyncio.wait_for(taken.get(), 5)
        event = json.loads(first)
        await shop.server.control(f"events/{event['id']}/deliver")
        second, _ = await asyncio.wait_for(taken.get(), 5)
        await shop.server.control("webhook", url=None)
    assert json.loads(second)["id"] == event["id"]
    assert event["type"] == "account.updated"


async def test_webhook_needs_a_secret(shop: Shop) -> None:
    with pytest.raises(ControlFailed, match="secret"):
        await shop.server.control("webhook", url="http://127.0.0.1:1/")
