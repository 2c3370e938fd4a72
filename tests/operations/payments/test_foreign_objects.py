"""What others make on a company's account at Stripe: never an error of ours, nor a reason not to look at the next."""

from typing import Any

import pytest

import gateways.stripe
import models
from gateways.stripe import StripeUnavailable
from gateways.stripe_answers import EVENT_TYPES
from gateways.stripe_calls import StripeListTooLong
from operations.ledger.reconciliation import reconcile_ledgers, reconcile_stripe
from operations.payments import sync_payments
from rules import clock
from tests.world import Job, Json, World, key_of


async def discrepancies(world: World) -> list[str]:
    """What the audit finds."""
    found = [str(discrepancy) async for discrepancy in reconcile_ledgers()]
    return found + [str(discrepancy) async for discrepancy in reconcile_stripe(stripe=world.held.stripe)]


async def paid(world: World) -> tuple[Job, Json, models.Payment]:
    """A job whose client paid at the checkout."""
    job = await world.inspection()
    shown = await job.paid(await job.client_portal(), job.primary_id)
    return job, shown, await models.Payment.get(id=key_of(shown["id"]))


async def cursor_and_newest(world: World) -> tuple[str | None, str]:
    """The event that was heard last, and the newest of those that we ask for."""
    (account,) = await models.ConnectedAccount.all()
    events = await world.servers.stripe.client.get(
        "/v1/events",
        params={"types[]": EVENT_TYPES},
        headers={"Authorization": "Bearer sk_test_x", "Stripe-Account": str(account.account_id)},
    )
    return account.event_id, events.json()["data"][0]["id"]


async def test_a_refund_that_others_made_with_words_of_theirs_is_booked_and_stops_no_news(world: World) -> None:
    """A refund whose `refund_id` is not one of ours is booked like any, and disputes behind it are heard (S30)."""
    stripe = world.servers.stripe
    job, shown, payment = await paid(world)
    _, other, disputed = await paid(world)
    await world.hear_news()
    await stripe.foreign_refund(payment_intent_id=payment.stripe_payment_intent_id, amount_minor=2500)
    await stripe.foreign_dispute(payment_intent_id=disputed.stripe_payment_intent_id)
    await world.hear_news()
    seen = await job.read("payments { id refunded { formatted } refunds { reason status } }")
    assert seen["payments"] == [
        {
            "id": shown["id"],
            "refunded": {"formatted": "$25.00"},
            "refunds": [{"reason": "Made at Stripe.", "status": "SUCCEEDED"}],
        }
    ]
    assert (await models.Payment.get(id=key_of(other["id"]))).state == "DISPUTED"
    heard, newest = await cursor_and_newest(world)
    assert heard == newest
    refunded = await world.inspector.mutate("refundPayment", "refund { status }", paymentId=shown["id"], amount="10.00")
    assert refunded.done("refund") == {"status": "SUCCEEDED"}
    assert await discrepancies(world) == []


async def test_what_others_take_on_the_account_is_none_of_our_business(world: World) -> None:
    """Payments, refunds, disputes and payouts of others leave our rows, our cursor and the audit as they were."""
    stripe = world.servers.stripe
    (account,) = await models.ConnectedAccount.all()
    assert account.account_id is not None
    ways = [await stripe.foreign_payment(account.account_id, way=way) for way in ("checkout", "intent", "charge")]
    await stripe.foreign_payment(account.account_id, way="setup")
    for way in ways:
        await stripe.foreign_refund(charge_id=way.charge_id, amount_minor=700)
    await stripe.foreign_dispute(charge_id=ways[1].charge_id)
    for kind in ("payout", "fee"):
        await stripe.foreign_balance(account.account_id, kind=kind)
    _, _, payment = await paid(world)
    await world.hear_news()
    assert [row.id for row in await models.Payment.all()] == [payment.id]
    assert await models.Refund.all().count() == 0
    heard, newest = await cursor_and_newest(world)
    assert heard == newest
    assert await discrepancies(world) == []


async def test_a_refund_of_others_that_copies_an_id_of_ours_is_another_refund(world: World) -> None:
    """Who writes the id of our refund on theirs neither replaces ours nor hides theirs (S30)."""
    job, shown, payment = await paid(world)
    made = await world.inspector.mutate("refundPayment", "refund { id }", paymentId=shown["id"], amount="25.00")
    copied = {"refund_id": str(key_of(made.done("refund")["id"]))}
    await world.servers.stripe.foreign_refund(
        payment_intent_id=payment.stripe_payment_intent_id, amount_minor=2500, metadata=copied
    )
    for _ in range(2):
        await world.hear_news()
    seen = await job.read("payments { refunded { formatted } refunds { amount { formatted } status } }")
    assert seen["payments"][0]["refunded"]["formatted"] == "$50.00"
    assert len(seen["payments"][0]["refunds"]) == 2
    assert await discrepancies(world) == []


async def test_money_of_ours_that_we_have_no_payment_of_is_told_by_the_audit(world: World) -> None:
    """Only what names a payment of ours counts as missing; it does so even without our row's link to it."""
    _, _, payment = await paid(world)
    intent = payment.stripe_payment_intent_id
    await models.Payment.filter(id=payment.id).update(stripe_payment_intent_id=None)
    assert any(
        f"Payment intent {intent}: captured is stored as no payment" in told for told in await discrepancies(world)
    )


async def test_a_payment_that_cannot_be_taken_in_is_noted_and_looked_at_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One payment that raises stops neither the next nor the cursor; it is in the history and in the audit (S27)."""
    rows = []
    for _ in range(2):
        job = await world.inspection()
        client = await job.client_portal()
        started = await client.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=job.primary_id)
        await world.pay(started.done("checkoutUrl"))
        rows.append(key_of(started.content["payment"]["id"]))
    apply = sync_payments.apply_payment

    async def fail_for_the_first(payment_id: Any, fetched: Any) -> None:
        if payment_id == rows[0]:
            raise ValueError("something nobody thought of")
        await apply(payment_id, fetched)

    with monkeypatch.context() as patch:
        patch.setattr(sync_payments, "apply_payment", fail_for_the_first)
        await world.hear_news()
        await sync_payments.try_sync_payment(rows[0], stripe=world.held.stripe)
    bad, good = [await models.Payment.get(id=row) for row in rows]
    assert (good.state, good.unread_reason) == ("SUCCEEDED", None)
    assert (bad.state, bad.unread_reason) == ("REQUIRES_ACTION", "ValueError")
    assert bad.next_poll_at is not None
    assert bad.next_poll_at > clock.now()
    heard, newest = await cursor_and_newest(world)
    assert heard == newest
    assert await models.Event.filter(name="payment.unread", subject_id=rows[0]).count() == 1, "told once"
    assert any(f"Payment {rows[0]}: unread_reason" in told for told in await discrepancies(world))
    await sync_payments.try_sync_payment(rows[0], stripe=world.held.stripe)
    again = await models.Payment.get(id=rows[0])
    assert (again.state, again.unread_reason) == ("SUCCEEDED", None)
    assert await discrepancies(world) == []


async def test_a_list_that_goes_on_too_long_is_an_error_and_not_half_an_answer(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Beyond the pages that are read nothing is decided: the payment is looked at again later, and nothing is lost."""
    job, shown, payment = await paid(world)
    intent, account = str(payment.stripe_payment_intent_id), str(payment.stripe_account_id)
    for _ in range(2):
        await world.servers.stripe.foreign_refund(payment_intent_id=intent, amount_minor=100)
    with monkeypatch.context() as patch:
        patch.setattr(gateways.stripe, "PAGE", 1)
        for bound in ("REFUND_PAGES_MAX", "BALANCE_PAGES_MAX"):
            patch.setattr(gateways.stripe, bound, 1)
        with pytest.raises(StripeListTooLong, match="more than 1 pages of refunds"):
            await world.held.stripe.list_refunds(intent, account_id=account)
        with pytest.raises(StripeUnavailable):
            await world.held.stripe.read_balance_transactions(account)
        await world.hear_news()
        assert (await models.Payment.get()).next_poll_at is not None
        patch.setattr(gateways.stripe, "REFUND_PAGES_MAX", 2)
        assert len(await world.held.stripe.list_refunds(intent, account_id=account)) == 2
    await world.poll()
    seen = await job.read("payments { id refunded { formatted } }")
    assert seen["payments"] == [{"id": shown["id"], "refunded": {"formatted": "$2.00"}}]
