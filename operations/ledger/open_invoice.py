"""Opening a draft: by sending it, by copying its payment link, or by a manual payment."""

from models import Invoice
from operations.audit_log import record
from operations.ledger.inspection_ledger import InspectionLedger, write_back
from rules.access import Principal
from rules.states import InvoiceStatus


async def open_draft(ledger: InspectionLedger, invoice: Invoice, *, by: Principal) -> None:
    """Make a draft payable; what is open already stays as it is."""
    if invoice.status is not InvoiceStatus.DRAFT:
        return
    invoice.status = InvoiceStatus.OPEN
    await Invoice.filter(id=invoice.id).update(status=InvoiceStatus.OPEN)
    await write_back(ledger)
    await record(ledger.inspection, "invoice.opened", invoice.id, by=by)
