"""Receipts: the one who paid hears of it once, and nobody else does."""

from typing import Any

import pytest

import models
from operations.payments.sync_payments import sync_payment
from tests.world import Job, World


async def receipts(world: World) -> list[tuple[str, str]]:
    """Who got which receipt, the oldest first."""
    await world.deliver_mails()
    written = [(mail.to_address, mail.subject) for mail in await models.Email.filter(kind="RECEIPT").order_by("id")]
    arrived = [(mail["recipients"][0], mail["subject"]) for mail in await world.mails()]
    assert sorted(arrived) == sorted(written)
    return written


async def paid_by_agent(job: Job, **form: str) -> tuple[str, str, str]:
    """The agent's paid invoice: its id, its number, and its payment's id."""
    invoice = await job.invoice("125.00")
    payment = await job.paid(await job.payment_link(invoice["id"]), invoice["id"], **form)
    return invoice["id"], invoice["number"], payment["id"]


async def test_the_payer_gets_one_receipt_however_often_the_news_comes(world: World) -> None:
    """The payer gets one receipt, however often Stripe tells of the payment (S38)."""
    job = await world.inspection()
    _, number, _ = await paid_by_agent(job)
    payment = await models.Payment.get()
    for _ in range(2):
        await sync_payment(payment.id, stripe=world.held.stripe)
        await world.hear_news()
    assert await receipts(world) == [(job.email(), f"Receipt: $125.00 for invoice {number}")]
    (mail,) = await world.mails()
    assert "12 Shore Road, Lakeside" in mail["text"]
    assert "http" not in mail["text"]
    assert await models.Grant.filter(issued_by="INVOICE_EMAIL").count() == 0


async def test_the_client_gets_the_receipt_for_the_primary_invoice(world: World) -> None:
    """The receipt for the client's invoice goes to the client (S38)."""
    job = await world.inspection()
    await job.paid(await job.client_portal(), job.primary_id)
    assert await receipts(world) == [(job.email("CLIENT"), "Receipt: $450.00 for invoice 1001-1")]


async def test_receipt_names_the_card_to_whom_it_belongs(world: World) -> None:
    """Brand and last four digits; not on the client's invoice, which a guest's card may have paid (S20, S38)."""
    job = await world.inspection()
    await paid_by_agent(job)
    await job.paid(await job.client_portal(), job.primary_id)
    await receipts(world)
    (of_agent,), (of_client,) = await world.mails(job.email()), await world.mails(job.email("CLIENT"))
    assert "paid with your Visa card ending in 4242. Thank you!" in of_agent["text"]
    assert "4242" not in of_client["text"]


async def test_money_taken_by_hand_is_receipted(world: World) -> None:
    """A payment recorded by hand is receipted once, also when the request is repeated (S29, S38)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    for amount in ("25.00", "30.00"):
        given: dict[str, Any] = {"invoiceId": invoice["id"], "amount": amount, "method": "CASH"}
        for _ in range(2):
            (await job.api.mutate("recordPayment", "payment { id }", idempotencyKey=amount, **given)).done("payment")
    assert [subject for _, subject in await receipts(world)] == [
        f"Receipt: {amount} for invoice {invoice['number']}" for amount in ("$25.00", "$30.00")
    ]


@pytest.mark.parametrize("by_hand", [False, True])
async def test_the_payer_hears_of_money_given_back(world: World, by_hand: bool) -> None:
    """The payer is mailed once when money is given back, by hand or by Stripe (S30, S38, S40)."""
    job = await world.inspection()
    if by_hand:
        invoice = await job.invoice("125.00")
        number, given = invoice["number"], {"invoiceId": invoice["id"], "amount": "125.00", "method": "CHECK"}
        payment_id = (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")["id"]
    else:
        _, number, payment_id = await paid_by_agent(job)
    for amount in ("25.00", "10.00"):
        refunded = await job.api.mutate("refundPayment", "refund { status }", paymentId=payment_id, amount=amount)
        assert refunded.done("refund")["status"] == "SUCCEEDED"
    await world.poll()
    await world.hear_news()
    assert (await receipts(world))[1:] == [
        (job.email(), f"Refund: {amount} of invoice {number}") for amount in ("$25.00", "$10.00")
    ]


async def test_a_refund_is_told_when_it_succeeds_not_before(world: World) -> None:
    """A refund is mailed when it has succeeded, not while it is pending (S38, S40)."""
    job = await world.inspection()
    _, number, payment_id = await paid_by_agent(job, card="4000000000007726")
    assert (await job.api.mutate("refundPayment", "refund { status }", paymentId=payment_id)).done("refund") == {
        "status": "PENDING"
    }
    assert len(await receipts(world)) == 1
    await world.servers.stripe.control("settle")
    await world.poll()
    assert (await receipts(world))[1:] == [(job.email(), f"Refund: $125.00 of invoice {number}")]


@pytest.mark.parametrize("outcome", ["won", "lost"])
async def test_a_dispute_adds_no_receipt_and_takes_none_away(world: World, outcome: str) -> None:
    """A dispute leads to no receipt and cancels none (S38)."""
    job = await world.inspection()
    _, number, _ = await paid_by_agent(job, card="4000000000000259")
    await world.hear_news()
    payment = await models.Payment.get()
    assert payment.state == "DISPUTED"
    found = await world.servers.stripe.client.get(
        "/v1/disputes",
        params={"payment_intent": str(payment.stripe_payment_intent_id)},
        headers={"Authorization": "Bearer sk_test_x", "Stripe-Account": str(payment.stripe_account_id)},
    )
    await world.servers.stripe.control(f"disputes/{found.json()['data'][0]['id']}", outcome=outcome)
    await world.hear_news()
    assert (await models.Payment.get()).state == ("SUCCEEDED" if outcome == "won" else "LOST")
    assert await receipts(world) == [(job.email(), f"Receipt: $125.00 for invoice {number}")]


async def test_a_declined_payment_is_not_receipted(world: World) -> None:
    """A declined payment gets no receipt (S38)."""
    job = await world.inspection()
    await paid_by_agent(job, card="4000000000000002")
    assert await receipts(world) == []


async def test_a_payer_without_an_address_gets_none(world: World) -> None:
    """A payer without an address gets no receipt (S38)."""
    job = await world.inspection()
    person = job.created["people"][1]["person"]["id"]
    (await job.api.mutate("updatePerson", "person { id }", personId=person, email=None)).done("person")
    await paid_by_agent(job)
    assert await models.Email.all().count() == 0
