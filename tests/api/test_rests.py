"""What an edit, cash or a refund leaves to pay: old checkouts end first, and rests too little to charge are told."""

from typing import Any

import models
from tests.world import NOTICES, Api, Job, World

TO_PAY_DIRECTLY = (
    "$0.30 is left to pay, less than the $0.50 that can be paid online. Please pay it to Lakeside Inspections directly."
)


def too_little(number: str) -> list[tuple[str, str]]:
    sentence = (
        f"$0.30 is left to pay on invoice {number}, less than the $0.50 that can be paid online:"
        " it can only be taken by hand."
    )
    return [("BELOW_MINIMUM_CHARGE", sentence)]


async def seen_by(api: Api, invoice_id: str) -> Any:
    found = await api.read(
        "query($id: ID!) { invoice(id: $id) { number notice remaining { formatted } } }", id=invoice_id
    )
    return found["invoice"]


async def shared(world: World) -> tuple[Job, str, Api, str]:
    """An invoice for the second of two services, and the address at which its payer could pay it now."""
    job = await world.inspection("300.00", "150.00")
    invoice = await job.invoice(lineItemIds=[job.items[1]])
    payer = await job.payment_link(invoice["id"])
    url = (await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])).done("checkoutUrl")
    return job, invoice["id"], payer, url


async def test_an_edit_that_raises_an_invoice_ends_its_old_checkout(world: World) -> None:
    """An old checkout takes no old amount of an invoice that was raised by less than can be charged (S59)."""
    job, invoice_id, payer, old = await shared(world)
    edited = await world.inspector.mutate("updateLineItem", NOTICES, lineItemId=job.items[1], amount="150.30")
    assert (edited.codes, edited.notices) == ([], [])
    assert await world.pay(old) == 410
    await job.paid(payer, invoice_id)
    seen = await seen_by(payer, invoice_id)
    assert (seen["remaining"]["formatted"], seen["notice"]) == ("$0.00", None)


async def test_an_edit_that_raises_primary_ends_the_clients_old_checkout(world: World) -> None:
    """A fee added while the client pays is part of what the client is asked for next (S59)."""
    job = await world.inspection("300.00")
    client = await job.client_portal()
    old = (await client.mutate("startPayment", "checkoutUrl", invoiceId=job.primary_id)).done("checkoutUrl")
    added = await world.inspector.mutate(
        "addLineItem",
        NOTICES,
        inspectionId=job.id,
        kind="FEE",
        description="Toll",
        amount="0.30",
        updateAgreements=False,
    )
    assert (added.codes, added.notices) == ([], [])
    assert await world.pay(old) == 410
    await job.paid(client, job.primary_id)
    assert (await job.primary())["settled"]["formatted"] == "$300.30"


async def test_a_share_taken_off_primary_ends_a_checkout_for_a_part_of_it(world: World) -> None:
    """A checkout for part of PRIMARY does not outlive the total that it was opened for (S59)."""
    job = await world.inspection("300.00", "150.00")
    client = await job.client_portal()
    started = await client.mutate("startPayment", "checkoutUrl", invoiceId=job.primary_id, amount="149.80")
    await job.invoice(lineItemIds=[job.items[0]])
    assert await world.pay(started.done("checkoutUrl")) == 410


async def test_cash_that_would_leave_too_little_beside_a_checkout_ends_it(world: World) -> None:
    """Cash beside an open checkout never strands a rest that no checkout can take (S59)."""
    job = await world.inspection("300.00")
    client = await job.client_portal()
    started = await client.mutate("startPayment", "checkoutUrl", invoiceId=job.primary_id, amount="200.00")
    cash = {"invoiceId": job.primary_id, "amount": "99.70", "method": "CASH"}
    assert (await world.inspector.mutate("recordPayment", NOTICES, **cash)).notices == []
    assert await world.pay(started.done("checkoutUrl")) == 410
    await job.paid(client, job.primary_id)
    assert (await job.primary())["status"] == "PAID"


async def test_cash_that_leaves_too_little_says_so_and_the_portal_whom_to_pay(world: World) -> None:
    """The inspector, the client and a refused checkout are told of a rest below Stripe's minimum (S59)."""
    job = await world.inspection("300.00")
    client = await job.client_portal()
    number = (await job.primary())["number"]
    cash = {"invoiceId": job.primary_id, "amount": "299.70", "method": "CASH"}
    done = await world.inspector.mutate("recordPayment", f"payment {{ id }} {NOTICES}", **cash)
    assert (done.codes, done.notices) == ([], too_little(number))
    for api in (world.inspector, client):
        assert (await seen_by(api, job.primary_id))["notice"] == TO_PAY_DIRECTLY
    refused = await client.mutate("startPayment", f"checkoutUrl {NOTICES}", invoiceId=job.primary_id)
    assert (refused.codes, refused.messages, refused.fields) == (
        ["BELOW_MINIMUM_CHARGE"],
        [TO_PAY_DIRECTLY],
        [["invoiceId"]],
    )
    assert refused.notices == []
    assert await models.Payment.filter(method="CARD").count() == 0

    removed = await world.inspector.mutate(
        "removePayment", NOTICES, paymentId=done.done("payment")["id"], reason="Typo"
    )
    assert (removed.codes, removed.notices) == ([], [])
    assert (await seen_by(client, job.primary_id))["notice"] is None


async def test_a_payer_reads_whom_to_pay_in_their_own_portal(world: World) -> None:
    """The third party's portal names the company to pay, and nothing of others (S59, S19)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    cash = {"invoiceId": invoice["id"], "amount": "124.70", "method": "CHECK"}
    assert (await world.inspector.mutate("recordPayment", NOTICES, **cash)).notices == too_little(invoice["number"])
    assert (await seen_by(payer, invoice["id"]))["notice"] == TO_PAY_DIRECTLY


async def test_an_edit_that_leaves_too_little_says_so(world: World) -> None:
    """A fee of 30 cents on a paid job is told to be too little for a checkout, with each way of editing (S59)."""
    job = await world.inspection("300.00", "150.00")
    await job.paid(await job.client_portal(), job.primary_id)
    number = (await job.primary())["number"]
    fee = {"kind": "FEE", "description": "Toll", "amount": "0.30", "updateAgreements": False}
    added = await world.inspector.mutate("addLineItem", f"lineItem {{ id }} {NOTICES}", inspectionId=job.id, **fee)
    assert added.notices == too_little(number)
    item = added.done("lineItem")["id"]
    assert (await world.inspector.mutate("updateLineItem", NOTICES, lineItemId=item, amount="0.50")).notices == []
    back = await world.inspector.mutate("updateLineItem", NOTICES, lineItemId=item, amount="0.30")
    assert back.notices == too_little(number)
    gone = await world.inspector.mutate("removeLineItem", NOTICES, lineItemId=item)
    assert (gone.codes, gone.notices) == ([], [])


async def test_a_reopened_refund_that_leaves_too_little_says_so(world: World) -> None:
    """Reopening 30 cents is told to be too little for a checkout (S59)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payment = await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    given = {"paymentId": payment["id"], "amount": "0.30", "disposition": "REOPEN"}
    done = await world.inspector.mutate("refundPayment", NOTICES, **given)
    assert (done.codes, done.notices) == ([], too_little(invoice["number"]))


async def test_a_reopened_refund_ends_the_open_checkout_first(world: World) -> None:
    """What a refund reopens is asked for together with the rest, not left beside an older checkout (S59)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    payment = await job.paid(payer, invoice["id"], "60.00")
    old = (await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])).done("checkoutUrl")
    given = {"paymentId": payment["id"], "amount": "0.30", "disposition": "REOPEN"}
    done = await world.inspector.mutate("refundPayment", NOTICES, **given)
    assert (done.codes, done.notices) == ([], [])
    assert await world.pay(old) == 410
    await job.paid(payer, invoice["id"])
    assert (await seen_by(payer, invoice["id"]))["remaining"]["formatted"] == "$0.00"


async def test_closing_short_tells_what_little_it_leaves_the_client(world: World) -> None:
    """An invoice closed short may hand the client less than can be charged, and says so (S59)."""
    job = await world.inspection("300.00", "150.00")
    await job.invoice(lineItemIds=[job.items[0]])
    invoice = await job.invoice(lineItemIds=[job.items[1]])
    cash = {"invoiceId": invoice["id"], "amount": "149.70", "method": "CASH"}
    (await world.inspector.mutate("recordPayment", **cash)).done("userErrors")
    closed = await world.inspector.mutate("closeInvoiceShort", NOTICES, invoiceId=invoice["id"])
    assert (closed.codes, closed.notices) == ([], too_little((await job.primary())["number"]))
