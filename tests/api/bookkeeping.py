"""A month of business for reports: every way in which money moves, at moments that are hard to date."""

from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from tortoise import connections

import models
from rules.states import InvoiceStatus, PaymentState, RefundStatus
from tests.world import Job, World

MOMENTS = [
    datetime(2026, 10, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 11, 1, 0, 0, tzinfo=UTC),
    datetime(2026, 11, 1, 4, 59, 59, 999_999, tzinfo=UTC),  # October in Chicago.
    datetime(2026, 11, 1, 5, 0, tzinfo=UTC),  # Its first moment of November.
    datetime(2026, 11, 1, 6, 30, tzinfo=UTC),  # 1:30 there, before clocks were set back,
    datetime(2026, 11, 1, 7, 30, tzinfo=UTC),  # and 1:30 again.
    datetime(2026, 11, 2, 5, 59, 59, 999_999, tzinfo=UTC),  # The end of a day of 25 hours.
    datetime(2026, 11, 15, 11, 0, tzinfo=UTC),  # November 16 in Auckland.
    datetime(2026, 11, 30, 18, 30, tzinfo=UTC),  # December in Kolkata.
    datetime(2026, 12, 1, 5, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 12, 1, 6, 0, tzinfo=UTC),  # December in Chicago.
]


async def a_month_of_business(world: World) -> None:
    """Cards, bank debits, cash, refunds, disputes won and lost, returns, and what is still owed; then spread out."""
    await world.inspector.mutate("updateCompany", additionalRoles=["Attorney"])
    await _refunded(world)
    await _by_hand(world)
    for outcome in ("lost", "won", None):
        await _disputed(world, outcome)
    await _returned(world)
    await _paid_by_attorney(world)
    await spread_out()


async def _refunded(world: World) -> None:
    job = await world.inspection("350.00", "100.33")
    invoice = await job.invoice("125.11")
    payment = await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    for amount, disposition in (("25.03", "CREDIT"), ("10.00", "REOPEN")):
        done = await world.inspector.mutate(
            "refundPayment", "refund { id }", paymentId=payment["id"], amount=amount, disposition=disposition
        )
        done.done("refund")
    await job.paid(await job.client_portal(), job.primary_id, "200.02")


async def _by_hand(world: World) -> None:
    job = await world.inspection("99.99")
    for amount, method in (("10.01", "CASH"), ("20.02", "CHECK"), ("30.03", "OTHER"), ("5.00", "CASH")):
        done = await world.inspector.mutate(
            "recordPayment", "payment { id }", invoiceId=job.primary_id, amount=amount, method=method
        )
    await world.inspector.mutate("removePayment", paymentId=done.done("payment")["id"], reason="Typed twice")


async def _disputed(world: World, outcome: str | None) -> None:
    job = await world.inspection("60.07", "70.00")
    invoice = await job.invoice("60.07")
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"], card="4000000000000259")
    if outcome:
        payment = await models.Payment.filter(stripe_payment_intent_id__isnull=False).order_by("-id").first()
        assert payment is not None
        found = await world.servers.stripe.client.get(
            "/v1/disputes",
            params={"payment_intent": str(payment.stripe_payment_intent_id)},
            headers={"Authorization": "Bearer sk_test_x", "Stripe-Account": str(payment.stripe_account_id)},
        )
        await world.servers.stripe.control(f"disputes/{found.json()['data'][0]['id']}", outcome=outcome)
    await world.hear_news()


async def _returned(world: World) -> None:
    job = await world.inspection("81.81", "19.00")
    invoice = await job.invoice("81.81")
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"], bank="succeeds")
    await world.servers.stripe.control("settle")
    await world.poll()
    payment = await models.Payment.get(state=PaymentState.SUCCEEDED, method="ACH")
    await world.servers.stripe.control("returns", payment_intent=payment.stripe_payment_intent_id)
    await world.hear_news()


async def _paid_by_attorney(world: World) -> Job:
    job = await world.inspection("500.00")
    done = await world.inspector.mutate(
        "addInspectionPerson",
        "inspectionPerson { id }",
        inspectionId=job.id,
        personId=await world.person("Ada Attorney"),
        role="ADDITIONAL",
        roleName="Attorney",
    )
    entry = done.done("inspectionPerson")["id"]
    invoice = await job.invoice("200.50", inspectionPersonId=entry)
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"], "150.25")
    return job


async def spread_out() -> None:
    """Date everything anew, in an order that has nothing to do with how it came about."""
    turn = 0
    for table, column in (
        ("payments", "settled_at"),
        ("refunds", "settled_at"),
        ("payments", "taken_back_at"),
        ("invoices", "created_at"),
    ):
        found = await connections.get("default").execute_query_dict(
            f"SELECT id FROM {table} WHERE {column} IS NOT NULL ORDER BY id"
        )
        for row in found:
            moment = MOMENTS[turn * 7 % len(MOMENTS)]
            turn += 1
            await connections.get("default").execute_query(
                f"UPDATE {table} SET {column} = $1 WHERE id = $2", [moment, row["id"]]
            )


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """One movement of money as the entries tell it, without a word of SQL."""

    moment: datetime
    payment: models.Payment
    counts: int
    paid: int
    refunded: int


async def balance_transactions() -> list[BalanceTransaction]:
    """Every movement of the company's money, from its rows."""
    found = []
    for payment in await models.Payment.all().prefetch_related("refunds", "payer", "inspection__inspector"):
        if payment.settled_at is None or payment.state is PaymentState.REMOVED:
            continue
        found.append(BalanceTransaction(payment.settled_at, payment, 1, payment.amount_minor, 0))
        gone = [refund for refund in payment.refunds.related_objects if refund.status is RefundStatus.SUCCEEDED]
        for refund in gone:
            assert refund.settled_at is not None
            found.append(BalanceTransaction(refund.settled_at, payment, 0, 0, refund.amount_minor))
        if payment.taken_back_at is not None:
            left = payment.amount_minor - sum(refund.amount_minor for refund in gone)
            found.append(BalanceTransaction(payment.taken_back_at, payment, 0, 0, min(payment.disputed_minor, left)))
    return found


Figures = tuple[int, int, int, int]
"""Count, paid, refunded and outstanding; minor units."""


async def expected(
    start: datetime,
    end: datetime,
    moved: Callable[[BalanceTransaction], str],
    remains: Callable[[models.Invoice], str],
) -> dict[str, Figures]:
    """The report that the entries of a period add up to, by the keys that the two functions tell."""
    sums: dict[str, list[int]] = defaultdict(lambda: [0, 0, 0, 0])
    for movement in await balance_transactions():
        if start <= movement.moment < end:
            row = sums[moved(movement)]
            row[0] += movement.counts
            row[1] += movement.paid
            row[2] += movement.refunded
    for invoice in await models.Invoice.filter(remaining_minor__gt=0).prefetch_related(
        "billed_to", "inspection__inspector"
    ):
        asked = invoice.status is InvoiceStatus.OPEN and invoice.inspection.status != "CANCELED"
        if asked and start <= invoice.created_at < end:
            sums[remains(invoice)][3] += invoice.remaining_minor
    return {key: (row[0], row[1], row[2], row[3]) for key, row in sums.items()}


def month(zone: str, year: int = 2026, number: int = 11) -> tuple[datetime, datetime]:
    """The first moments of a month and of the next one."""
    start = datetime(year, number, 1, tzinfo=ZoneInfo(zone))
    return start, (start + timedelta(days=32)).replace(day=1)


def minor(money: dict[str, Any]) -> int:
    """An amount of the API in cents."""
    return int(money["amount"].replace(".", ""))
