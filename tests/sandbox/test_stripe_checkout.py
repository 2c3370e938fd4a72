"""Checkout: what a session is, what a person can do on its page, and what becomes of their money."""

import time
from typing import Any

import pytest
import stripe

from tests.sandbox.stripe_shop import CLIENT_WARNING, DECLINED, VISA, Shop

pytestmark = CLIENT_WARNING

HOSTILE = "<script>alert(1)</script>\"'&"
DAY = 24 * 60 * 60


async def test_new_session_is_open_unpaid_and_has_no_payment_intent(shop: Shop) -> None:
    session = await shop.open(5_000)
    assert (session.status, session.payment_status, session.payment_intent) == ("open", "unpaid", None)
    assert (session.amount_total, session.currency) == (5_000, "usd")
    assert session.client_reference_id == "payment-1"
    assert session.metadata is not None
    assert session.metadata.to_dict() == {"payment_id": "payment-1"}
    assert session.url is not None
    assert session.url.startswith(shop.server.url)


async def test_card_that_succeeds_completes_the_session(shop: Shop) -> None:
    session = await shop.open()
    assert session.url is not None
    response = await shop.server.pay(session.url, card="4242 4242 4242 4242", email="payer@example.com")
    assert response.status_code == 303
    assert response.headers["location"] == f"https://shop.test/paid?session={session.id}"
    paid = await shop.read(session)
    intent, charge = paid.payment_intent, paid.payment_intent.latest_charge
    assert (paid.status, paid.payment_status, paid.url) == ("complete", "paid", None)
    assert paid.customer_details.email == "payer@example.com"
    assert (intent.status, intent.amount_received, intent.last_payment_error) == ("succeeded", 12_345, None)
    assert intent.metadata.to_dict() == charge.metadata.to_dict() == {"payment_id": "payment-1"}
    assert (charge.paid, charge.captured, charge.refunded, charge.disputed) == (True, True, False, False)
    assert (charge.payment_method_details.card.brand, charge.payment_method_details.card.last4) == ("visa", "4242")
    assert await shop.event_types() == [
        "account.updated",
        "payment_intent.created",
        "charge.succeeded",
        "payment_intent.succeeded",
        "checkout.session.completed",
    ]


async def test_balance_transaction_of_a_charge_is_exact(shop: Shop) -> None:
    charge = (await shop.paid(10_050)).payment_intent.latest_charge
    found = await shop.client.v1.balance_transactions.retrieve_async(charge.balance_transaction, None, shop.options)
    assert (found.amount, found.fee, found.net) == (10_050, 321, 9_729)  # 2.9 % = 291.45, and 30.
    assert (found.type, found.source, found.status) == ("charge", charge.id, "pending")
    await shop.server.control("clock", advance_seconds=2 * DAY)
    found = await shop.client.v1.balance_transactions.retrieve_async(charge.balance_transaction, None, shop.options)
    assert found.status == "available"


@pytest.mark.parametrize(
    ("card", "code", "decline_code"),
    [
        (DECLINED, "card_declined", "generic_decline"),
        ("4000000000009995", "card_declined", "insufficient_funds"),
        ("4000000000009987", "card_declined", "lost_card"),
        ("4100000000000019", "card_declined", "fraudulent"),
        ("4000000000000069", "expired_card", None),
        ("4000000000000127", "incorrect_cvc", None),
        ("4000000000000119", "processing_error", None),
        ("4242424242424241", "incorrect_number", None),
        ("4539578763621486", "card_declined", "test_mode_live_card"),
        ("not a number", "incorrect_number", None),
    ],
)
async def test_declined_card_leaves_the_session_open_and_says_why(
    shop: Shop, card: str, code: str, decline_code: str | None
) -> None:
    session = await shop.open()
    assert session.url is not None
    response = await shop.server.pay(session.url, card=card)
    found = await shop.read(session)
    error = found.payment_intent.last_payment_error
    assert response.status_code == 402
    assert error.message.replace("'", "&#x27;") in response.text
    assert (found.status, found.payment_status) == ("open", "unpaid")
    assert found.payment_intent.status == "requires_payment_method"
    assert (error.code, error.to_dict().get("decline_code")) == (code, decline_code)
    assert "checkout.session.completed" not in await shop.event_types()


async def test_person_can_try_again_after_a_decline_with_the_same_intent(shop: Shop) -> None:
    session = await shop.open()
    assert session.url is not None
    await shop.server.pay(session.url, card=DECLINED)
    first = await shop.read(session)
    assert (await shop.server.pay(session.url, card=VISA)).status_code == 303
    second = await shop.read(session)
    assert second.payment_intent.id == first.payment_intent.id
    assert second.payment_intent.status == "succeeded"
    assert second.payment_intent.latest_charge.id != first.payment_intent.latest_charge.id
    charges = await shop.client.v1.charges.list_async({"payment_intent": second.payment_intent.id}, shop.options)
    assert [charge.status for charge in charges.data] == ["succeeded", "failed"]


@pytest.mark.parametrize(("outcome", "status", "session_status"), [
    ("complete", "succeeded", "complete"), ("fail", "requires_payment_method", "open"),
])  # fmt: skip
async def test_card_that_asks_for_authentication_waits_for_it(
    shop: Shop, outcome: str, status: str, session_status: str
) -> None:
    session = await shop.open()
    assert session.url is not None
    response = await shop.server.pay(session.url, card="4000002760003184")
    assert response.status_code == 200
    assert "/authenticate" in response.text
    assert (await shop.read(session)).payment_intent.status == "requires_action"
    await shop.server.client.post(f"{session.url}/authenticate", data={"outcome": outcome})
    found = await shop.read(session)
    assert (found.status, found.payment_intent.status) == (session_status, status)


@pytest.mark.parametrize(
    ("bank", "status", "payment_status", "event"),
    [
        ("succeeds", "succeeded", "paid", "checkout.session.async_payment_succeeded"),
        ("fails", "requires_payment_method", "unpaid", "checkout.session.async_payment_failed"),
    ],
)
async def test_bank_debit_is_processing_until_it_settles(
    shop: Shop, bank: str, status: str, payment_status: str, event: str
) -> None:
    session = await shop.paid(bank=bank)
    charge = session.payment_intent.latest_charge
    assert (session.status, session.payment_status) == ("complete", "unpaid")
    assert (session.payment_intent.status, charge.status, charge.balance_transaction) == ("processing", "pending", None)
    assert charge.payment_method_details.us_bank_account.last4 == "6789"
    assert await shop.server.control("settle") == {"settled": [session.payment_intent.id]}
    found = await shop.read(session)
    assert (found.payment_intent.status, found.payment_status) == (status, payment_status)
    assert (await shop.event_types())[-1] == event
    assert await shop.server.control("settle") == {"settled": []}


async def test_settling_one_debit_leaves_the_others(shop: Shop) -> None:
    first, second = await shop.paid(bank="succeeds"), await shop.paid(bank="succeeds")
    await shop.server.control("settle", payment_intent=first.payment_intent.id)
    assert (await shop.read(first)).payment_intent.status == "succeeded"
    assert (await shop.read(second)).payment_intent.status == "processing"


async def test_bank_debit_needs_a_currency_that_has_it(shop: Shop) -> None:
    session = await shop.open(currency="eur")
    assert session.url is not None
    assert session.payment_method_types == ["card"]
    assert (await shop.server.pay(session.url, bank="succeeds")).status_code == 400
    with pytest.raises(stripe.InvalidRequestError, match="us_bank_account"):
        await shop.open(currency="eur", payment_method_types=["us_bank_account"])


async def test_page_escapes_every_text(shop: Shop) -> None:
    session = await shop.open(name=HOSTILE, cancel_url="https://shop.test/?a='\"<b>")
    assert session.url is not None
    page = await shop.server.client.get(session.url)
    assert page.status_code == 200
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page.text
    assert "<script>" not in page.text
    assert "USD 123.45" in page.text
    assert "<script>" not in (await shop.server.client.get("/")).text


async def test_person_can_go_back_and_the_session_stays_open(shop: Shop) -> None:
    session = await shop.open()
    response = await shop.server.client.get(f"{session.url}/cancel")
    assert (response.status_code, response.headers["location"]) == (303, "https://shop.test/back")
    assert (await shop.read(session)).status == "open"


async def test_json_pays_like_a_form(shop: Shop) -> None:
    session = await shop.open()
    declined = await shop.server.client.post(f"{session.url}/pay", json={"card": DECLINED})
    assert (declined.status_code, declined.json()["error"]["decline_code"]) == (402, "generic_decline")
    paid = await shop.server.client.post(f"{session.url}/pay", json={"card": VISA})
    assert (paid.status_code, paid.json()["status"]) == (303, "succeeded")
    assert paid.headers["location"] == paid.json()["url"]


async def test_paying_twice_charges_once(shop: Shop) -> None:
    session = await shop.paid()
    url = f"/c/pay/{session.id}"
    assert (await shop.server.pay(url, card=VISA)).status_code == 409
    assert (await shop.server.client.get(url)).status_code == 409
    assert len((await shop.client.v1.charges.list_async({}, shop.options)).data) == 1


@pytest.mark.parametrize("form", [{}, {"card": ""}, {"bank": "perhaps"}])
async def test_page_refuses_what_is_no_way_to_pay(shop: Shop, form: dict[str, str]) -> None:
    session = await shop.open()
    assert session.url is not None
    assert (await shop.server.pay(session.url, **form)).status_code == 400
    assert (await shop.read(session)).payment_intent is None


async def test_expired_session_takes_no_money(shop: Shop) -> None:
    session = await shop.open()
    assert session.url is not None
    await shop.server.pay(session.url, card=DECLINED)
    expired = await shop.client.v1.checkout.sessions.expire_async(session.id, None, shop.options)
    assert (expired.status, expired.url) == ("expired", None)
    assert (await shop.server.pay(session.url, card=VISA)).status_code == 410
    assert (await shop.server.client.get(session.url)).status_code == 410
    assert (await shop.read(session)).payment_intent.status == "canceled"
    assert (await shop.event_types())[-2:] == ["payment_intent.canceled", "checkout.session.expired"]


async def test_only_an_open_session_can_be_expired(shop: Shop) -> None:
    session = await shop.paid()
    with pytest.raises(stripe.InvalidRequestError, match="complete") as raised:
        await shop.client.v1.checkout.sessions.expire_async(session.id, None, shop.options)
    assert raised.value.http_status == 400
    assert (await shop.read(session)).status == "complete"


async def test_session_expires_by_the_clock(shop: Shop) -> None:
    session = await shop.open(expires_at=int(time.time()) + 31 * 60)
    await shop.server.control("clock", advance_seconds=30 * 60)
    assert (await shop.read(session)).status == "open"
    await shop.server.control("clock", advance_seconds=2 * 60)
    assert (await shop.read(session)).status == "expired"
    assert (await shop.event_types())[-1] == "checkout.session.expired"


@pytest.mark.parametrize(
    ("changes", "code", "param"),
    [
        ({"amount": 49}, "amount_too_small", "line_items"),
        ({"amount": 49, "currency": "jpy"}, "amount_too_small", "line_items"),
        ({"amount": 199, "currency": "pln"}, "amount_too_small", "line_items"),
        ({"amount": 100_000_000}, "amount_too_large", "line_items[0][price_data][unit_amount]"),
        ({"amount": -1}, "parameter_invalid_integer", "line_items[0][price_data][unit_amount]"),
        ({"amount": "1.5"}, "parameter_invalid_integer", "line_items[0][price_data][unit_amount]"),
        ({"name": ""}, "parameter_invalid_empty", "line_items[0][price_data][product_data][name]"),
        ({"currency": "xyz"}, None, "line_items[0][price_data][currency]"),
        ({"mode": "subscription"}, None, "mode"),
        ({"success_url": "shop.test/paid"}, "url_invalid", "success_url"),
        ({"expires_at": 1}, None, "expires_at"),
        ({"expires_at": 4_000_000_000}, None, "expires_at"),
        ({"metadata": {"key": "x" * 501}}, None, "metadata[key]"),
        ({"invented": {"a": "b"}}, "parameter_unknown", "invented"),
        ({"payment_intent_data": {"invented": 1}}, "parameter_unknown", "payment_intent_data[invented]"),
    ],
)
async def test_session_that_stripe_would_refuse_is_refused(
    shop: Shop, changes: dict[str, Any], code: str | None, param: str
) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.open(**changes)
    assert (raised.value.http_status, raised.value.code, raised.value.param) == (400, code, param)
    assert (await shop.client.v1.checkout.sessions.list_async({}, shop.options)).data == []


@pytest.mark.parametrize(("amount", "currency"), [(50, "usd"), (50, "jpy"), (30, "gbp"), (99_999_999, "usd")])
async def test_amounts_at_the_limits_are_taken(shop: Shop, amount: int, currency: str) -> None:
    assert (await shop.open(amount, currency=currency)).amount_total == amount


async def test_missing_parameter_is_named(shop: Shop) -> None:
    order: Any = {name: value for name, value in shop.order().items() if name != "success_url"}
    with pytest.raises(stripe.InvalidRequestError, match="success_url") as raised:
        await shop.client.v1.checkout.sessions.create_async(order, shop.options)
    assert raised.value.code == "parameter_missing"


async def test_sessions_are_found_by_their_payment_intent(shop: Shop) -> None:
    paid, _ = await shop.paid(), await shop.open()
    found = await shop.client.v1.checkout.sessions.list_async(
        {"payment_intent": paid.payment_intent.id, "expand": ["data.payment_intent", "data.line_items"]}, shop.options
    )
    assert [session.id for session in found.data] == [paid.id]
    assert found.data[0].line_items is not None
    lines = await shop.client.v1.checkout.sessions.line_items.list_async(paid.id, None, shop.options)
    assert [(line.description, line.amount_total) for line in lines.data] == [("Inspection", 12_345)]


async def test_what_cannot_be_expanded_is_refused(shop: Shop) -> None:
    session = await shop.open()
    with pytest.raises(stripe.InvalidRequestError, match=r"cannot be expanded \(amount_total\)"):
        await shop.client.v1.checkout.sessions.retrieve_async(session.id, {"expand": ["amount_total"]}, shop.options)


async def test_unknown_page_is_not_found(shop: Shop) -> None:
    assert (await shop.server.client.get("/c/pay/cs_test_unknown")).status_code == 404
    assert (await shop.server.pay("/c/pay/cs_test_unknown", card=VISA)).status_code == 404
