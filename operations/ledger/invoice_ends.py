"""What follows for mails, links and people when an invoice no longer asks for money, or asks for it again."""

from models import Email, Inspection, InspectionPerson, Invoice
from operations.audit_log import record
from rules.mails import ASKING_FOR_MONEY
from rules.states import EmailStatus


async def cancel_waiting_mails(invoice: Invoice) -> None:
    """Cancel mails that ask for money nobody owes any more; one being sent this moment can't be called back."""
    await Email.filter(
        invoice_id=invoice.id, kind__in=ASKING_FOR_MONEY, status__in=[EmailStatus.QUEUED, EmailStatus.RETRY]
    ).update(status=EmailStatus.CANCELED, next_attempt_at=None)


async def put_payer_back(inspection: Inspection, invoice: Invoice) -> None:
    """Who has an invoice to pay is in the People box: one that reopened brings back whoever was removed (S7)."""
    entry = await InspectionPerson.get(id=invoice.billed_to_id)
    box = InspectionPerson.filter(inspection_id=inspection.id, person_id=entry.person_id, removed_at=None)
    if entry.removed_at is None or await box.exists():
        return
    await InspectionPerson.filter(id=entry.id).update(removed_at=None)
    after = {"role": entry.role_name, "invoice": invoice.number}
    await record(inspection, "inspection.person_put_back", entry.id, by=None, after=after)
