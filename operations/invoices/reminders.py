"""Reminders: unpaid invoices are mailed again, once on each day after the due date that the company set."""

from datetime import timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from tortoise import connections

from models import Email, EmailKind, Inspection, InspectionPerson, Invoice, StripeStatus
from operations.documents.brands import brand_of
from operations.documents.invoice_document import as_data, invoice_document
from operations.invoices.invoice_emails import EmailDraft, compose, payment_grant
from operations.ledger.due_dates import moments_to_remind, plan_reminders
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger
from operations.messages.outbox import EmailContent, Recipient, address_of, queue_mail
from operations.transactions import transaction
from rules import clock
from rules.due_dates import asks_from
from rules.links import LINK_MARK
from rules.states import EmailStatus, InvoiceStatus, PaymentStatus

CLAIM_LEASE = timedelta(minutes=1)
"""As long as any claim: longer than a job may take."""

LOOK_AGAIN = timedelta(hours=1)
"""When to look again whether somebody can be reminded who could not: muted, disputed, without an address."""

CLAIM = """
WITH due AS (
     SELECT invoice.id,
            invoice.payment_status <> 'DISPUTED' AND invoice.in_flight_minor = 0
            AND NOT inspection.notifications_disabled AND person.email IS NOT NULL AND company.stripe_status = 'READY'
            AS able
       FROM invoices invoice
       JOIN inspections inspection ON inspection.id = invoice.inspection_id
       JOIN companies company ON company.id = invoice.company_id
       JOIN inspection_people bill_to ON bill_to.id = invoice.billed_to_id
       JOIN people person ON person.id = bill_to.person_id
      WHERE invoice.remind_at <= $1 AND invoice.outstanding_minor > 0
      ORDER BY invoice.remind_at
      LIMIT $2
        FOR NO KEY UPDATE OF invoice SKIP LOCKED),
     claimed AS (
     UPDATE invoices SET remind_at = CASE WHEN due.able THEN $3::timestamptz ELSE $4::timestamptz END
       FROM due WHERE invoices.id = due.id RETURNING invoices.id, due.able)
SELECT id FROM claimed WHERE able ORDER BY id
"""


async def invoices_to_remind(*, limit: int) -> list[UUID]:
    """Claim invoices of which a reminder is due, at most `limit`, the longest due first.

    They come up again when the lease ends, unless `remind` has seen to them. Those that nobody can be reminded of now
    are looked at again in an hour: so each look reads what is due, and nothing else.
    """
    now = clock.now()
    given = [now, limit, now + CLAIM_LEASE, now + LOOK_AGAIN]
    return [row["id"] for row in await connections.get("default").execute_query_dict(CLAIM, given)]


@transaction
async def remind(invoice_id: UUID) -> None:
    """Write the newest reminder that is due, once; earlier ones that an outage kept back are let go. Safe to repeat."""
    found = await Invoice.get(id=invoice_id)
    ledger = await lock_ledger(found.inspection_id)
    invoice = ledger.invoice(invoice_id)
    able = ledger.company.stripe_status is StripeStatus.READY  # Nobody is asked for what can't be paid.
    if able and not ledger.inspection.notifications_disabled and _is_unpaid(invoice):
        await _write(ledger, invoice, EmailStatus.QUEUED)
        plan_reminders(invoice, ledger.company, after=clock.now())


async def let_go_due_reminders(inspection: Inspection) -> None:
    """Note as canceled what would be due now: it was suppressed, so it is never sent. The caller holds the lock."""
    ledger = await lock_ledger(inspection.id)
    for invoice in ledger.invoices:
        if invoice.sent_at is not None and invoice.status is not InvoiceStatus.VOID:
            await _write(ledger, invoice, EmailStatus.CANCELED)
            plan_reminders(invoice, ledger.company, after=clock.now())


def _is_unpaid(invoice: Invoice) -> bool:
    return (
        invoice.sent_at is not None
        and invoice.status is InvoiceStatus.OPEN
        and invoice.remaining_minor > 0
        and invoice.in_flight_minor == 0
        and invoice.payment_status is not PaymentStatus.DISPUTED
    )


async def _due(ledger: InspectionLedger, invoice: Invoice) -> int:
    """The number of the newest reminder that is due; 0 when none is.

    They are counted from the due date, and only what fell due after the newest sending, which itself asked. Reminders
    of an earlier due date, or before that sending, are not taken for ones of this.
    """
    assert invoice.sent_at is not None, "what was never sent is not reminded of"
    assert invoice.due_on is not None, "what is sent is due some day"
    passed = sum(moment <= clock.now() for moment in moments_to_remind(invoice, ledger.company))
    if passed == 0:
        return 0
    since = asks_from(invoice.due_on, sent_at=invoice.sent_at, zone=ZoneInfo(ledger.company.time_zone))
    earlier = Email.filter(invoice_id=invoice.id, kind=EmailKind.REMINDER, queued_at__lte=since)
    newest = await earlier.order_by("-sequence").first()
    return (newest.sequence if newest else 0) + passed


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
    brand = await brand_of(invoice.company_id)
    mail = compose(
        invoice,
        ledger.lines_of(invoice),
        address,
        EmailDraft(subject, message),
        link=LINK_MARK,
        due_on=invoice.due_on,
        brand=brand,
        reminding=True,
    )
    await queue_mail(
        ledger.inspection,
        EmailKind.REMINDER,
        Recipient(bill_to.person.name, address),
        EmailContent(mail.subject, mail.text, mail.html, brand.email or None),
        invoice=invoice,
        sequence=due,
        grant=await payment_grant(invoice, bill_to) if status is EmailStatus.QUEUED else None,
        document=as_data(await invoice_document(invoice.id, brand=brand)) if status is EmailStatus.QUEUED else None,
        status=status,
    )
