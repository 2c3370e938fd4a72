"""Refunds: what goes back, what may not, and what fails on the way."""

from typing import Any

import pytest
import stripe

from tests.sandbox.stripe_shop import CLIENT_WARNING, DECLINED, Shop

pytestmark = CLIENT_WARNING

ASYNC_SUCCESS, ASYNC_FAILURE, DISPUTED = "4000000000007726", "4000000000005126", "4000000000000259"


async def test_refund_of_a_card_succeeds_at_once(shop: Shop) -> None:
    session = await shop.paid(10_000)
    refund = await shop.refund(session, amount=2_500, reason="requested_by_customer", metadata={"refund_id": "r-1"})
    charge = (await shop.read(session)).payment_intent.latest_charge
    assert (refund.status, refund.amount, refund.charge) == ("succeeded", 2_500, charge.id)
    assert refund.metadata is not None
    assert refund.metadata.to_dict() == {"refund_id": "r-1"}
    assert (charge.amount_refunded, charge.refunded) == (2_500, False)
    assert (await shop.event_types())[-2:] == ["refund.created", "charge.refunded"]


async def test_refund_without_an_amount_refunds_what_is_left(shop: Shop) -> None:
    session = await shop.paid(10_000)
    await shop.refund(session, amount=2_500)
    assert (await shop.refund(session)).amount == 7_500
    charge = (await shop.read(session)).payment_intent.latest_charge
    assert (charge.amount_refunded, charge.refunded) == (10_000, True)


async def test_refund_leaves_the_balance_exactly(shop: Shop) -> None:
    session = await shop.paid(10_000)
    refund = await shop.refund(session, amount=2_500)
    assert isinstance(refund.balance_transaction, str)
    found = await shop.client.v1.balance_transactions.retrieve_async(refund.balance_transaction, None, shop.options)
    assert (found.amount, found.fee, found.net, found.type) == (-2_500, 0, -2_500, "refund")


async def test_more_than_was_paid_is_never_refunded(shop: Shop) -> None:
    session = await shop.paid(10_000)
    await shop.refund(session, amount=6_000)
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded amount") as raised:
        await shop.refund(session, amount=4_001)
    assert (raised.value.http_status, raised.value.param) == (400, "amount")
    await shop.refund(session, amount=4_000)
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.refund(session, amount=1)
    assert raised.value.code == "charge_already_refunded"
    assert len((await shop.client.v1.refunds.list_async({}, shop.options)).data) == 2


@pytest.mark.parametrize("amount", [0, -5, "1.5"])
async def test_amount_that_is_none_is_refused(shop: Shop, amount: Any) -> None:
    session = await shop.paid()
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.refund(session, amount=amount)
    assert (raised.value.code, raised.value.param) == ("parameter_invalid_integer", "amount")


async def test_refund_needs_exactly_one_thing_to_refund(shop: Shop) -> None:
    session = await shop.paid()
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
        await shop.client.v1.refunds.create_async({}, shop.options)
    with pytest.raises(stripe.InvalidRequestError, match="payment_intent or charge"):
        await shop.refund(session, charge=session.payment_intent.latest_charge.id)


async def test_what_was_never_paid_is_not_refunded(shop: Shop) -> None:
    declined = await shop.open()
    assert declined.url is not None
    await shop.server.pay(declined.url, card=DECLINED)
    for session in (await shop.read(declined), await shop.paid(bank="succeeds")):
        with pytest.raises(stripe.InvalidRequestError, match="does not have a successful charge to refund"):
            await shop.refund(session)


async def test_disputed_charge_is_not_refunded(shop: Shop) -> None:
    with pytest.raises(stripe.InvalidRequestError) as raised:
        await shop.refund(await shop.paid(card=DISPUTED))
    assert raised.value.code == "charge_disputed"


async def test_refund_can_be_pending_first(shop: Shop) -> None:
    refund = await shop.refund(await shop.paid(card=ASYNC_SUCCESS))
    assert refund.status == "pending"
    assert await shop.server.control("settle") == {"settled": [refund.id]}
    assert (await shop.client.v1.refunds.retrieve_async(refund.id, None, shop.options)).status == "succeeded"
    assert "refund.updated" in await shop.event_types()


async def test_refund_of_a_bank_debit_is_pending_until_it_settles(shop: Shop) -> None:
    session = await shop.paid(bank="succeeds")
    await shop.server.control("settle")
    refund = await shop.refund(session)
    assert (refund.status, refund.id[:4]) == ("pending", "pyr_")
    await shop.server.control("settle", refund=refund.id)
    assert (await shop.client.v1.refunds.retrieve_async(refund.id, None, shop.options)).status == "succeeded"


async def test_refund_can_fail_after_it_succeeded_and_gives_the_amount_back(shop: Shop) -> None:
    session = await shop.paid(10_000, card=ASYNC_FAILURE)
    refund = await shop.refund(session, amount=4_000)
    assert refund.status == "succeeded"
    await shop.server.control("settle", payment_intent=session.payment_intent.id)
    failed = await shop.client.v1.refunds.retrieve_async(refund.id, None, shop.options)
    charge = (await shop.read(session)).payment_intent.latest_charge
    assert (failed.status, failed.failure_reason) == ("failed", "expired_or_canceled_card")
    assert (charge.amount_refunded, charge.refunded) == (0, False)
    assert isinstance(failed.failure_balance_transaction, str)
    back = await shop.client.v1.balance_transactions.retrieve_async(
        failed.failure_balance_transaction, None, shop.options
    )
    assert (back.amount, back.type) == (4_000, "refund_failure")
    assert (await shop.event_types())[-1] == "refund.failed"


async def test_only_a_refund_that_waits_for_the_customer_can_be_canceled(shop: Shop) -> None:
    session = await shop.paid(10_000)
    refund = await shop.refund(session)
    with pytest.raises(stripe.InvalidRequestError, match="requires_action"):
        await shop.client.v1.refunds.cancel_async(refund.id, None, shop.options)
    await shop.server.control(f"refunds/{refund.id}", status="requires_action")
    assert (await shop.client.v1.refunds.cancel_async(refund.id, None, shop.options)).status == "canceled"
    assert (await shop.read(session)).payment_intent.latest_charge.amount_refunded == 0


async def test_metadata_of_a_refund_can_change(shop: Shop) -> None:
    refund = await shop.refund(await shop.paid(), metadata={"a": "1", "b": "2"})
    changed = await shop.client.v1.refunds.update_async(refund.id, {"metadata": {"a": "", "c": "3"}}, shop.options)
    assert changed.metadata is not None
    assert changed.metadata.to_dict() == {"b": "2", "c": "3"}
    cleared = await shop.client.v1.refunds.update_async(refund.id, {"metadata": ""}, shop.options)
    assert cleared.metadata is not None
    assert cleared.metadata.to_dict() == {}


async def test_refunds_are_listed_by_their_payment(shop: Shop) -> None:
    first, second = await shop.paid(), await shop.paid()
    refunds = [await shop.refund(session, amount=100) for session in (first, second, first)]
    parameters: Any = {"payment_intent": first.payment_intent.id, "expand": ["data.charge"]}
    found = await shop.client.v1.refunds.list_async(parameters, shop.options)
    assert [refund.id for refund in found.data] == [refunds[2].id, refunds[0].id]
    expand: Any = {"expand": ["refunds", "balance_transaction"]}
    charge = await shop.client.v1.charges.retrieve_async(first.payment_intent.latest_charge.id, expand, shop.options)
    assert charge.refunds is not None
    assert [refund.id for refund in charge.refunds.data] == [refunds[2].id, refunds[0].id]
