"""Posting a ledger: every stored balance and status brought to what the entries say."""

from collections.abc import Mapping
from datetime import datetime
from uuid import UUID

from models import InspectionStatus, Invoice, Payment
from models.hydration import set_columns
from operations.automation_events import emit_paid, is_paid
from operations.ledger.due_dates import date_overdue
from operations.ledger.inspection_ledger import InspectionLedger
from operations.ledger.invoice_ends import cancel_waiting_mails, put_payer_back
from rules import clock
from rules.balances import (
    Balance,
    PaymentEntry,
    RefundEntry,
    balance,
    credits_of,
    invoice_status,
    outstanding,
    payment_status,
)
from rules.money import Money
from rules.notices import is_too_little_to_charge
from rules.states import IN_FLIGHT, INVOICE_MOVES, InvoiceKind, InvoiceStatus, PaymentState, PaymentStatus


class CheckoutsOpen(Exception):
    """A checkout would no longer ask for what is to be paid: it must be ended at Stripe before this change."""

    def __init__(self, payment_ids: list[UUID]) -> None:
        super().__init__("checkouts must end first")
        self.payment_ids = payment_ids


async def post(ledger: InspectionLedger, *, recording: bool = False) -> None:
    """Bring every balance and status to what the entries say; they are written with the transaction's other changes.

    Raises CheckoutsOpen when an open checkout no longer asks for what is to be paid, unless `recording` what Stripe
    reports: money that has landed is always recorded.
    """
    figures = all_figures(ledger)
    if not recording:
        _refuse_stale_checkouts(ledger, figures)
    for payment in ledger.payments:
        proven = entry(payment)
        set_columns(payment, {"refunded_minor": proven.refunded, "refundable_minor": proven.refundable})
    for invoice in ledger.invoices:
        await _post_invoice(ledger, invoice, figures[invoice.id])
    await _post_inspection(ledger, figures)


def all_figures(ledger: InspectionLedger) -> dict[UUID, Balance]:
    """What each invoice adds up to."""
    return {invoice.id: figures_of(ledger, invoice) for invoice in ledger.invoices}


def figures_of(ledger: InspectionLedger, invoice: Invoice) -> Balance:
    """What the invoice's lines and payments add up to; PRIMARY, which bills the charges of void ones, also credits."""
    return balance(
        total=_total_of(ledger, invoice),
        status=invoice.status,
        payments=(entry(payment) for payment in ledger.payments_of(invoice)),
        taken_over=_credits_of_void(ledger) if invoice.kind is InvoiceKind.PRIMARY else 0,
    )


def _total_of(ledger: InspectionLedger, invoice: Invoice) -> int:
    return sum(line.amount_minor for line in ledger.lines if line.invoice_id == invoice.id)


def _credits_of_void(ledger: InspectionLedger) -> int:
    """What was credited on invoices that are void now, as far as their charges went back to PRIMARY."""
    return sum(
        min(_total_of(ledger, invoice), credits_of(entry(payment) for payment in ledger.payments_of(invoice)))
        for invoice in ledger.invoices
        if invoice.status is InvoiceStatus.VOID
    )


def stored_of(ledger: InspectionLedger, invoice: Invoice, figures: Balance) -> dict[str, object]:
    """The invoice's columns that follow from the entries, as they have to be stored."""
    return {
        **figures.columns(),
        "status": invoice_status(invoice.kind, invoice.status, figures),
        "outstanding_minor": _outstanding_of(ledger, invoice, figures),
        "overdue_from": _overdue_from(ledger, invoice, figures),
    }


def _outstanding_of(ledger: InspectionLedger, invoice: Invoice, figures: Balance) -> int:
    status = invoice_status(invoice.kind, invoice.status, figures)
    canceled = ledger.inspection.status is InspectionStatus.CANCELED
    return outstanding(status, figures.remaining, canceled=canceled)


def _overdue_from(ledger: InspectionLedger, invoice: Invoice, figures: Balance) -> datetime | None:
    return date_overdue(invoice, ledger.company, outstanding_minor=_outstanding_of(ledger, invoice, figures))


def entry(payment: Payment) -> PaymentEntry:
    """A payment, with its prefetched refunds, as the rules see it."""
    refunds = tuple(
        RefundEntry(amount=refund.amount_minor, status=refund.status, credited=refund.credited_minor)
        for refund in payment.refunds.related_objects
    )
    return PaymentEntry(
        amount=payment.amount_minor, state=payment.state, refunds=refunds, disputed=payment.disputed_minor
    )


def _refuse_stale_checkouts(ledger: InspectionLedger, figures: Mapping[UUID, Balance]) -> None:
    stale = [
        payment.id
        for invoice in ledger.invoices
        if (payment := ledger.open_checkout(invoice))
        and payment.state not in IN_FLIGHT
        and _is_stale(payment, invoice, figures[invoice.id])
    ]
    if stale:
        raise CheckoutsOpen(stale)


def _is_stale(payment: Payment, invoice: Invoice, figures: Balance) -> bool:
    """Whether the checkout asks for more than remains, was opened for another total, or would leave too little."""
    left_minor = figures.remaining - payment.amount_minor
    return (
        left_minor < 0
        or figures.total != invoice.total_minor
        or is_too_little_to_charge(Money(left_minor, invoice.currency))
    )


async def _post_invoice(ledger: InspectionLedger, invoice: Invoice, figures: Balance) -> None:
    before, columns = invoice.status, stored_of(ledger, invoice, figures)
    status = columns["status"]
    set_columns(invoice, columns)
    if status is before:
        return
    assert status in INVOICE_MOVES[before], f"{before} never becomes {status}"
    invoice.paid_at = clock.now() if status is InvoiceStatus.PAID else None
    if status is InvoiceStatus.PAID:
        await cancel_waiting_mails(invoice)
    if status is InvoiceStatus.OPEN:
        await put_payer_back(ledger.inspection, invoice)


def inspection_figures(ledger: InspectionLedger, figures: Mapping[UUID, Balance]) -> dict[str, object]:
    """The inspection's stored figures: the sums of its invoices'."""
    parts = figures.values()
    overdue = (_overdue_from(ledger, invoice, figures[invoice.id]) for invoice in ledger.invoices)
    return {
        "total_minor": sum(item.amount_minor for item in ledger.items),
        "settled_minor": sum(part.settled for part in parts),
        "in_flight_minor": sum(part.in_flight for part in parts),
        "remaining_minor": sum(part.remaining for part in parts),
        "outstanding_minor": sum(_outstanding_of(ledger, invoice, figures[invoice.id]) for invoice in ledger.invoices),
        "payment_status": _status_of_all(ledger, figures),
        "overdue_from": min(filter(None, overdue), default=None),
    }


def _status_of_all(ledger: InspectionLedger, figures: Mapping[UUID, Balance]) -> PaymentStatus:
    """In one word; money too much on one invoice must not look like payment of another."""
    parts = figures.values()
    disputed = any(payment.state is PaymentState.DISPUTED for payment in ledger.payments)
    if not disputed and any(part.payment_status is PaymentStatus.OVERPAID for part in parts):
        return PaymentStatus.OVERPAID
    return payment_status(
        owed=sum(max(0, figures[invoice.id].total - figures[invoice.id].credited) for invoice in ledger.live),
        settled=sum(part.settled for part in parts),
        in_flight=sum(part.in_flight for part in parts),
        remaining=sum(part.remaining for part in parts),
        refunded=sum(part.refunded for part in parts),
        disputed=disputed,
    )


async def _post_inspection(ledger: InspectionLedger, figures: Mapping[UUID, Balance]) -> None:
    inspection = ledger.inspection
    was_paid = is_paid(inspection)
    set_columns(inspection, inspection_figures(ledger, figures))
    if is_paid(inspection) and not was_paid:
        await emit_paid(inspection, ledger.payments)
