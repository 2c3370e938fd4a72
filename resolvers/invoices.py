"""Answers about invoices."""

from dataclasses import dataclass
from typing import Annotated

import strawberry

from models import InspectionPerson, Invoice
from operations.documents.due_dates import due_date_shown
from operations.invoices import closures, drafts, due_dates, invoice_emails
from operations.invoices.drafts import AddInvoice, UpdateInvoice
from operations.invoices.invoice_emails import EmailDraft, SendInvoice, check_draft, compose
from operations.invoices.splits import InvoiceSplit
from operations.ledger import small_remainders
from resolvers.context import Context, Info
from resolvers.keys import optional_row_id, row_ids
from resolvers.reading import loaded
from resolvers.results import MutationResult
from rules import clock
from rules.access import ForClientsOnly
from rules.identifiers import id_of
from rules.notices import whom_to_pay
from rules.states import InvoiceStatus
from schema.inputs.invoices import (
    AddInvoiceInput,
    CloseInvoiceShortInput,
    MarkInvoiceUncollectibleInput,
    SendInvoiceInput,
    UpdateInvoiceDueDateInput,
    UpdateInvoiceInput,
    VoidInvoiceInput,
)

Root = strawberry.Parent[Invoice]


Subject = Annotated[str | None, strawberry.argument(description="An edited subject; null for the prepared one.")]


Message = Annotated[str | None, strawberry.argument(description="An edited message; null for the prepared one.")]


PREVIEW_TOKEN = "your-own-link"  # noqa: S105 - stands where a token will be


@dataclass(frozen=True, slots=True)
class EmailPreview:
    """The mail as it would go out, and where its link leads."""

    to: str
    subject: str
    message: str
    html: str
    text: str
    link: str


def document_url(root: Root, info: Info) -> str:
    """The signed address of the printable document."""
    return info.context.dependencies.sign_address(f"/documents/invoices/{root.id}")


def overdue(root: Root) -> bool:
    """Whether something is outstanding although the due date is over."""
    return root.overdue_from is not None and root.overdue_from <= clock.now()


def billed_to(root: Root) -> InspectionPerson:
    """The entry in the People box, unless the principal may not know who is in it."""
    if root.billed_to is None:
        raise ForClientsOnly
    return root.billed_to


def notice(root: Root) -> str | None:
    """Whom to pay, when what is left of an invoice somebody is asked to pay is too little for a checkout."""
    if root.status not in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE):
        return None
    return whom_to_pay(root.remaining, company_name=root.company_name)


def email_preview(root: Root, info: Info, subject: Subject = None, message: Message = None) -> EmailPreview:
    """Composed as it would be for sending, with a stand-in for the token."""
    link = info.context.dependencies.portals.payment_link(PREVIEW_TOKEN)
    draft = check_draft(EmailDraft(subject=subject, message=message))
    due_on = due_date_shown(root, root.company)
    mail = compose(root, loaded(root, "lines"), root.billed_to.person.email or "", draft, link=link, due_on=due_on)
    return EmailPreview(mail.to, mail.subject, mail.message, mail.html, mail.text, link)


def _split(input: AddInvoiceInput | UpdateInvoiceInput) -> InvoiceSplit:
    ids = row_ids(input.line_item_ids, "LineItem")
    return InvoiceSplit(line_item_ids=ids, fixed_amount=input.fixed_amount)


def _draft(input: AddInvoiceInput | UpdateInvoiceInput | SendInvoiceInput) -> EmailDraft:
    return EmailDraft(subject=input.subject, message=input.message)


async def add_invoice(context: Context, input: AddInvoiceInput) -> MutationResult:
    command = AddInvoice(
        inspection_id=id_of(input.inspection_id, "Inspection"),
        inspection_person_id=id_of(input.inspection_person_id, "InspectionPerson"),
        split=_split(input),
        draft=_draft(input),
        send=input.send,
        idempotency_key=input.idempotency_key,
    )
    key = await drafts.add_invoice(context.principal, command, stripe=context.dependencies.stripe)
    if not input.send:
        return MutationResult(key)
    await context.dependencies.enqueue("send_emails")
    return MutationResult(key, notices=await invoice_emails.mail_put_off(key))


async def update_invoice(context: Context, input: UpdateInvoiceInput) -> MutationResult:
    resplit = input.line_item_ids is not None or input.fixed_amount is not None
    command = UpdateInvoice(
        invoice_id=id_of(input.invoice_id, "Invoice"),
        inspection_person_id=optional_row_id(input.inspection_person_id, "InspectionPerson"),
        split=_split(input) if resplit else None,
        draft=_draft(input),
    )
    return MutationResult(await drafts.update_invoice(context.principal, command, stripe=context.dependencies.stripe))


async def send_invoice(context: Context, input: SendInvoiceInput) -> MutationResult:
    command = SendInvoice(
        invoice_id=id_of(input.invoice_id, "Invoice"), draft=_draft(input), idempotency_key=input.idempotency_key
    )
    key = await invoice_emails.send_invoice(context.principal, command)
    await context.dependencies.enqueue("send_emails")
    return MutationResult(key, notices=await invoice_emails.mail_put_off(key))


async def update_invoice_due_date(context: Context, input: UpdateInvoiceDueDateInput) -> MutationResult:
    key = id_of(input.invoice_id, "Invoice")
    return MutationResult(await due_dates.update_invoice_due_date(context.principal, key, input.due_on))


async def void_invoice(context: Context, input: VoidInvoiceInput) -> MutationResult:
    key = id_of(input.invoice_id, "Invoice")
    await closures.void_invoice(context.principal, key, stripe=context.dependencies.stripe)
    return MutationResult(key, notices=await small_remainders.small_remainders_beside_invoice(key))


async def close_invoice_short(context: Context, input: CloseInvoiceShortInput) -> MutationResult:
    key = id_of(input.invoice_id, "Invoice")
    await closures.close_invoice_short(context.principal, key, stripe=context.dependencies.stripe)
    return MutationResult(key, notices=await small_remainders.small_remainders_beside_invoice(key))


async def mark_invoice_uncollectible(context: Context, input: MarkInvoiceUncollectibleInput) -> MutationResult:
    key = id_of(input.invoice_id, "Invoice")
    return MutationResult(
        await closures.mark_invoice_uncollectible(context.principal, key, stripe=context.dependencies.stripe)
    )
