"""Disputes: money that a cardholder or a bank takes back, and what comes of it."""

from typing import Any

import pytest
import stripe

from sandbox.stripe.process import ControlFailed
from tests.sandbox.stripe_shop import CLIENT_WARNING, Shop

pytestmark = CLIENT_WARNING


async def dispute_of(shop: Shop, session: Any) -> Any:
    parameters: Any = {"payment_intent": session.payment_intent.id}
    (found,) = (await shop.client.v1.disputes.list_async(parameters, shop.options)).data
    return found


async def balance(shop: Shop) -> int:
    """What all movements leave on the account."""
    transactions = await shop.client.v1.balance_transactions.list_async({"limit": 100}, shop.options)
    return sum(transaction.net for transaction in transactions.data)


@pytest.mark.parametrize(
    ("card", "reason"), [("4000000000000259", "fraudulent"), ("4000000000002685", "product_not_received")]
)
async def test_card_that_is_disputed_pays_first(shop: Shop, card: str, reason: str) -> None:
    session = await shop.paid(10_000, card=card)
    dispute = await dispute_of(shop, session)
    assert (session.payment_intent.status, session.payment_intent.latest_charge.disputed) == ("succeeded", True)
    assert (dispute.status, dispute.reason, dispute.amount) == ("needs_response", reason, 10_000)
    assert [(move.amount, move.fee) for move in dispute.balance_transactions] == [(-10_000, 1_500)]
    types = await shop.event_types()
    assert types.index("charge.succeeded") < types.index("charge.dispute.created")


@pytest.mark.parametrize(("outcome", "left"), [("won", 10_000 - 320 - 1_500), ("lost", -320 - 1_500)])
async def test_outcome_of_a_dispute_moves_the_money(shop: Shop, outcome: str, left: int) -> None:
    session = await shop.paid(10_000)
    opened = await shop.server.control("disputes", payment_intent=session.payment_intent.id)
    await shop.server.control(f"disputes/{opened['id']}", outcome=outcome)
    assert (await dispute_of(shop, session)).status == outcome
    assert await balance(shop) == left
    assert (await shop.event_types())[-1] == "charge.dispute.closed"
    assert ("charge.dispute.funds_reinstated" in await shop.event_types()) == (outcome == "won")


async def test_closed_dispute_stays_closed(shop: Shop) -> None:
    session = await shop.paid(card="4000000000000259")
    dispute = await dispute_of(shop, session)
    assert (await shop.client.v1.disputes.close_async(dispute.id, None, shop.options)).status == "lost"
    with pytest.raises(ControlFailed, match="already closed"):
        await shop.server.control(f"disputes/{dispute.id}", outcome="won")
    with pytest.raises(stripe.InvalidRequestError, match="already closed"):
        await shop.client.v1.disputes.close_async(dispute.id, None, shop.options)


async def test_inquiry_takes_no_money_and_allows_a_refund(shop: Shop) -> None:
    session = await shop.paid(10_000, card="4000000000001976")
    dispute = await dispute_of(shop, session)
    assert (dispute.status, dispute.is_charge_refundable, dispute.balance_transactions) == (
        "warning_needs_response",
        True,
        [],
    )
    assert (await shop.refund(session)).status == "succeeded"


async def test_dispute_covers_what_was_not_refunded(shop: Shop) -> None:
    session = await shop.paid(10_000)
    await shop.refund(session, amount=4_000)
    assert (await shop.server.control("disputes", payment_intent=session.payment_intent.id))["amount"] == 6_000


async def test_won_dispute_allows_a_refund_again(shop: Shop) -> None:
    session = await shop.paid(card="4000000000000259")
    await shop.server.control(f"disputes/{(await dispute_of(shop, session)).id}", outcome="won")
    assert (await shop.refund(session)).status == "succeeded"


async def test_returned_bank_debit_is_a_dispute_born_lost(shop: Shop) -> None:
    session = await shop.paid(10_000, bank="succeeds")
    await shop.server.control("settle")
    await shop.server.control("returns", payment_intent=session.payment_intent.id, reason="incorrect_account_details")
    dispute, found = await dispute_of(shop, session), await shop.read(session)
    assert (dispute.status, dispute.reason) == ("lost", "incorrect_account_details")
    assert found.payment_intent.status == "succeeded"
    assert (found.payment_intent.latest_charge.status, found.payment_intent.latest_charge.disputed) == (
        "succeeded",
        True,
    )
    assert await balance(shop) == -80 - 1_500
    assert (await shop.event_types())[-3:] == [
        "charge.dispute.created",
        "charge.dispute.funds_withdrawn",
        "charge.dispute.closed",
    ]


async def test_only_a_settled_bank_debit_is_returned(shop: Shop) -> None:
    card, debit = await shop.paid(), await shop.paid(bank="succeeds")
    with pytest.raises(ControlFailed, match="by card"):
        await shop.server.control("returns", payment_intent=card.payment_intent.id)
    with pytest.raises(ControlFailed, match="must have succeeded"):
        await shop.server.control("returns", payment_intent=debit.payment_intent.id)
    with pytest.raises(ControlFailed, match="There is no payment_intent 'pi_none'"):
        await shop.server.control("returns", payment_intent="pi_none")
