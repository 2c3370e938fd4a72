"""The audit: silent about true books, loud about a cent moved by hand."""

import pytest
from tortoise import connections

from operations.ledger.reconciliation import Discrepancy, reconcile_ledgers, reconcile_stripe
from tests.world import Job, World


async def discrepancies(world: World) -> list[str]:
    found: list[Discrepancy] = [discrepancy async for discrepancy in reconcile_ledgers()]
    found += [discrepancy async for discrepancy in reconcile_stripe(stripe=world.held.stripe)]
    return [str(discrepancy) for discrepancy in found]


async def busy(world: World) -> Job:
    """A job on which money came, went back, was disputed, returned, taken by hand and struck out."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    payment = await job.paid(payer, invoice["id"])
    await world.inspector.mutate("refundPayment", paymentId=payment["id"], amount="25.00")
    cash = await world.inspector.mutate(
        "recordPayment", "payment { id }", invoiceId=job.primary_id, amount="60.00", method="CASH"
    )
    await world.inspector.mutate("removePayment", paymentId=cash.done("payment")["id"], reason="Mistyped")
    client = await job.client_portal()
    await job.paid(client, job.primary_id, "100.00", card="4000000000000259")
    await job.paid(client, job.primary_id, "100.00", bank="succeeds")
    await world.servers.stripe.control("settle")
    await world.hear_news()
    return job


async def test_a_true_ledger_shows_no_discrepancy(world: World) -> None:
    await busy(world)
    assert await discrepancies(world) == []


@pytest.mark.parametrize(
    ("statement", "told"),
    [
        ("UPDATE inspections SET settled_minor = settled_minor + 1", "settled_minor is stored as"),
        (
            "UPDATE invoices SET settled_minor = settled_minor + 1, remaining_minor = remaining_minor - 1,"
            " outstanding_minor = outstanding_minor - 1 WHERE kind = 'PRIMARY'",
            "Primary invoice",
        ),
        ("UPDATE payments SET amount_minor = amount_minor + 1 WHERE method = 'CARD'", "amount at Stripe"),
        ("UPDATE payments SET refundable_minor = refundable_minor - 1 WHERE refundable_minor > 0", "refundable_minor"),
        ("UPDATE refunds SET amount_minor = amount_minor - 1, credited_minor = 0", "refunded_minor"),
        ("UPDATE invoices SET status = 'OPEN' WHERE kind = 'SEPARATE'", "status is stored as OPEN"),
        ("UPDATE invoices SET outstanding_minor = 0 WHERE kind = 'PRIMARY'", "outstanding_minor is stored as 0"),
        ("UPDATE inspections SET outstanding_minor = outstanding_minor - 1", "outstanding_minor is stored as"),
        ("UPDATE invoices SET payment_status = 'NOT_DUE'", "payment_status is stored as NOT_DUE"),
        ("UPDATE payments SET stripe_payment_intent_id = NULL WHERE method = 'ACH'", "no payment"),
    ],
)
async def test_a_cent_moved_by_hand_is_found(world: World, statement: str, told: str) -> None:
    await busy(world)
    await connections.get("default").execute_query(statement)
    assert any(told in sentence for sentence in await discrepancies(world)), await discrepancies(world)
