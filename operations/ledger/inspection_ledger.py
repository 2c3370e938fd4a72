"""The ledger of one inspection: all that its balances follow from, locked, loaded, and written back consistently.

Every operation that touches money locks the ledger, changes rows, and posts it; posting recomputes the stored
balances and statuses from the entries, in the same transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models import Company, Inspection, InspectionStatus, Invoice, InvoiceLine, LineItem, Payment
from operations.automation_events import emit_paid, is_paid
from operations.ledger.due_dates import date_overdue
from operations.ledger.invoice_ends import cancel_waiting_mails, put_payer_back
from rules import clock
from rules.allocation import left_after
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
from rules.errors import NotFound
from rules.money import Money
from rules.notices import is_too_little_to_charge
from rules.states import (
    IN_FLIGHT,
    INVOICE_MOVES,
    LIVE_PAYMENTS,
    InvoiceKind,
    InvoiceStatus,
    PaymentState,
    PaymentStatus,
)


class CheckoutsOpen(Exception):
    """A checkout would no longer ask for what is to be paid: it must be ended at Stripe before this change."""

    def __init__(self, payment_ids: list[UUID]) -> None:
        super().__init__("checkouts must end first")
        self.payment_ids = payment_ids


@dataclass(slots=True)
class InspectionLedger:
    """One inspection with its line items, invoices, lines and payments (their refunds prefetched)."""

    company: Company
    inspection: Inspection
    items: list[LineItem]
    invoices: list[Invoice]
    lines: list[InvoiceLine]
    payments: list[Payment]

    @property
    def primary(self) -> Invoice:
        """The client's invoice."""
        return next(invoice for invoice in self.invoices if invoice.kind is InvoiceKind.PRIMARY)

    @property
    def live(self) -> list[Invoice]:
        """The invoices that bill something: all but void ones."""
        return [invoice for invoice in self.invoices if invoice.status is not InvoiceStatus.VOID]

    def invoice(self, invoice_id: UUID) -> Invoice:
        """The invoice of that id, which the caller has already found."""
        return next(invoice for invoice in self.invoices if invoice.id == invoice_id)

    def payment(self, payment_id: UUID) -> Payment:
        """The payment of that id, which the caller has already found."""
        return next(payment for payment in self.payments if payment.id == payment_id)

    def lines_of(self, invoice: Invoice) -> list[InvoiceLine]:
        """The invoice's lines in display order."""
        return sorted((line for line in self.lines if line.invoice_id == invoice.id), key=lambda line: line.position)

    def payments_of(self, invoice: Invoice) -> list[Payment]:
        """The invoice's payments, oldest first."""
        return [payment for payment in self.payments if payment.invoice_id == invoice.id]

    def open_checkout(self, invoice: Invoice) -> Payment | None:
        """The one payment of the invoice that may still bring money through its checkout."""
        return next((payment for payment in self.payments_of(invoice) if payment.state in LIVE_PAYMENTS), None)

    def invoiceable(self) -> dict[UUID, int]:
        """Per charge, in display order, what is still on PRIMARY and unpaid; minor units, zeros included."""
        return invoiceable_parts(self.lines_of(self.primary), self.primary.remaining_minor)

    def money(self, amount_minor: int) -> Money:
        """An amount in the inspection's currency."""
        return Money(amount_minor, self.inspection.currency)


def invoiceable_parts(lines: Iterable[InvoiceLine], remaining_minor: int) -> dict[UUID, int]:
    """Per line item of PRIMARY's `lines`, in display order, what is left to invoice of it; minor units.

    Discounts, payments and credits use up the charges in display order, so that the parts sum to what remains.
    """
    charges = [line for line in lines if line.amount_minor > 0]
    amounts = [line.amount_minor for line in charges]
    left = left_after(amounts, sum(amounts) - remaining_minor)
    return {line.line_item_id: part for line, part in zip(charges, left, strict=True)}


async def lock_inspection(inspection_id: UUID) -> Inspection:
    """The inspection's row, locked until the transaction ends: always the first lock taken."""
    inspection = await Inspection.filter(id=inspection_id).select_for_update().get_or_none()
    if inspection is None:
        raise NotFound("Inspection")
    return inspection


async def lock_ledger(inspection_id: UUID) -> InspectionLedger:
    """Lock the inspection and load all that its balances follow from."""
    return await load_ledger(await lock_inspection(inspection_id))


async def load_ledger(inspection: Inspection) -> InspectionLedger:
    """All that an inspection's balances follow from, as the transaction sees it."""
    inspection_id = inspection.id
    return InspectionLedger(
        company=await Company.get(id=inspection.company_id),
        inspection=inspection,
        items=await LineItem.filter(inspection_id=inspection_id, removed_at=None).order_by("position", "id"),
        invoices=await Invoice.filter(inspection_id=inspection_id).order_by("id"),
        lines=await InvoiceLine.filter(invoice__inspection_id=inspection_id).order_by("position", "id"),
        payments=await Payment.filter(inspection_id=inspection_id).order_by("id").prefetch_related("refunds"),
    )


async def post(ledger: InspectionLedger, *, recording: bool = False) -> None:
    """Recompute and store every balance and status.

    Raises CheckoutsOpen when an open checkout no longer asks for what is to be paid, unless `recording` what Stripe
    reports: money that has landed is always recorded.
    """
    if not recording:
        _refuse_stale_checkouts(ledger, {invoice.id: figures_of(ledger, invoice) for invoice in ledger.invoices})
    await write_back(ledger)


async def write_back(ledger: InspectionLedger) -> None:
    """Store every balance and status as the entries have them, whatever checkouts are open."""
    figures = {invoice.id: figures_of(ledger, invoice) for invoice in ledger.invoices}
    for payment in ledger.payments:
        await _store_payment(payment)
    for invoice in ledger.invoices:
        await _store(ledger, invoice, figures[invoice.id])
    await _store_inspection(ledger)


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


async def _store_payment(payment: Payment) -> None:
    figures = entry(payment)
    if (payment.refunded_minor, payment.refundable_minor) != (figures.refunded, figures.refundable):
        payment.refunded_minor, payment.refundable_minor = figures.refunded, figures.refundable
        await payment.save(update_fields=["refunded_minor", "refundable_minor"])


async def _store(ledger: InspectionLedger, invoice: Invoice, figures: Balance) -> None:
    stored = stored_of(ledger, invoice, figures)
    changed = {name: value for name, value in stored.items() if getattr(invoice, name) != value}
    if not changed:
        return
    if status := changed.get("status"):
        assert status in INVOICE_MOVES[invoice.status], f"{invoice.status} never becomes {status}"
        changed["paid_at"] = clock.now() if status is InvoiceStatus.PAID else None
    invoice.update_from_dict(changed)
    await Invoice.filter(id=invoice.id).update(**changed)
    if changed.get("status") is InvoiceStatus.PAID:
        await cancel_waiting_mails(invoice)
    if changed.get("status") is InvoiceStatus.OPEN:
        await put_payer_back(ledger.inspection, invoice)


def inspection_figures(ledger: InspectionLedger) -> dict[str, object]:
    """The inspection's stored figures: the sums of its invoices'."""
    figures = {invoice.id: figures_of(ledger, invoice) for invoice in ledger.invoices}
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


async def _store_inspection(ledger: InspectionLedger) -> None:
    inspection = ledger.inspection
    was_paid = is_paid(inspection)
    changed = {name: value for name, value in inspection_figures(ledger).items() if getattr(inspection, name) != value}
    if changed:
        inspection.update_from_dict(changed)
        await Inspection.filter(id=inspection.id).update(**changed)
    if is_paid(inspection) and not was_paid:
        await emit_paid(inspection, ledger.payments)
