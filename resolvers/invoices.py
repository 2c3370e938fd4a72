"""Answers about invoices."""

from dataclasses import dataclass
from typing import Annotated, Any

import strawberry

from models import Invoice
from operations.sending import Letter, check_letter, compose
from resolvers.context import Info
from resolvers.reading import loaded
from rules.access import ForClientsOnly
from rules.notices import whom_to_pay
from rules.states import InvoiceStatus

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
    return info.context.outside.sign_address(f"/documents/invoices/{root.id}")


def billed_to(root: Root) -> Any:
    """The entry in the People box, unless the caller may not know who is in it."""
    if root.billed_to is None:
        raise ForClientsOnly
    return root.billed_to


def notice(root: Root) -> str | None:
    """Whom to pay, when what is left of an invoice somebody is asked to pay is too little for a checkout."""
    if root.status not in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE):
        return None
    return whom_to_pay(root.remaining, company_name=root.company_name)


def email_preview(root: Root, info: Info, subject: Subject = None, message: Message = None) -> Any:
    """Composed as it would be for sending, with a stand-in for the token."""
    link = info.context.outside.portals.payment_link(PREVIEW_TOKEN)
    letter = check_letter(Letter(subject=subject, message=message))
    mail = compose(root, loaded(root, "lines"), root.billed_to.person.email or "", letter, link=link)
    return EmailPreview(mail.to, mail.subject, mail.message, mail.html, mail.text, link)
