"""Reminders: unpaid invoices are mailed again on the days that the company set, each of them once."""

from uuid import UUID

from tortoise import connections

from models import Email, EmailKind, Inspection, InspectionPerson, Invoice, StripeStatus
from operations.books import Books, open_books
from operations.outbox import LINK_MAILS_PER_HOUR_MAX, Body, Recipient, link_mails_within_an_hour, queue_mail
from operations.sending import Letter, compose, payment_grant
from operations.transactions import transaction
from rules import clock
from rules.links import LINK_PLACEHOLDER
from rules.states import EmailStatus, InvoiceKind, InvoiceStatus, PaymentStatus

_DUE = """
SELECT invoice.id
  FROM invoices invoice
  JOIN inspections inspection ON inspection.id = invoice.inspection_id
  JOIN companies company ON company.id = invoice.company_id
  JOIN inspection_people payee ON payee.id = invoice.billed_to_id
  JOIN people person ON person.id = payee.person_id
 WHERE invoice.kind = 'SEPARATE' AND invoice.status = 'OPEN' AND invoice.payment_status <> 'DISPUTED'
   AND invoice.remaining_minor > 0 AND invoice.in_flight_minor = 0
   AND NOT inspection.notifications_disabled AND person.email IS NOT NULL AND company.stripe_status = 'READY'
   AND (SELECT count(*) FROM jsonb_array_elements_text(company.reminder_days) AS set_day
         WHERE invoice.sent_at + set_day::int * interval '1 day' <= $1)
     > (SELECT COALESCE(MAX(email.sequence), 0) FROM emails email
         WHERE email.invoice_id = invoice.id AND email.kind = 'REMINDER')
   AND (SELECT count(*) FROM emails email
         WHERE email.to_address = person.email AND email.company_id = invoice.company_id
           AND email.grant_id IS NOT NULL AND email.queued_at >= $1 - interval '1 hour') < $2
 ORDER BY invoice.sent_at, invoice.id
 LIMIT $3
"""


async def invoices_to_remind(*, limit: int) -> list[UUID]:
    """The invoices with a reminder due to somebody who may get another link now, the longest unpaid first."""
    given = [clock.now(), LINK_MAILS_PER_HOUR_MAX, limit]
    return [row["id"] for row in await connections.get("default").execute_query_dict(_DUE, given)]


@transaction
async def remind(invoice_id: UUID) -> None:
    """Write the newest reminder that is due, once; earlier ones that an outage kept back are let go. Safe to repeat."""
    found = await Invoice.get(id=invoice_id)
    books = await open_books(found.inspection_id)
    invoice = books.invoice(invoice_id)
    able = books.company.stripe_status is StripeStatus.READY  # Nobody is asked for what can't be paid.
    if able and not books.inspection.notifications_disabled and _is_unpaid(invoice):
        await _write(books, invoice, EmailStatus.QUEUED)


async def let_go_due_reminders(inspection: Inspection) -> None:
    """Note as canceled what would be due now: it was suppressed, so it is never sent. The caller holds the lock."""
    books = await open_books(inspection.id)
    for invoice in books.invoices:
        if invoice.kind is InvoiceKind.SEPARATE and invoice.status is not InvoiceStatus.VOID:
            await _write(books, invoice, EmailStatus.CANCELED)


def _is_unpaid(invoice: Invoice) -> bool:
    return (
        invoice.kind is InvoiceKind.SEPARATE
        and invoice.status is InvoiceStatus.OPEN
        and invoice.remaining_minor > 0
        and invoice.in_flight_minor == 0
        and invoice.payment_status is not PaymentStatus.DISPUTED
    )


async def _write(books: Books, invoice: Invoice, status: EmailStatus) -> None:
    if invoice.sent_at is None:
        return
    age = clock.now() - invoice.sent_at
    due = sum(day <= age.days for day in books.company.reminder_days)
    payee = await InspectionPerson.get(id=invoice.billed_to_id).prefetch_related("person")
    address = payee.person.email
    if address is None or await Email.exists(invoice_id=invoice.id, kind=EmailKind.REMINDER, sequence__gte=due):
        return
    sent = await link_mails_within_an_hour(invoice.company_id, address)
    if due == 0 or (status is EmailStatus.QUEUED and len(sent) >= LINK_MAILS_PER_HOUR_MAX):
        return
    subject = f"Reminder: invoice {invoice.number} from {invoice.company_name}"
    message = (
        f"Hello {invoice.billed_to_name},\n\nthis is a reminder: {invoice.remaining} of invoice {invoice.number} for"
        f" the inspection at {invoice.property_address} is still to be paid."
    )
    mail = compose(invoice, books.lines_of(invoice), address, Letter(subject, message), link=LINK_PLACEHOLDER)
    await queue_mail(
        books.inspection,
        EmailKind.REMINDER,
        Recipient(payee.person.name, address),
        Body(mail.subject, mail.text, mail.html),
        invoice=invoice,
        sequence=due,
        grant=await payment_grant(invoice, payee) if status is EmailStatus.QUEUED else None,
        status=status,
    )
