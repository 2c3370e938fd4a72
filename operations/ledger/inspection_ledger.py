"""The ledger of one inspection: all that its balances follow from, locked and loaded, and posted consistently.

Every operation that touches money locks the ledger, changes its rows, and posts it; posting recomputes the stored
balances and statuses from the entries. What is different then is written when the transaction ends.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from models import Company, Inspection, InspectionStatus, Invoice, InvoiceLine, LineItem, Payment
from models.hydration import set_columns
from operations.automation_events import emit_paid, is_paid
from operations.ledger.due_dates import date_overdue
from operations.ledger.invoice_ends import cancel_waiting_mails, put_payer_back
from operations.ledger.ledger_rows import fetch_inspection, fetch_rows
from operations.transactions import unit_of_work
from rules import clock
from rules.access import Principal, Scope
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
    """One inspection with its line items, invoices, lines and payments, which have their refunds."""

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
    """Lock the inspection and load all that its balances follow from; what is changed of it is written at the end."""
    ledger = await _lock("inspection.id = $1", inspection_id)
    if ledger is None:
        raise NotFound("Inspection")
    return ledger


async def lock_ledger_of_payment(payment_id: UUID) -> InspectionLedger:
    """As `lock_ledger`, the ledger that the payment is in."""
    ledger = await _lock("inspection.id = (SELECT inspection_id FROM payments WHERE id = $1)", payment_id)
    assert ledger is not None, "a payment is never deleted"
    return ledger


async def lock_ledger_with(
    model: type[Inspection | LineItem | Invoice | Payment], row_id: UUID, *, by: Principal
) -> InspectionLedger:
    """As `lock_ledger`, for staff, who see all rows of their company: the ledger that the row of that id belongs to.

    Raises NotFound naming the model's id, such as invoiceId: as `find_visible` does.
    """
    assert by.scope is Scope.INSPECTOR, "everybody else sees less than their company"
    of_row = f"(SELECT inspection_id FROM {model._meta.db_table} WHERE id = $1 AND company_id = $2)"  # noqa: S608
    found = "$1" if model is Inspection else of_row
    ledger = await _lock(f"inspection.id = {found} AND inspection.company_id = $2", row_id, by.company_id)
    if ledger is None:
        name = model.__name__
        raise NotFound(name, field=(f"{name[0].lower()}{name[1:]}Id",))
    return ledger


async def _lock(condition: str, *values: UUID) -> InspectionLedger | None:
    unit = unit_of_work()
    await unit.flush()
    found = await fetch_inspection(condition, *values, locked=True)
    if found is None:
        return None
    ledger = await _load(*found)
    for rows in ([ledger.inspection], ledger.items, ledger.invoices, ledger.lines, ledger.payments):
        unit.track(rows)
    for payment in ledger.payments:
        unit.track(payment.refunds.related_objects)
    return ledger


async def load_ledger(inspection_id: UUID) -> InspectionLedger:
    """All that an inspection's balances follow from, as the transaction sees it, for reading alone."""
    found = await fetch_inspection("inspection.id = $1", inspection_id, locked=False)
    assert found is not None, "an inspection is never deleted"
    return await _load(*found)


async def _load(inspection: Inspection, company: Company) -> InspectionLedger:
    rows = await fetch_rows(inspection)
    return InspectionLedger(
        company=company,
        inspection=inspection,
        items=rows.items,
        invoices=rows.invoices,
        lines=rows.lines,
        payments=rows.payments,
    )


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
