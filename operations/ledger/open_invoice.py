"""Opening a draft: by sending it, by copying its payment link, or by a manual payment."""

from models import Invoice
from operations.audit_log import record
from operations.documents.due_dates import due_date_by_default
from operations.ledger.due_dates import set_due_date
from operations.ledger.inspection_ledger import InspectionLedger
from operations.ledger.posting import post
from rules.access import Principal
from rules.states import InvoiceStatus


async def open_draft(ledger: InspectionLedger, invoice: Invoice, *, by: Principal) -> None:
    """Make a draft payable, due when the company says unless a day was set; what is open already stays as it is."""
    if invoice.status is not InvoiceStatus.DRAFT:
        return
    invoice.status = InvoiceStatus.OPEN
    if invoice.due_on is None:
        set_due_date(invoice, due_date_by_default(ledger.company), ledger.company)
    await post(ledger, recording=True)
    await record(ledger.inspection, "invoice.opened", invoice.id, by=by)
