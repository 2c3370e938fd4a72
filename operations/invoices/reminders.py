"""Reminders: unpaid invoices are mailed again on the days that the company set, each of them once."""

from uuid import UUID

from tortoise import connections

from models import Email, EmailKind, Inspection, InspectionPerson, Invoice, StripeStatus
from operations.documents.invoice_document import as_data, invoice_document
from operations.invoices.invoice_emails import EmailDraft, compose, payment_grant
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger
from operations.messages.outbox import EmailContent, Recipient, address_of, queue_mail
from operations.transactions import transaction
from rules import clock
from rules.links import LINK_MARK
from rules.states import EmailStatus, InvoiceKind, InvoiceStatus, PaymentStatus

_DUE = """
SELECT invoice.id
  FROM invoices invoice
  JOIN inspections inspection ON inspection.id = invoice.inspection_id
  JOIN companies company ON company.id = invoice.company_id
  JOIN inspection_people bill_to ON bill_to.id = invoice.billed_to_id
  JOIN people person ON person.id = bill_to.person_id
 CROSS JOIN LATERAL (
       SELECT COALESCE(MAX(sequence) FILTER (WHERE kind = 'REMINDER'), 0) AS reminders,
              COALESCE(MAX(sequence) FILTER (WHERE kind = 'REMINDER' AND queued_at <= invoice.sent_at), 0) AS earlier,
              COALESCE(MIN(queued_at) FILTER (WHERE kind = 'INVOICE'), invoice.sent_at) AS first_sent_at
         FROM emails WHERE invoice_id = invoice.id) mails
 CROSS JOIN LATERAL (
       SELECT COUNT(*) FILTER (WHERE mails.first_sent_at + day::int * interval '1 day' <= $1) AS since_first,
              COUNT(*) FILTER (WHERE invoice.sent_at + day::int * interval '1 day' <= $1) AS since_last
         FROM jsonb_array_elements_text(company.reminder_days) AS day) passed
 WHERE invoice.kind = 'SEPARATE' AND invoice.status = 'OPEN' AND invoice.payment_status <> 'DISPUTED'
   AND invoice.remaining_minor > 0 AND invoice.in_flight_minor = 0
   AND NOT inspection.notifications_disabled AND person.email IS NOT NULL AND company.stripe_status = 'READY'
   AND GREATEST(passed.since_first, mails.earlier + passed.since_last) > mails.reminders
 ORDER BY invoice.sent_at, invoice.id
 LIMIT $2
"""
"""As `_due` has it, for all invoices at once."""


async def invoices_to_remind(*, limit: int) -> list[UUID]:
    """The invoices with a reminder due, the longest unpaid first."""
    given = [clock.now(), limit]
    return [row["id"] for row in await connections.get("default").execute_query_dict(_DUE, given)]


@transaction
async def remind(invoice_id: UUID) -> None:
    """Write the newest reminder that is due, once; earlier ones that an outage kept back are let go. Safe to repeat."""
    found = await Invoice.get(id=invoice_id)
    ledger = await lock_ledger(found.inspection_id)
    invoice = ledger.invoice(invoice_id)
    able = ledger.company.stripe_status is StripeStatus.READY  # Nobody is asked for what can't be paid.
    if able and not ledger.inspection.notifications_disabled and _is_unpaid(invoice):
        await _write(ledger, invoice, EmailStatus.QUEUED)


async def let_go_due_reminders(inspection: Inspection) -> None:
    """Note as canceled what would be due now: it was suppressed, so it is never sent. The caller holds the lock."""
    ledger = await lock_ledger(inspection.id)
    for invoice in ledger.invoices:
        if invoice.kind is InvoiceKind.SEPARATE and invoice.status is not InvoiceStatus.VOID:
            await _write(ledger, invoice, EmailStatus.CANCELED)


def _is_unpaid(invoice: Invoice) -> bool:
    return (
        invoice.kind is InvoiceKind.SEPARATE
        and invoice.status is InvoiceStatus.OPEN
        and invoice.remaining_minor > 0
        and invoice.in_flight_minor == 0
        and invoice.payment_status is not PaymentStatus.DISPUTED
    )


async def _due(ledger: InspectionLedger, invoice: Invoice) -> int:
    """The number of the newest reminder that is due; 0 when none ever was.

    Each sending is followed by reminders on the company's days. Sending again takes none away that the first sending
    owes, and none of its own is taken for one that was sent before.
    """
    assert invoice.sent_at is not None, "what was never sent is not reminded of"
    mails = await Email.filter(invoice_id=invoice.id).only("id", "kind", "sequence", "queued_at")
    first_sent_at = min((mail.queued_at for mail in mails if mail.kind is EmailKind.INVOICE), default=invoice.sent_at)
    reminders = [mail for mail in mails if mail.kind is EmailKind.REMINDER]
    earlier = max((mail.sequence for mail in reminders if mail.queued_at <= invoice.sent_at), default=0)
    since_first, since_last = (
        sum(day <= (clock.now() - moment).days for day in ledger.company.reminder_days)
        for moment in (first_sent_at, invoice.sent_at)
    )
    return max(since_first, earlier + since_last)


async def _write(ledger: InspectionLedger, invoice: Invoice, status: EmailStatus) -> None:
    if invoice.sent_at is None:
        return
    due = await _due(ledger, invoice)
    bill_to = await InspectionPerson.get(id=invoice.billed_to_id).prefetch_related("person")
    address = await address_of(bill_to.person_id)
    written = await Email.exists(invoice_id=invoice.id, kind=EmailKind.REMINDER, sequence__gte=due)
    if due == 0 or address is None or written:
        return
    subject = f"Reminder: invoice {invoice.number} from {invoice.company_name}"
    message = (
        f"Hello {invoice.billed_to_name},\n\nthis is a reminder: {invoice.remaining} of invoice {invoice.number} for"
        f" the inspection at {invoice.property_address} is still to be paid."
    )
    mail = compose(
        invoice, ledger.lines_of(invoice), address, EmailDraft(subject, message), link=LINK_MARK, reminding=True
    )
    await queue_mail(
        ledger.inspection,
        EmailKind.REMINDER,
        Recipient(bill_to.person.name, address),
        EmailContent(mail.subject, mail.text, mail.html),
        invoice=invoice,
        sequence=due,
        grant=await payment_grant(invoice, bill_to) if status is EmailStatus.QUEUED else None,
        document=as_data(await invoice_document(invoice.id)) if status is EmailStatus.QUEUED else None,
        status=status,
    )
