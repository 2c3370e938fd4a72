"""Refunds: money goes back to the one who paid, never more than was paid."""

from typing import Any

import pytest

import models
from tests.world import Api, Job, Payload, World

REFUND = "refund { id status disposition amount { formatted } failureMessage }"


async def refund(world: World, payment: str, **given: Any) -> Payload:
    return await world.inspector.mutate("refundPayment", REFUND, paymentId=payment, **given)


async def paid_by_agent(world: World, amount: str = "125.00", **form: str) -> tuple[Job, str, str, Api]:
    """A job with the agent's paid invoice: the job, the invoice, the payment, and the payer."""
    job = await world.inspection()
    invoice = await job.invoice(amount)
    payer = await job.payment_link(invoice["id"])
    payment = await job.paid(payer, invoice["id"], **form)
    return job, invoice["id"], payment["id"], payer


async def the_invoice(world: World, invoice_id: str) -> Any:
    data = await world.inspector.read(
        "query($id: ID!) { invoice(id: $id) { status paymentStatus settled { formatted } remaining { formatted } "
        "credited { formatted } payments { refunded { formatted } refundable { formatted } refunds { status } } } }",
        id=invoice_id,
    )
    return data["invoice"]


async def refund_at_stripe(world: World, payment: models.Payment, amount_minor: str) -> None:
    """What somebody does in Stripe's dashboard."""
    response = await world.servers.stripe.client.post(
        "/v1/refunds",
        data={"payment_intent": payment.stripe_payment_intent_id, "amount": amount_minor},
        headers={"Authorization": "Bearer sk_test_x", "Stripe-Account": str(payment.stripe_account_id)},
    )
    assert response.is_success


async def test_a_credited_refund_leaves_the_invoice_paid(world: World) -> None:
    """A refund with CREDIT leaves the invoice paid (S30, S40)."""
    _, invoice_id, payment_id, payer = await paid_by_agent(world)
    done = (await refund(world, payment_id, amount="25.00", reason="Goodwill")).done("refund")
    assert (done["status"], done["disposition"], done["amount"]["formatted"]) == ("SUCCEEDED", "CREDIT", "$25.00")
    seen = await the_invoice(world, invoice_id)
    assert seen == {
        "status": "PAID",
        "paymentStatus": "PARTIALLY_REFUNDED",
        "settled": {"formatted": "$100.00"},
        "remaining": {"formatted": "$0.00"},
        "credited": {"formatted": "$25.00"},
        "payments": [
            {
                "refunded": {"formatted": "$25.00"},
                "refundable": {"formatted": "$100.00"},
                "refunds": [{"status": "SUCCEEDED"}],
            }
        ],
    }
    mine = await payer.read("{ viewer { ... on PayerViewer { invoice { payments { refunds { status } } } } } }")
    assert mine["viewer"]["invoice"]["payments"][0]["refunds"] == [{"status": "SUCCEEDED"}]


async def test_a_reopening_refund_makes_the_amount_due_again(world: World) -> None:
    """A refund with REOPEN makes the amount due and payable again (S40)."""
    _, invoice_id, payment_id, payer = await paid_by_agent(world)
    (await refund(world, payment_id, disposition="REOPEN")).done("refund")
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["paymentStatus"], seen["remaining"]["formatted"]) == ("OPEN", "UNPAID", "$125.00")
    started = await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice_id)
    assert started.done("checkoutUrl")


async def test_no_more_goes_back_than_was_paid(world: World) -> None:
    """No more can be refunded than was paid (S40)."""
    _, _, payment_id, _ = await paid_by_agent(world)
    (await refund(world, payment_id, amount="100.00")).done("refund")
    refused = await refund(world, payment_id, amount="25.01")
    assert refused.codes == ["AMOUNT_EXCEEDS_REFUNDABLE"]
    assert refused.messages == ["amount cannot exceed $25.00, which is what can be given back."]
    (await refund(world, payment_id)).done("refund")
    assert (await refund(world, payment_id)).codes == ["PAYMENT_NOT_REFUNDABLE"]
    assert await models.Refund.all().count() == 2


@pytest.mark.parametrize("amount", ["0", "-1.00", "0.001", "1000000.00"])
async def test_absurd_amounts_are_refused(world: World, amount: str) -> None:
    """Absurd refund amounts are refused, naming the field (S40)."""
    _, _, payment_id, _ = await paid_by_agent(world)
    refused = await refund(world, payment_id, amount=amount)
    assert refused.codes[0] in ("INVALID_AMOUNT", "AMOUNT_EXCEEDS_REFUNDABLE")
    assert refused.fields == [["amount"]]
    assert await models.Refund.all().count() == 0


async def test_a_refund_that_fails_later_is_ours_again(world: World) -> None:
    """A refund that fails later counts as never given back (S40)."""
    _, invoice_id, payment_id, _ = await paid_by_agent(world, card="4000000000005126")
    (await refund(world, payment_id)).done("refund")
    assert (await the_invoice(world, invoice_id))["paymentStatus"] == "REFUNDED"
    await world.servers.stripe.control("settle")
    await world.hear_news()
    seen = await the_invoice(world, invoice_id)
    assert (seen["status"], seen["paymentStatus"]) == ("PAID", "PAID")
    assert seen["payments"][0]["refundable"]["formatted"] == "$125.00"
    assert seen["payments"][0]["refunds"] == [{"status": "FAILED"}]


async def test_a_pending_refund_reserves_its_amount(world: World) -> None:
    """A pending refund reserves its amount until it succeeds (S40)."""
    _, invoice_id, payment_id, _ = await paid_by_agent(world, card="4000000000007726")
    pending = (await refund(world, payment_id)).done("refund")
    assert pending["status"] == "PENDING"
    assert (await the_invoice(world, invoice_id))["paymentStatus"] == "PAID"
    assert (await refund(world, payment_id)).codes == ["PAYMENT_NOT_REFUNDABLE"]
    await world.servers.stripe.control("settle")
    await world.poll()
    assert (await the_invoice(world, invoice_id))["paymentStatus"] == "REFUNDED"


@pytest.mark.parametrize("fault", [{"kind": "lost_reply"}, {"kind": "status", "value": 503}])
async def test_a_call_that_goes_wrong_refunds_once(world: World, fault: dict[str, Any]) -> None:
    """A refund whose call to Stripe goes wrong is made once (S40)."""
    _, invoice_id, payment_id, _ = await paid_by_agent(world)
    await world.servers.stripe.control("faults", match="POST /v1/refunds", count=3, **fault)
    first = (await refund(world, payment_id, idempotencyKey="once")).done("refund")
    again = (await refund(world, payment_id, idempotencyKey="once")).done("refund")
    assert again["id"] == first["id"]
    await world.poll()
    seen = await the_invoice(world, invoice_id)
    assert seen["payments"][0]["refunds"] == [{"status": "SUCCEEDED"}]
    assert seen["payments"][0]["refunded"]["formatted"] == "$125.00"
    asked = [entry for entry in await world.servers.stripe.requests() if entry["path"] == "/v1/refunds"]
    assert len({entry["idempotency_key"] for entry in asked if entry["method"] == "POST"}) == 1


async def test_a_manual_payment_gets_a_recorded_refund_only(world: World) -> None:
    """A payment taken by hand is refunded by hand, without asking Stripe (S29, S30)."""
    job = await world.inspection()
    recorded = await world.inspector.mutate(
        "recordPayment", "payment { id status }", invoiceId=job.primary_id, amount="450.00", method="CHECK"
    )
    asked = len(await world.servers.stripe.requests())
    done = (await refund(world, recorded.done("payment")["id"], disposition="REOPEN")).done("refund")
    assert done["status"] == "SUCCEEDED"
    assert len(await world.servers.stripe.requests()) == asked
    assert (await job.read("paymentStatus remaining { formatted }")) == {
        "paymentStatus": "UNPAID",
        "remaining": {"formatted": "$450.00"},
    }


async def test_money_that_came_through_stripe_goes_back_through_stripe_however_it_was_paid(world: World) -> None:
    """What came through Stripe goes back through Stripe, whatever the method (S40)."""
    _, invoice_id, payment_id, _ = await paid_by_agent(world)
    # As a wallet that is neither card nor bank debit, such as Link or Cash App, leaves it.
    await models.Payment.all().update(method="OTHER", card_brand=None, card_last4=None)
    assert (await refund(world, payment_id)).done("refund")["status"] == "SUCCEEDED"
    asked = [(entry["method"], entry["path"]) for entry in await world.servers.stripe.requests()]
    assert asked.count(("POST", "/v1/refunds")) == 1
    assert (await the_invoice(world, invoice_id))["paymentStatus"] == "REFUNDED"


async def test_a_refund_made_at_stripe_is_heard_of(world: World) -> None:
    """A refund made at Stripe shows on the payment (S40)."""
    _, invoice_id, _, _ = await paid_by_agent(world)
    payment = await models.Payment.get(stripe_payment_intent_id__isnull=False)
    await refund_at_stripe(world, payment, "2500")
    await world.hear_news()
    seen = await the_invoice(world, invoice_id)
    assert seen["payments"][0]["refunded"]["formatted"] == "$25.00"
    await world.hear_news()
    assert await models.Refund.all().count() == 1


async def test_an_overpayment_given_back_at_stripe_is_no_credit(world: World) -> None:
    """An overpayment that is given back at Stripe takes nothing off the invoice (S40)."""
    job, invoice_id, _, _ = await paid_by_agent(world, "450.00")
    (await world.inspector.mutate("updateLineItem", lineItemId=job.items[0], amount="300.00")).done("userErrors")
    assert (await the_invoice(world, invoice_id))["paymentStatus"] == "OVERPAID"
    await refund_at_stripe(world, await models.Payment.get(), "7500")
    await world.hear_news()
    seen = await the_invoice(world, invoice_id)
    # $50.00 of it was too much, so $25.00 is the company's goodwill.
    assert (seen["status"], seen["paymentStatus"]) == ("PAID", "PARTIALLY_REFUNDED")
    assert (seen["credited"]["formatted"], seen["remaining"]["formatted"]) == ("$25.00", "$0.00")
    assert (await models.Invoice.get(kind="SEPARATE")).overpaid_minor == 0


@pytest.mark.parametrize("silent", ["GET /v1/refunds", "GET /v1/checkout/sessions"])
async def test_news_that_stripe_does_not_explain_at_once_is_looked_into_later(world: World, silent: str) -> None:
    """An event that Stripe cannot explain at once is looked into later (S40)."""
    _, invoice_id, _, _ = await paid_by_agent(world)
    await refund_at_stripe(world, await models.Payment.get(), "2500")
    await world.servers.stripe.control("faults", match=silent, kind="status", value=503, count=20)
    await world.hear_news()
    assert (await the_invoice(world, invoice_id))["payments"][0]["refunds"] == []
    await world.servers.stripe.control("faults", method="DELETE")
    await world.poll()
    assert (await the_invoice(world, invoice_id))["payments"][0]["refunded"]["formatted"] == "$25.00"
    assert (await models.Payment.get()).next_poll_at is None


async def test_several_refunds_succeed_or_fail_alone(world: World) -> None:
    """Several refunds in one request succeed or fail each on its own (S30)."""
    job, _, payment_id, _ = await paid_by_agent(world)
    client = await job.client_portal()
    other = await job.paid(client, job.primary_id)
    answer = await world.inspector.read(
        "mutation($a: RefundPaymentInput!, $b: RefundPaymentInput!) {"
        " a: refundPayment(input: $a) { userErrors { code } }"
        " b: refundPayment(input: $b) { refund { status } userErrors { code } } }",
        a={"paymentId": payment_id, "amount": "999.00"},
        b={"paymentId": other["id"]},
    )
    assert answer["a"]["userErrors"] == [{"code": "AMOUNT_EXCEEDS_REFUNDABLE"}]
    assert answer["b"] == {"refund": {"status": "SUCCEEDED"}, "userErrors": []}
