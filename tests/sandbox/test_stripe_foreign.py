"""What others make on a connected account: Stripe shows it to the platform, and the simulator as Stripe does."""

from typing import Any

import pytest
import stripe

from sandbox.stripe.process import ControlFailed
from tests.sandbox.stripe_shop import CLIENT_WARNING, DECLINED, Shop

pytestmark = CLIENT_WARNING

FOREIGN = {"payment_id": "ORD-1001", "invoice_id": "INV 77/b", "refund_id": "RMA-77"}


def plain(metadata: Any) -> dict[str, str]:
    return dict(metadata.to_dict())


async def balance_transactions(shop: Shop) -> list[Any]:
    """All balance entries with their sources, oldest first."""
    parameters: Any = {"limit": 100, "expand": ["data.source"]}
    found = await shop.client.v1.balance_transactions.list_async(parameters, shop.options)
    return list(reversed(found.data))


async def events(shop: Shop) -> list[stripe.Event]:
    found = await shop.client.v1.events.list_async({"limit": 100}, shop.options)
    return list(reversed(found.data))


async def test_foreign_checkout_stands_in_every_list_of_the_account(shop: Shop) -> None:
    """A checkout of somebody else's is in the lists of sessions, intents, balance entries and events, as any is."""
    made = await shop.server.foreign_payment(shop.account)
    (session,) = (await shop.client.v1.checkout.sessions.list_async({}, shop.options)).data
    (intent,) = (await shop.client.v1.payment_intents.list_async({}, shop.options)).data
    assert (session.id, session.client_reference_id, plain(session.metadata)) == (
        made.session_id,
        "cart-1001",
        FOREIGN,
    )
    assert (intent.id, intent.status, plain(intent.metadata)) == (made.payment_intent_id, "succeeded", FOREIGN)
    assert [(entry.amount, entry.source.id) for entry in await balance_transactions(shop)] == [(7_700, made.charge_id)]
    assert (await events(shop))[-1].type == "checkout.session.completed"


@pytest.mark.parametrize(("way", "has_intent"), [("intent", True), ("charge", False)])
async def test_foreign_payment_without_a_checkout(shop: Shop, way: str, has_intent: bool) -> None:
    """A payment that somebody takes without Checkout has no session, and a bare charge no intent either."""
    made = await shop.server.foreign_payment(shop.account, way=way, amount=999, metadata={"payment_id": "7"})
    assert made.session_id is None
    assert (made.payment_intent_id is not None) == has_intent
    charge = await shop.client.v1.charges.retrieve_async(str(made.charge_id), None, shop.options)
    assert (charge.amount, charge.payment_intent, charge.paid) == (999, made.payment_intent_id, True)
    assert plain(charge.metadata) == {"payment_id": "7"}
    assert "charge.succeeded" in [event.type for event in await events(shop)]


async def test_foreign_checkout_that_only_keeps_a_card(shop: Shop) -> None:
    """A checkout in setup mode is completed without an amount, a currency or a payment."""
    made = await shop.server.foreign_payment(shop.account, way="setup")
    session = await shop.client.v1.checkout.sessions.retrieve_async(str(made.session_id), None, shop.options)
    assert (session.mode, session.status, session.payment_status) == ("setup", "complete", "no_payment_required")
    assert (session.amount_total, session.currency, session.payment_intent) == (None, None, None)
    assert [event.type for event in await events(shop)][1:] == ["checkout.session.completed"]
    assert "nothing to pay" in (await shop.server.client.get("/")).text


async def test_foreign_refund_of_our_payment_carries_foreign_metadata(shop: Shop) -> None:
    """The owner may refund our payment in the dashboard: the refund bears their metadata, and the money is gone."""
    session = await shop.paid(10_000)
    made = await shop.server.foreign_refund(payment_intent_id=session.payment_intent.id, amount_minor=4_000)
    parameters: Any = {"payment_intent": session.payment_intent.id}
    (refund,) = (await shop.client.v1.refunds.list_async(parameters, shop.options)).data
    assert (refund.id, refund.amount, plain(refund.metadata)["refund_id"]) == (made, 4_000, "RMA-77")
    assert (await shop.read(session)).payment_intent.latest_charge.amount_refunded == 4_000
    assert [entry.amount for entry in await balance_transactions(shop)] == [10_000, -4_000]
    with pytest.raises(stripe.InvalidRequestError, match="greater than unrefunded"):
        await shop.refund(session, amount=6_001)


async def test_bare_charge_is_refunded_and_disputed_without_an_intent(shop: Shop) -> None:
    """Refunds, disputes and events of a charge that has no payment intent name none."""
    first, second = [await shop.server.foreign_payment(shop.account, way="charge") for _ in range(2)]
    refund_id = await shop.server.foreign_refund(charge_id=first.charge_id, metadata={})
    dispute_id = await shop.server.foreign_dispute(charge_id=second.charge_id)
    refund = await shop.client.v1.refunds.retrieve_async(refund_id, None, shop.options)
    dispute = await shop.client.v1.disputes.retrieve_async(dispute_id, None, shop.options)
    assert (refund.payment_intent, plain(refund.metadata)) == (None, {})
    assert (dispute.payment_intent, dispute.amount) == (None, 7_700)
    types = [event.type for event in await events(shop)]
    assert {"refund.created", "charge.refunded", "charge.dispute.created"} <= set(types)


async def test_balance_moves_without_a_payment(shop: Shop) -> None:
    """A payout's entry leads to a payout, a fee of Stripe's to nothing."""
    payout = await shop.server.foreign_balance(shop.account, kind="payout", amount_minor=5_000)
    fee = await shop.server.foreign_balance(shop.account, kind="fee", amount_minor=7)
    first, second = await balance_transactions(shop)
    assert (first.amount, first.type, first.source.id) == (-5_000, "payout", payout)
    assert (second.id, second.amount, second.type, second.source) == (fee, -7, "stripe_fee", None)
    assert [event.type for event in await events(shop)][1:] == ["payout.paid"]


@pytest.mark.parametrize(
    ("path", "given", "complaint"),
    [
        ("foreign/payments", {"account": "acct_none"}, "no account 'acct_none'"),
        ("foreign/payments", {}, "no account None"),
        ("foreign/payments", {"account": "", "way": "letter"}, "way must be one of"),
        ("foreign/payments", {"account": "", "metadata": {"a": "b" * 501}}, "up to 500 characters"),
        ("foreign/payments", {"account": "", "way": "charge", "card": DECLINED}, "declined"),
        ("foreign/refunds", {"charge": "ch_none"}, "no charge 'ch_none'"),
        ("foreign/balance", {"account": "", "kind": "gift"}, "kind must be payout or fee"),
    ],
)
async def test_foreign_object_that_cannot_be_made_is_refused(
    shop: Shop, path: str, given: dict[str, Any], complaint: str
) -> None:
    """A control that names what is not there, or not possible, is refused with a sentence, and makes nothing."""
    if given.get("account") == "":
        given = {**given, "account": shop.account}
    with pytest.raises(ControlFailed, match=complaint):
        await shop.server.control(path, **given)
    assert await balance_transactions(shop) == []
