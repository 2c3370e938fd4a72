"""Voiding an invoice: the one place where it happens, whoever or whatever asks for it."""

from models import Grant, Invoice
from operations.audit_log import record
from operations.ledger.inspection_ledger import InspectionLedger
from operations.ledger.invoice_ends import cancel_waiting_mails
from operations.ledger.invoice_lines import return_to_primary
from operations.links import end_links
from rules import clock
from rules.access import Principal
from rules.states import InvoiceStatus


async def void(ledger: InspectionLedger, invoice: Invoice, *, by: Principal, reason: str | None = None) -> None:
    """Withdraw a separate invoice: its lines return to PRIMARY, it asks for nothing, its waiting mails and links end.

    The caller has made sure that no money is held on it or under way, and posts the ledger afterwards.
    """
    before = {"status": invoice.status, "total_minor": invoice.total_minor}
    return_to_primary(ledger, invoice)
    invoice.status, invoice.voided_at = InvoiceStatus.VOID, clock.now()
    await cancel_waiting_mails(invoice)
    await end_links(Grant.filter(invoice_id=invoice.id))
    after = {"reason": reason} if reason else None
    await record(ledger.inspection, "invoice.voided", invoice.id, by=by, before=before, after=after)
