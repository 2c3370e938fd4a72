"""What holds for every endpoint: keys, idempotency, pages of lists, errors as the official client reads them."""

import asyncio
import base64
import itertools
from typing import Any

import httpx
import pytest
import stripe

from sandbox.stripe.parameters import parse
from tests.sandbox.stripe_shop import API_VERSION, CLIENT_WARNING, DECLINED, SECRET_KEY, Shop

pytestmark = CLIENT_WARNING
DAY = 24 * 60 * 60


async def post(shop: Shop, path: str, form: dict[str, str], **headers: str) -> httpx.Response:
    sent = {"Authorization": f"Bearer {SECRET_KEY}", "Stripe-Account": shop.account}
    names = {name.replace("_", "-"): value for name, value in headers.items()}
    return await shop.server.client.post(path, data=form, headers={**sent, **names})


def form_of_order(amount: int = 5_000) -> dict[str, str]:
    price = "line_items[0][price_data]"
    return {
        "mode": "payment",
        "success_url": "https://shop.test/paid",
        f"{price}[currency]": "usd",
        f"{price}[unit_amount]": str(amount),
        f"{price}[product_data][name]": "Inspection",
        "line_items[0][quantity]": "1",
    }


async def count_sessions(shop: Shop) -> int:
    return len((await shop.client.v1.checkout.sessions.list_async({"limit": 100}, shop.options)).data)


async def test_request_without_a_key_is_refused(shop: Shop) -> None:
    response = await shop.server.client.get("/v1/refunds")
    assert response.status_code == 401
    assert response.json()["error"]["type"] == "invalid_request_error"
    assert (await shop.server.client.get("/v1/refunds", headers={"Authorization": "Bearer pk_1"})).status_code == 401


async def test_key_may_come_as_the_user_of_basic_authentication(shop: Shop) -> None:
    credentials = base64.b64encode(f"{SECRET_KEY}:".encode()).decode()
    response = await shop.server.client.get("/v1/refunds", headers={"Authorization": f"Basic {credentials}"})
    assert response.status_code == 200
    assert (await shop.server.client.get("/v1/refunds", headers={"Authorization": "Basic ?"})).status_code == 401


async def test_reply_carries_stripes_headers(shop: Shop) -> None:
    response = await post(shop, "/v1/checkout/sessions", form_of_order(), Idempotency_Key="key-1")
    assert response.headers["request-id"].startswith("req_")
    assert response.headers["stripe-version"] == API_VERSION
    assert response.headers["idempotency-key"] == "key-1"
    assert response.headers["stripe-account"] == shop.account
    assert "idempotent-replayed" not in response.headers


async def test_unknown_endpoint_is_not_found(shop: Shop) -> None:
    response = await post(shop, "/v1/nothing", {})
    assert response.status_code == 404
    assert "Unrecognized request URL (POST: /v1/nothing)" in response.json()["error"]["message"]


async def test_unknown_objects_are_missing(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError, match="No such refund: 're_none'") as raised:
        await shop.client.v1.refunds.retrieve_async("re_none", None, shop.options)
    assert (raised.value.http_status, raised.value.code) == (404, "resource_missing")


async def test_unknown_query_parameter_is_refused(shop: Shop) -> None:
    headers = {"Authorization": f"Bearer {SECRET_KEY}"}
    response = await shop.server.client.get("/v1/refunds?invented=1", headers=headers)
    assert (response.status_code, response.json()["error"]["code"]) == (400, "parameter_unknown")


async def test_same_key_and_parameters_replay_the_first_result(shop: Shop) -> None:
    options: Any = {**shop.options, "idempotency_key": "payment:1"}
    first = await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    await shop.client.v1.checkout.sessions.expire_async(first.id, None, shop.options)
    again = await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    assert (again.id, again.status) == (first.id, "open")  # As it was then, not as it is now.
    assert await count_sessions(shop) == 1
    response = await post(shop, "/v1/checkout/sessions", form_of_order(), Idempotency_Key="raw")
    replay = await post(shop, "/v1/checkout/sessions", form_of_order(), Idempotency_Key="raw")
    assert replay.headers["idempotent-replayed"] == "true"
    assert replay.headers["original-request"] == response.headers["request-id"]
    assert replay.json() == response.json()


async def test_same_key_with_other_parameters_is_refused(shop: Shop) -> None:
    options: Any = {**shop.options, "idempotency_key": "payment:1"}
    await shop.client.v1.checkout.sessions.create_async(shop.order(1_000), options)
    with pytest.raises(stripe.IdempotencyError, match="same parameters"):
        await shop.client.v1.checkout.sessions.create_async(shop.order(1_001), options)
    with pytest.raises(stripe.IdempotencyError, match="same endpoint"):
        await shop.client.v1.refunds.create_async({"payment_intent": "pi_1"}, options)
    assert await count_sessions(shop) == 1


async def test_keys_belong_to_their_account(shop: Shop) -> None:
    other = await shop.server.ready_account()
    for account in (shop.account, other):
        options: Any = {"stripe_account": account, "idempotency_key": "payment:1"}
        await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    assert await count_sessions(shop) == 1


async def test_key_in_use_is_refused_and_the_first_use_goes_on(shop: Shop) -> None:
    await shop.server.control("faults", match="POST /v1/checkout/sessions", kind="latency", value=300)
    first = asyncio.create_task(post(shop, "/v1/checkout/sessions", form_of_order(), Idempotency_Key="key-1"))
    await asyncio.sleep(0.1)
    second = await post(shop, "/v1/checkout/sessions", form_of_order(), Idempotency_Key="key-1")
    assert (second.status_code, second.json()["error"]["code"]) == (409, "idempotency_key_in_use")
    assert second.headers["stripe-should-retry"] == "true"
    assert (await first).status_code == 200
    assert await count_sessions(shop) == 1


async def test_result_of_an_executed_refusal_is_replayed(shop: Shop) -> None:
    first = await post(shop, "/v1/checkout/sessions", form_of_order(49), Idempotency_Key="key-1")
    again = await post(shop, "/v1/checkout/sessions", form_of_order(49), Idempotency_Key="key-1")
    assert (first.status_code, again.status_code) == (400, 400)
    assert again.headers["idempotent-replayed"] == "true"


async def test_refused_validation_leaves_the_key_unused(shop: Shop) -> None:
    bad = await post(shop, "/v1/checkout/sessions", {"invented": "1"}, Idempotency_Key="key-1")
    good = await post(shop, "/v1/checkout/sessions", form_of_order(), Idempotency_Key="key-1")
    assert (bad.status_code, good.status_code) == (400, 200)


@pytest.mark.parametrize("way", ["clock", "control"])
async def test_forgotten_key_executes_again(shop: Shop, way: str) -> None:
    options: Any = {**shop.options, "idempotency_key": "payment:1"}
    await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    if way == "clock":
        await shop.server.control("clock", advance_seconds=DAY)
    else:
        assert await shop.server.control("forget_idempotency_keys") == {"forgotten": 1}
    await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    assert await count_sessions(shop) == 2


async def test_key_is_kept_until_the_day_is_over(shop: Shop) -> None:
    options: Any = {**shop.options, "idempotency_key": "payment:1"}
    await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    await shop.server.control("clock", advance_seconds=DAY - 30)
    await shop.client.v1.checkout.sessions.create_async(shop.order(), options)
    assert await count_sessions(shop) == 1


async def test_overlong_key_is_refused(shop: Shop) -> None:
    response = await post(shop, "/v1/checkout/sessions", form_of_order(), Idempotency_Key="k" * 256)
    assert (response.status_code, response.json()["error"]["type"]) == (400, "idempotency_error")


async def test_lists_come_in_pages_newest_first(shop: Shop) -> None:
    ids = [(await shop.open()).id for _ in range(5)][::-1]
    sessions = shop.client.v1.checkout.sessions
    first = await sessions.list_async({"limit": 2}, shop.options)
    assert ([session.id for session in first.data], first.has_more) == (ids[:2], True)
    rest = await sessions.list_async({"limit": 3, "starting_after": ids[1]}, shop.options)
    assert ([session.id for session in rest.data], rest.has_more) == (ids[2:], False)
    before = await sessions.list_async({"limit": 2, "ending_before": ids[3]}, shop.options)
    assert ([session.id for session in before.data], before.has_more) == (ids[1:3], True)
    everything = [session.id async for session in first.auto_paging_iter()]
    assert everything == ids


@pytest.mark.parametrize("limit", [0, 101])
async def test_limit_out_of_range_is_refused(shop: Shop, limit: int) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.client.v1.refunds.list_async({"limit": limit}, shop.options)
    assert raised.value.param == "limit"


async def test_cursor_must_exist(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.client.v1.refunds.list_async({"starting_after": "re_none"}, shop.options)
    assert (raised.value.http_status, raised.value.code) == (400, "resource_missing")


async def test_lists_can_be_narrowed_by_creation(shop: Shop) -> None:
    old = await shop.open()
    await shop.server.control("clock", advance_seconds=100)
    new = await shop.open()
    sessions = shop.client.v1.checkout.sessions
    found = await sessions.list_async({"created": {"gt": old.created}}, shop.options)
    assert [session.id for session in found.data] == [new.id]
    found = await sessions.list_async({"created": {"lte": old.created}}, shop.options)
    assert [session.id for session in found.data] == [old.id]


async def test_events_are_filtered_by_type_and_followed_by_cursor(shop: Shop) -> None:
    await shop.paid()
    events = shop.client.v1.events
    charges = await events.list_async({"type": "charge.*"}, shop.options)
    assert [event.type for event in charges.data] == ["charge.succeeded"]
    two: Any = {"types": ["charge.succeeded", "checkout.session.completed"]}
    found = await events.list_async(two, shop.options)
    assert [event.type for event in found.data] == ["checkout.session.completed", "charge.succeeded"]
    newest = found.data[0]
    assert (await events.list_async({"ending_before": newest.id}, shop.options)).data == []
    await shop.refund(await shop.paid())
    later = await events.list_async({"ending_before": newest.id, "limit": 100}, shop.options)
    assert [event.type for event in later.data][:2] == ["charge.refunded", "refund.created"]
    assert (await events.retrieve_async(newest.id, None, shop.options)).type == newest.type
    with pytest.raises(stripe.InvalidRequestError, match="only specify one"):
        await events.list_async({"type": "a", "types": ["b"]}, shop.options)


async def test_event_names_the_request_that_caused_it_and_keeps_its_moment(shop: Shop) -> None:
    session = await shop.paid(10_000)
    await shop.refund(session, amount=1)
    options: Any = {**shop.options, "idempotency_key": "refund:2"}
    await shop.client.v1.refunds.create_async({"payment_intent": session.payment_intent.id, "amount": 2}, options)
    found = await shop.client.v1.events.list_async({"type": "charge.refunded"}, shop.options)
    assert [event.data.object["amount_refunded"] for event in found.data] == [3, 1]
    assert found.data[0].request is not None
    assert found.data[0].request.idempotency_key == "refund:2"
    paid = await shop.client.v1.events.list_async({"type": "payment_intent.succeeded"}, shop.options)
    assert paid.data[0].request is not None
    assert paid.data[0].request.id is None


async def test_intents_charges_and_methods_are_read_by_id(shop: Shop) -> None:
    session = await shop.paid()
    intent = await shop.client.v1.payment_intents.retrieve_async(
        session.payment_intent.id, {"expand": ["latest_charge.balance_transaction", "payment_method"]}, shop.options
    )
    assert isinstance(intent.latest_charge, stripe.Charge)
    assert isinstance(intent.latest_charge.balance_transaction, stripe.BalanceTransaction)
    assert isinstance(intent.payment_method, stripe.PaymentMethod)
    method = await shop.client.v1.payment_methods.retrieve_async(intent.payment_method.id, None, shop.options)
    assert method.card is not None
    changed = await shop.client.v1.payment_intents.update_async(
        intent.id, {"metadata": {"note": "checked"}}, shop.options
    )
    assert changed.metadata.to_dict() == {"payment_id": "payment-1", "note": "checked"}
    declined = await shop.open()
    assert declined.url is not None
    await shop.server.pay(declined.url, card=DECLINED)
    sources = (await shop.client.v1.balance_transactions.list_async({"type": "charge"}, shop.options)).data
    assert [transaction.source for transaction in sources] == [intent.latest_charge.id]


@pytest.mark.parametrize(
    ("encoded", "nested"),
    [
        ("a=1&b=", {"a": "1", "b": ""}),
        ("a[b][0][c]=1&a[b][0][d]=2&a[b][1][c]=3", {"a": {"b": [{"c": "1", "d": "2"}, {"c": "3"}]}}),
        ("expand[]=x&expand[]=y", {"expand": ["x", "y"]}),
        ("expand%5B1%5D=y&expand%5B0%5D=x", {"expand": ["x", "y"]}),
        ("name=a%26b%3D%C3%A9+c", {"name": "a&b=é c"}),
    ],
)
def test_forms_with_brackets_become_nested_values(encoded: str, nested: dict[str, Any]) -> None:
    assert parse(encoded) == nested


async def test_contradicting_and_bottomless_forms_are_refused(shop: Shop) -> None:
    deep = "a" + "[b]" * 20
    for form in ({"amount": "1", "amount[x]": "2"}, {deep: "1"}):
        assert (await post(shop, "/v1/refunds", form)).status_code == 400


async def test_unusual_forms_never_break_the_server(shop: Shop) -> None:
    names = ["metadata", "metadata[", "metadata[]", "metadata[a][b]", "metadata[0]", "line_items", "expand", "[x]", ""]
    for name, value in itertools.product(names, ["", "1", "\x00", "é" * 10]):
        response = await post(shop, "/v1/checkout/sessions", {**form_of_order(), name: value})
        assert response.status_code in (200, 400), (name, value, response.text)
