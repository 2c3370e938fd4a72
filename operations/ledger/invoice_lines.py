"""Which invoice bills what: changing lines so that every charge stays fully billed."""

from collections.abc import Mapping
from uuid import UUID

from models import Invoice, InvoiceLine, LineItem
from operations.ledger.inspection_ledger import InspectionLedger
from operations.transactions import unit_of_work
from rules.allocation import Bill, reallocate
from rules.identifiers import new_id
from rules.states import InvoiceKind, InvoiceStatus


def track_line_items(ledger: InspectionLedger) -> None:
    """Bring every live invoice's lines in step with the line items, after items were added, edited or removed."""
    bills = [
        Bill(
            invoice_id=invoice.id,
            primary=invoice.kind is InvoiceKind.PRIMARY,
            release_priority=_release_priority(ledger, invoice),
            tracks_services=invoice.by_services and _release_priority(ledger, invoice) < 2,
            lines={line.line_item_id: line.amount_minor for line in ledger.lines_of(invoice)},
        )
        for invoice in ledger.live
    ]
    amounts = {item.id: item.amount_minor for item in ledger.items}
    billed = {item: 0 for bill in bills for item in bill.lines}
    for invoice_id, lines in reallocate(bills, {**billed, **amounts}).items():
        write_lines(ledger, ledger.invoice(invoice_id), lines)


def _release_priority(ledger: InspectionLedger, invoice: Invoice) -> int:
    if invoice.status is InvoiceStatus.DRAFT:
        return 0
    return 2 if invoice.settled_minor or invoice.in_flight_minor or invoice.refunded_minor else 1


def write_lines(ledger: InspectionLedger, invoice: Invoice, wanted: Mapping[UUID, int]) -> None:
    """Make the invoice bill exactly `wanted` (line item → minor units); a change of an open one is a new revision."""
    present = {line.line_item_id: line for line in ledger.lines_of(invoice)}
    items = {item.id: item for item in ledger.items}
    if {item: line.amount_minor for item, line in present.items()} == dict(wanted) and all(
        present[item].description == items[item].description for item in wanted
    ):
        return
    dropped = {line.id: line for item, line in present.items() if item not in wanted}
    for item in wanted:
        if line := present.get(item):
            line.amount_minor, line.description = wanted[item], items[item].description
    added = [_new_line(invoice, items[item], amount) for item, amount in wanted.items() if item not in present]
    ledger.lines = [line for line in ledger.lines if line.id not in dropped] + added
    unit_of_work().remove(*dropped.values())
    unit_of_work().add(*added)
    if invoice.kind is InvoiceKind.SEPARATE and invoice.status is not InvoiceStatus.DRAFT:
        invoice.revision += 1


def _new_line(invoice: Invoice, item: LineItem, amount: int) -> InvoiceLine:
    return InvoiceLine(
        id=new_id(),
        company_id=invoice.company_id,
        invoice_id=invoice.id,
        line_item_id=item.id,
        description=item.description,
        currency=invoice.currency,
        amount_minor=amount,
        position=item.position,
    )


def return_to_primary(ledger: InspectionLedger, invoice: Invoice, kept: Mapping[UUID, int] | None = None) -> None:
    """Move what the invoice bills, beyond `kept`, back to PRIMARY. A void invoice keeps its lines as a record."""
    kept = kept or {}
    wanted = {line.line_item_id: line.amount_minor for line in ledger.lines_of(ledger.primary)}
    for line in ledger.lines_of(invoice):
        back = line.amount_minor - kept.get(line.line_item_id, 0)
        wanted[line.line_item_id] = wanted.get(line.line_item_id, 0) + back
    write_lines(ledger, ledger.primary, {item: amount for item, amount in wanted.items() if amount})
