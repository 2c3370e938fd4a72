"""Invoice mails: preparing, previewing and queueing them for exactly one recipient."""

from dataclasses import dataclass
from datetime import date
from typing import ClassVar
from uuid import UUID
from zoneinfo import ZoneInfo

from models import Email, EmailKind, Grant, GrantKind, GrantSource, InspectionPerson, Invoice, InvoiceLine, StripeStatus
from operations.audit_log import record
from operations.documents.brands import Brand, brand_of
from operations.documents.invoice_document import as_data, invoice_document
from operations.documents.rendering import long_date
from operations.idempotency import KeyedCommand, claim
from operations.ledger.due_dates import plan_reminders
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger_with
from operations.ledger.open_invoice import open_draft
from operations.links import create_grant
from operations.messages.outbox import (
    EmailContent,
    Recipient,
    address_of,
    email_content,
    queue_mail,
)
from operations.transactions import transaction, unit_of_work
from rules import clock, texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import SUBJECT_LENGTH_MAX
from rules.links import LINK_MARK
from rules.money import Money
from rules.notices import Notice, email_put_off
from rules.states import EmailStatus, InvoiceKind, InvoiceStatus

WAITING = (EmailStatus.QUEUED, EmailStatus.SENDING, EmailStatus.RETRY)


@dataclass(frozen=True, slots=True)
class EmailDraft:
    """What an inspector may edit of one sending; None keeps what is prepared."""

    subject: str | None = None
    message: str | None = None


AS_PREPARED = EmailDraft()


@dataclass(frozen=True, slots=True, kw_only=True)
class SendInvoice(KeyedCommand):
    """Mail an invoice to the party it bills, or mail it again."""

    operation: ClassVar[str] = "sendInvoice"
    invoice_id: UUID
    draft: EmailDraft = AS_PREPARED


@dataclass(frozen=True, slots=True)
class Preview:
    """The mail exactly as it would go out, with `link` where the payer's own link will be."""

    to: str
    subject: str
    message: str
    text: str
    html: str


class NotSendable(Refusal):
    """An invoice that can't be mailed as it stands."""

    code = ErrorCode.INVOICE_NOT_SENDABLE


def check_draft(draft: EmailDraft) -> EmailDraft:
    """The draft, trimmed. Raises Refusal naming subject or message."""
    subject, message = draft.subject, draft.message
    with Checks() as check:
        if subject is not None:
            subject = check(texts.line, subject, field="subject", length_max=SUBJECT_LENGTH_MAX)
        if message is not None:
            message = check(texts.paragraphs, message, field="message")
    return EmailDraft(subject, message)


def compose(
    invoice: Invoice,
    lines: list[InvoiceLine],
    to: str,
    draft: EmailDraft,
    *,
    link: str,
    due_on: date | None,
    brand: Brand,
    reminding: bool = False,
) -> Preview:
    """The mail for an invoice: what the draft leaves open comes from what is prepared, else from the defaults.

    A draft is what somebody typed, unless we are `reminding`.
    """
    due = Money(invoice.remaining_minor, invoice.currency)
    subject = draft.subject or invoice.prepared_subject or f"Invoice {invoice.number} from {invoice.company_name}"
    message = draft.message or invoice.prepared_message or _default_message(invoice, due)
    body = email_content(
        template="invoice_mail",
        subject=subject,
        message=message,
        company_name=invoice.company_name,
        brand=brand,
        preheader=f"{due} for {invoice.property_address}" + (f", due {long_date(due_on)}" if due_on else ""),
        typed=not reminding and bool(draft.message or invoice.prepared_message),
        invoice=invoice,
        lines=[
            {"description": line.description, "amount": str(Money(line.amount_minor, line.currency))} for line in lines
        ],
        due=str(due),
        due_on=long_date(due_on) if due_on else "",
        link=link,
        link_label=f"View and pay invoice {invoice.number}",
        footer="This link is yours alone: whoever has it can see and pay this invoice.",
    )
    return Preview(to=to, subject=body.subject, message=message, text=body.text, html=body.html)


def _default_message(invoice: Invoice, due: Money) -> str:
    return (
        f"Hello {invoice.billed_to_name},\n\n"
        f"{invoice.company_name} asks you to pay {due} for the inspection at {invoice.property_address}."
    )


@transaction
async def send_invoice(principal: Principal, command: SendInvoice) -> UUID:
    """Mail a separate invoice to the party it bills, opening a draft; sends again what is open. Returns its key."""
    with Checks() as check:
        with check.at():
            claimed = await claim(principal, command)
            if claimed.first_result:
                return claimed.first_result
        draft = check(check_draft, command.draft)
        ledger = await lock_ledger_with(Invoice, command.invoice_id, by=principal)
    invoice = ledger.invoice(command.invoice_id)
    await queue_invoice_mail(ledger, invoice, draft, by=principal, field="invoiceId", bill_to_field="invoiceId")
    claimed.keep(invoice.id)
    return invoice.id


async def queue_invoice_mail(
    ledger: InspectionLedger, invoice: Invoice, draft: EmailDraft, *, by: Principal, field: str, bill_to_field: str
) -> None:
    """Write the mail to the outbox with its grant, in the caller's transaction; the token is made when it is sent.

    `draft` was checked. Refusals name `field`, or `bill_to_field` where who is billed is at fault: both of the caller's
    input.
    """
    bill_to = await InspectionPerson.get(id=invoice.billed_to_id).select_related("person")
    _refuse_unsendable(ledger, invoice, field=field)
    address = await address_of(bill_to.person_id)
    if address is None:
        raise Refusal(
            f"{bill_to.person.name} has no email address.",
            field=(bill_to_field,),
            code=ErrorCode.PERSON_HAS_NO_EMAIL,
        )
    await _refuse_repetition(invoice, address, field=field)
    await open_draft(ledger, invoice, by=by)
    await unit_of_work().flush()
    brand = await brand_of(invoice.company_id)
    lines = ledger.lines_of(invoice)
    mail = compose(invoice, lines, address, draft, link=LINK_MARK, due_on=invoice.due_on, brand=brand)
    invoice.send_count += 1
    grant = await payment_grant(invoice, bill_to)
    email = await queue_mail(
        ledger.inspection,
        EmailKind.INVOICE,
        Recipient(bill_to.person.name, address),
        EmailContent(mail.subject, mail.text, mail.html, brand.email or None),
        invoice=invoice,
        sequence=invoice.send_count,
        grant=grant,
        document=as_data(await invoice_document(invoice.id, brand=brand)),
    )
    invoice.sent_at, invoice.prepared_subject, invoice.prepared_message = clock.now(), None, None
    plan_reminders(invoice, ledger.company)
    await record(ledger.inspection, "invoice.sent", invoice.id, by=by, after={"email_id": str(email.id)})


async def mail_put_off(invoice_id: UUID) -> tuple[Notice, ...]:
    """A notice when the invoice's newest mail waits for its turn, because its recipient got many within the hour."""
    waiting = Email.filter(invoice_id=invoice_id, kind=EmailKind.INVOICE, status=EmailStatus.QUEUED)
    mail = (
        await waiting.filter(queued_at__gt=clock.now())
        .order_by("-sequence")
        .select_related("company", "invoice")
        .first()
    )
    if mail is None or mail.invoice is None:
        return ()
    local = mail.queued_at.astimezone(ZoneInfo(mail.company.time_zone))
    return (email_put_off(mail.invoice.number, until=f"{local:%H:%M} ({mail.company.time_zone})"),)


def _refuse_unsendable(ledger: InspectionLedger, invoice: Invoice, *, field: str) -> None:
    if invoice.kind is InvoiceKind.PRIMARY:
        raise Refusal(
            "The client's primary invoice is never sent; the client sees it in the client portal.",
            field=(field,),
            code=ErrorCode.INVOICE_IS_PRIMARY,
        )
    if ledger.company.stripe_status is not StripeStatus.READY:
        raise Refusal(
            "Nobody could pay it: connect a Stripe account that can take payments first.",
            field=(field,),
            code=ErrorCode.STRIPE_NOT_CONNECTED,
        )
    if invoice.status not in (InvoiceStatus.DRAFT, InvoiceStatus.OPEN):
        raise NotSendable(f"Invoice {invoice.number} is {invoice.status.lower()}.", field=(field,))
    if ledger.inspection.notifications_disabled:
        raise Refusal(
            "All notifications are disabled on this inspection; turn them on to send.",
            field=(field,),
            code=ErrorCode.NOTIFICATIONS_DISABLED,
        )


async def _refuse_repetition(invoice: Invoice, address: str, *, field: str) -> None:
    on_its_way = Email.filter(invoice_id=invoice.id, kind=EmailKind.INVOICE, status__in=WAITING)
    if await on_its_way.filter(to_address=address).exists():
        raise Refusal(
            f"The mail for invoice {invoice.number} is on its way already.",
            field=(field,),
            code=ErrorCode.EMAIL_IN_PROGRESS,
        )


async def payment_grant(invoice: Invoice, bill_to: InspectionPerson) -> Grant:
    """The right that the link in a mail about the invoice carries."""
    return await create_grant(
        GrantKind.PAYMENT_PORTAL,
        GrantSource.INVOICE_EMAIL,
        company_id=invoice.company_id,
        inspection_id=invoice.inspection_id,
        invoice_id=invoice.id,
        person_id=bill_to.person_id,
        person_name=bill_to.person.name,
    )
