"""What follows for mails, links and people when an invoice no longer asks for money, or asks for it again."""

from models import Email, Grant, Inspection, InspectionPerson, Invoice
from operations.audit_log import record
from rules import clock
from rules.mails import ASKING_FOR_MONEY
from rules.states import EmailStatus, InvoiceStatus


async def cancel_waiting_mails(invoice: Invoice) -> None:
    """Cancel mails that ask for money nobody owes any more; one being sent this moment can't be called back."""
    await Email.filter(
        invoice_id=invoice.id, kind__in=ASKING_FOR_MONEY, status__in=[EmailStatus.QUEUED, EmailStatus.RETRY]
    ).update(status=EmailStatus.CANCELED, next_attempt_at=None)


async def mark_void(invoice: Invoice) -> None:
    """Withdraw the invoice: it asks for nothing, and its waiting mails and links end. The caller closes the books."""
    invoice.status, invoice.voided_at = InvoiceStatus.VOID, clock.now()
    invoice.remaining_minor = invoice.outstanding_minor = 0
    await invoice.save(update_fields=["status", "voided_at", "remaining_minor", "outstanding_minor"])
    await cancel_waiting_mails(invoice)
    await Grant.filter(invoice_id=invoice.id, revoked_at=None).update(revoked_at=clock.now())


async def put_payer_back(inspection: Inspection, invoice: Invoice) -> None:
    """Who has an invoice to pay is in the People box: one that reopened brings back whoever was removed (S7)."""
    entry = await InspectionPerson.get(id=invoice.billed_to_id)
    box = InspectionPerson.filter(inspection_id=inspection.id, person_id=entry.person_id, removed_at=None)
    if entry.removed_at is None or await box.exists():
        return
    await InspectionPerson.filter(id=entry.id).update(removed_at=None)
    after = {"role": entry.role_name, "invoice": invoice.number}
    await record(inspection, "inspection.person_put_back", entry.id, by=None, after=after)
