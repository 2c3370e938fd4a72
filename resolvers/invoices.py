"""Answers about invoices."""

from dataclasses import dataclass
from datetime import date
from typing import Annotated, Any, Final

import strawberry

from graphql_server.reads import Filling, Hole, JsonValue, One, Related
from models import Branding, Company, Invoice, InvoiceLine
from operations.documents.brands import brand_from
from operations.documents.due_dates import due_date_shown
from operations.invoices import closures, drafts, due_dates, invoice_emails
from operations.invoices.drafts import AddInvoice, UpdateInvoice
from operations.invoices.invoice_emails import EmailDraft, SendInvoice, check_draft, compose
from operations.invoices.splits import InvoiceSplit
from operations.ledger import small_remainders
from resolvers.context import Context, context_of
from resolvers.keys import optional_row_id, row_ids
from resolvers.relations import listed
from resolvers.results import MutationResult
from resolvers.rows import branding_column, company_column, number, own_columns
from rules.access import ForClientsOnly
from rules.identifiers import id_of
from rules.links import BASE_MARK
from rules.money import Money
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


def _document_url(filling: Filling) -> str:
    return context_of(filling).dependencies.sign_address(f"/documents/invoices/{filling.row['id']}")


DOCUMENT_URL: Final = Hole({"id": "{row.id}"}, _document_url)
"""The signed address of the printable document."""

BILLED_TO: Final = One({"id": "billed_to_id"}, missing=lambda _: ForClientsOnly())
"""The entry in the People box, unless the principal may not know who is in it."""


def _notice(filling: Filling) -> str | None:
    row = filling.row
    if row["status"] not in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE):
        return None
    remaining = Money(number(row["remaining_minor"]), str(row["currency"]))
    return whom_to_pay(remaining, company_name=str(row["company_name"]))


NOTICE: Final = Hole(own_columns("status", "remaining_minor", "currency", "company_name"), _notice)
"""Whom to pay, when what is left of an invoice somebody is asked to pay is too little for a checkout."""


def _email_preview(filling: Filling) -> EmailPreview:
    """Composed as it would be for sending, with a stand-in for the token."""
    row: dict[str, Any] = dict(filling.row)
    arguments = filling.arguments
    link = context_of(filling).dependencies.portals.payment_link(PREVIEW_TOKEN)
    draft = check_draft(EmailDraft(subject=arguments.text("subject"), message=arguments.text("message")))
    lines, to = row.pop("lines"), row.pop("to")
    assert isinstance(lines, list), "they are needed as a list"
    brand = brand_from(Branding(**{name: row.pop(f"branding_{name}") for name in BRANDING}))
    invoice, company = _unsaved(row)
    due_on = due_date_shown(invoice, company)
    billed = [_line(line) for line in lines]
    mail = compose(invoice, billed, str(to or ""), draft, link=link, due_on=due_on, brand=brand)
    html = mail.html.replace(BASE_MARK, context_of(filling).dependencies.portals.public_url)
    return EmailPreview(mail.to, mail.subject, mail.message, html, mail.text, link)


def _unsaved(row: dict[str, Any]) -> tuple[Invoice, Company]:
    """The invoice and its company, as far as the mail shows them."""
    company = Company(time_zone=row.pop("time_zone"), default_due_days=row.pop("default_due_days"))
    due_on, status = row.pop("due_on"), row.pop("status")
    return Invoice(due_on=due_on and date.fromisoformat(due_on), status=InvoiceStatus(status), **row), company


def _line(row: JsonValue) -> InvoiceLine:
    assert isinstance(row, dict), "lines are objects"
    return InvoiceLine(**row)


BRANDING = ("color", "text_color", "postal_address", "phone", "email", "tax_id", "logo")

_ADDRESS = (
    "(select person.email from inspection_people box"
    " join people person on person.company_id = box.company_id and person.id = box.person_id"
    " where box.company_id = {row.company_id} and box.id = {row.billed_to_id})"
)

EMAIL_PREVIEW: Final = Hole(
    {
        **own_columns("number", "company_name", "property_address", "billed_to_name", "currency", "remaining_minor"),
        **own_columns("prepared_subject", "prepared_message", "due_on", "status"),
        "time_zone": company_column("time_zone"),
        "default_due_days": company_column("default_due_days"),
        "to": _ADDRESS,
        **{f"branding_{name}": branding_column(name) for name in BRANDING},
        "lines": Related(
            "InvoiceLine",
            listed(InvoiceLine, {"invoice_id": "id"}),
            own_columns("description", "amount_minor", "currency"),
        ),
    },
    _email_preview,
)


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
