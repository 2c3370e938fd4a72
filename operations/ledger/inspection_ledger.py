"""The ledger of one inspection: all that its balances follow from, locked and loaded, and posted consistently.

Every operation that touches money locks the ledger, changes its rows, and posts it; posting recomputes the stored
balances and statuses from the entries. What is different then is written when the transaction ends.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from models import Company, Inspection, Invoice, InvoiceLine, LineItem, Payment
from operations.ledger.ledger_rows import fetch_inspection, fetch_rows
from operations.transactions import unit_of_work
from rules.access import Principal, Scope
from rules.allocation import left_after
from rules.errors import NotFound
from rules.money import Money
from rules.states import (
    LIVE_PAYMENTS,
    InvoiceKind,
    InvoiceStatus,
)


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
