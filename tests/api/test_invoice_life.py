"""How invoices end and come back: voided, closed short, written off, revised, disputed and returned."""

from dataclasses import replace
from typing import Any

import models
from operations.payments import sync_payments
from operations.payments.fetch_payments import fetch_payment
from rules.states import PaymentState
from tests.world import INVOICE, Api, Job, World


async def the_invoice(world: World, invoice_id: str) -> Any:
    data = await world.inspector.read(
        f"query($id: ID!) {{ invoice(id: $id) {{ {INVOICE} overpaid {{ formatted }} }} }}", id=invoice_id
    )
    return data["invoice"]


async def opened(world: World, amount: str = "125.00") -> tuple[Job, str, Api]:
    job = await world.inspection()
    invoice = await job.invoice(amount)
    return job, invoice["id"], await job.payment_link(invoice["id"])


async def test_closing_short_returns_the_rest_to_the_client(world: World) -> None:
    """Closing an invoice short returns the rest to the client's invoice (S1)."""
    job, invoice_id, payer = await opened(world)
    await job.paid(payer, invoice_id, "100.00")
    done = await world.inspector.mutate("closeInvoiceShort", f"invoice {{ {INVOICE} }}", invoiceId=invoice_id)
    closed = done.done("invoice")
    assert (closed["status"], closed["total"]["formatted"], closed["remaining"]["formatted"]) == (
        "PAID",
        "$100.00",
        "$0.00",
    )
    assert (await job.primary())["total"]["formatted"] == "$350.00"


async def test_closing_short_needs_money_and_an_open_invoice(world: World) -> None:
    """Only an open separate invoice on which something was paid can be closed short (S1)."""
    job, invoice_id, payer = await opened(world)
    refused = await world.inspector.mutate("closeInvoiceShort", invoiceId=invoice_id)
    assert (refused.codes, refused.fields) == (["INVOICE_NOT_OPEN"], [["invoiceId"]])
    await job.paid(payer, invoice_id)
    assert (await world.inspector.mutate("closeInvoiceShort", invoiceId=invoice_id)).codes == ["INVOICE_NOT_OPEN"]
    assert (await world.inspector.mutate("closeInvoiceShort", invoiceId=job.primary_id)).codes == ["INVOICE_IS_PRIMARY"]


async def test_money_for_a_written_off_invoice_is_still_taken(world: World) -> None:
    """A written-off invoice can still be paid, and then is paid (S1)."""
    job, invoice_id, payer = await opened(world)
    done = await world.inspector.mutate("markInvoiceUncollectible", "invoice { status }", invoiceId=invoice_id)
    assert done.done("invoice")["status"] == "UNCOLLECTIBLE"
    await job.paid(payer, invoice_id)
    assert (await the_invoice(world, invoice_id))["status"] == "PAID"


async def test_an_edit_revises_an_open_invoice_and_ends_its_checkout(world: World) -> None:
    """Editing a charge revises the open invoice, ends its checkout, and keeps its link payable (S47)."""
    job = await world.inspection("300.00", "150.00")
    invoice = await job.invoice(lineItemIds=[job.items[1]])
    payer = await job.payment_link(invoice["id"])
    old = (await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])).done("checkoutUrl")
    (await world.inspector.mutate("updateLineItem", lineItemId=job.items[1], amount="120.00")).done("userErrors")
    seen = await the_invoice(world, invoice["id"])
    assert (seen["revision"], seen["total"]["formatted"], seen["status"]) == (2, "$120.00", "OPEN")
    assert await world.pay(old) == 410
    await job.paid(payer, invoice["id"])
    assert (await the_invoice(world, invoice["id"]))["settled"]["formatted"] == "$120.00"


async def test_an_edit_below_what_is_settled_is_an_overpayment_to_give_back(world: World) -> None:
    """A charge lowered below what was paid leaves an overpayment, which one refund gives back (S47, S40)."""
    job, invoice_id, payer = await opened(world, "450.00")
    payment = await job.paid(payer, invoice_id)
    (await world.inspector.mutate("updateLineItem", lineItemId=job.items[0], amount="300.00")).done("userErrors")
    seen = await the_invoice(world, invoice_id)
    assert (seen["paymentStatus"], seen["overpaid"]["formatted"]) == ("OVERPAID", "$50.00")
    refund = await world.inspector.mutate("refundPayment", "refund { id }", paymentId=payment["id"], amount="50.00")
    refund.done("refund")
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["overpaid"]["formatted"], seen["remaining"]["formatted"]) == ("PAID", "$0.00", "$0.00")


async def test_a_void_invoice_cannot_be_paid_through_its_old_checkout(world: World) -> None:
    """A void invoice cannot be paid by its old checkout or read by its old link (S1)."""
    job, invoice_id, payer = await opened(world)
    url = (await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice_id)).done("checkoutUrl")
    (await world.inspector.mutate("voidInvoice", invoiceId=invoice_id)).done("userErrors")
    assert await world.pay(url) == 410
    assert (await payer.run("{ viewer { ... on PayerViewer { invoice { id } } } }")).codes == ["UNAUTHENTICATED"]
    assert (await job.primary())["total"]["formatted"] == "$450.00"


async def test_bank_money_arrives_days_later_or_not_at_all(world: World) -> None:
    """A bank debit is under way for days, then arrives or fails; until then the invoice cannot be voided (S1)."""
    job, invoice_id, payer = await opened(world)
    await job.paid(payer, invoice_id, bank="succeeds")
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["paymentStatus"], seen["inFlight"]["formatted"]) == ("OPEN", "PROCESSING", "$125.00")
    assert (await world.inspector.mutate("voidInvoice", invoiceId=invoice_id)).codes == ["PAYMENT_IN_PROGRESS"]
    await world.servers.stripe.control("settle")
    await world.poll()
    assert (await the_invoice(world, invoice_id))["status"] == "PAID"

    client = await job.client_portal()
    await job.paid(client, job.primary_id, bank="fails")
    assert (await job.primary())["paymentStatus"] == "PROCESSING"
    await world.servers.stripe.control("settle")
    await world.poll()
    primary = await job.primary()
    assert (primary["status"], primary["paymentStatus"], primary["remaining"]["formatted"]) == (
        "OPEN",
        "UNPAID",
        "$325.00",
    )


async def test_a_returned_debit_reopens_the_invoice(world: World) -> None:
    """A returned bank debit makes the invoice due again (S1)."""
    job, invoice_id, payer = await opened(world)
    await job.paid(payer, invoice_id, bank="succeeds")
    await world.servers.stripe.control("settle")
    await world.poll()
    payment = await models.Payment.get()
    await world.servers.stripe.control("returns", payment_intent=payment.stripe_payment_intent_id)
    await world.hear_news()
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["payments"][0]["status"], seen["remaining"]["formatted"]) == (
        "OPEN",
        "RETURNED",
        "$125.00",
    )


async def disputed(world: World) -> tuple[Job, str, str]:
    job, invoice_id, payer = await opened(world)
    await job.paid(payer, invoice_id, card="4000000000000259")
    await world.hear_news()
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["paymentStatus"], seen["payments"][0]["status"]) == ("PAID", "DISPUTED", "DISPUTED")
    refused = await world.inspector.mutate("refundPayment", paymentId=seen["payments"][0]["id"])
    assert refused.messages == ["This payment is disputed."]
    payment = await models.Payment.get()
    found = await world.servers.stripe.client.get(
        "/v1/disputes",
        params={"payment_intent": str(payment.stripe_payment_intent_id)},
        headers={"Authorization": "Bearer sk_test_x", "Stripe-Account": str(payment.stripe_account_id)},
    )
    return job, invoice_id, found.json()["data"][0]["id"]


async def test_a_lost_dispute_makes_the_amount_due_again(world: World) -> None:
    """A lost dispute makes the amount due again (S1)."""
    _, invoice_id, dispute = await disputed(world)
    await world.servers.stripe.control(f"disputes/{dispute}", outcome="lost")
    await world.hear_news()
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["payments"][0]["status"], seen["remaining"]["formatted"]) == (
        "OPEN",
        "LOST",
        "$125.00",
    )


async def test_a_won_dispute_leaves_the_invoice_paid(world: World) -> None:
    """A won dispute leaves the invoice paid (S1)."""
    _, invoice_id, dispute = await disputed(world)
    await world.servers.stripe.control(f"disputes/{dispute}", outcome="won")
    await world.hear_news()
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["paymentStatus"], seen["payments"][0]["status"]) == ("PAID", "PAID", "SUCCEEDED")


async def test_an_account_that_loses_its_capability_takes_no_more_payments(world: World) -> None:
    """A Stripe account that can no longer charge takes no payments and no new separate invoices (S2)."""
    job, invoice_id, payer = await opened(world)
    company = await models.Company.get(id=world.company_key)
    await world.servers.stripe.control(f"accounts/{company.stripe_account_id}", charges_enabled=False)
    await world.hear_news()
    assert (await payer.mutate("startPayment", invoiceId=invoice_id)).codes == ["INVOICE_NOT_PAYABLE"]
    assert (await job.add_invoice("50.00")).codes == ["STRIPE_NOT_CONNECTED"]


async def test_late_money_on_a_void_invoice_is_recorded_and_given_back(world: World) -> None:
    """An invoice that is paid while it is being voided stays, and is paid (S40)."""
    job, invoice_id, payer = await opened(world)
    started = await payer.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=invoice_id)
    # The checkout is paid in the moment in which the invoice is voided: our expiry comes too late, and fails.
    await world.pay(started.done("checkoutUrl"))
    refused = await world.inspector.mutate("voidInvoice", invoiceId=invoice_id)
    assert refused.codes == ["INVOICE_NOT_VOIDABLE"]
    assert (await the_invoice(world, invoice_id))["status"] == "PAID"
    assert (await job.primary())["total"]["formatted"] == "$325.00"


async def test_an_invoice_that_awaits_money_is_not_withdrawn_by_an_edit(world: World) -> None:
    """Removing the charge of an invoice that awaits money does not withdraw it (S28)."""
    job = await world.inspection("300.00", "150.00")
    invoice_id = (await job.invoice(lineItemIds=[job.items[1]]))["id"]
    await job.paid(await job.payment_link(invoice_id), invoice_id, bank="succeeds")
    (await world.inspector.mutate("removeLineItem", lineItemId=job.items[1])).done("userErrors")
    assert (await the_invoice(world, invoice_id))["status"] == "OPEN"
    await world.servers.stripe.control("settle")
    await world.poll()
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["paymentStatus"], seen["overpaid"]["formatted"]) == ("PAID", "OVERPAID", "$150.00")


async def test_a_canceled_job_cannot_be_paid_through_its_old_checkout(world: World) -> None:
    """A canceled job cannot be paid by its old checkout (S1)."""
    job = await world.inspection()
    client = await job.client_portal()
    url = (await client.mutate("startPayment", "checkoutUrl", invoiceId=job.primary_id)).done("checkoutUrl")
    canceled = await world.inspector.mutate("cancelInspection", "inspection { status }", inspectionId=job.id)
    assert canceled.done("inspection")["status"] == "CANCELED"
    assert await world.pay(url) == 410
    assert (await models.Payment.get()).state == "CANCELED"


async def test_what_a_partly_lost_dispute_left_may_be_all_that_is_owed(world: World) -> None:
    """Charges can be lowered to what a partly lost dispute left of a payment (S28)."""
    job = await world.inspection("125.00")
    await job.paid(await job.client_portal(), job.primary_id)
    payment = await models.Payment.get()
    paid = await fetch_payment(payment, stripe=world.held.stripe)
    lost = replace(paid, state=PaymentState.LOST, disputed_minor=4000)
    await sync_payments.apply_payment(payment.id, lost)
    assert (await job.primary())["remaining"]["formatted"] == "$40.00"
    (await world.inspector.mutate("updateLineItem", lineItemId=job.items[0], amount="85.00")).done("userErrors")
    assert (await job.primary())["status"] == "PAID"


async def test_an_emptied_invoice_with_money_under_way_stays_until_the_money_has_arrived(world: World) -> None:
    """An emptied invoice with money under way stays open until the money has arrived (S47, S40)."""
    job = await world.inspection("300.00", "150.00")
    invoice = await job.invoice(lineItemIds=[job.items[1]])
    payer = await job.payment_link(invoice["id"])
    await job.paid(payer, invoice["id"], bank="succeeds")
    (await world.inspector.mutate("removeLineItem", lineItemId=job.items[1])).done("userErrors")
    seen = await the_invoice(world, invoice["id"])
    assert (seen["status"], seen["inFlight"]["formatted"], seen["overpaid"]["formatted"]) == (
        "OPEN",
        "$150.00",
        "$150.00",
    )
    await world.servers.stripe.control("settle")
    await world.poll()
    seen = await the_invoice(world, invoice["id"])
    assert (seen["paymentStatus"], seen["overpaid"]["formatted"]) == ("OVERPAID", "$150.00")


async def test_a_little_that_a_refund_left_due_does_not_keep_charges_from_being_edited(world: World) -> None:
    """Less than Stripe's smallest charge left by a refund does not keep charges from being edited (S28)."""
    job, invoice_id, payer = await opened(world)
    payment = await job.paid(payer, invoice_id)
    given = {"paymentId": payment["id"], "amount": "0.20", "disposition": "REOPEN"}
    (await world.inspector.mutate("refundPayment", **given)).done("userErrors")
    assert (await the_invoice(world, invoice_id))["remaining"]["formatted"] == "$0.20"
    (await world.inspector.mutate("updateLineItem", lineItemId=job.items[1], amount="120.00")).done("userErrors")
    assert (await job.primary())["total"]["formatted"] == "$345.00"
