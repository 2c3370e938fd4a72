"""Writing mails to the outbox: one mail to one person, in the transaction of what it announces."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from markupsafe import Markup, escape

from models import Automation, Email, EmailKind, Grant, Inspection, Invoice, Occurrence
from operations.rendering import render
from rules import clock
from rules.identifiers import new_id
from rules.states import EmailStatus

SUBJECT_LENGTH_MAX = 200

LINK_MAILS_PER_HOUR_MAX = 3
"""Mails with a link to one recipient (SPEC, section 6)."""

WAITING = (EmailStatus.QUEUED, EmailStatus.RETRY)
"""Mails that can still be called back."""

AUTOMATIC = (EmailKind.AUTOMATION, EmailKind.REMINDER, EmailKind.RECEIPT)
"""Mails that nobody asked for one by one: "Disable all notifications" stops them."""

PORTAL_FOOTER = "This link is yours alone: whoever has it can see what it opens."


@dataclass(frozen=True, slots=True)
class Recipient:
    """The one person a mail goes to."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class Body:
    """What a mail says, in its two parts."""

    subject: str
    text: str
    html: str


def letter_body(
    *,
    subject: str,
    message: str,
    company_name: str,
    footer: str,
    link: str | None = None,
    link_label: str | None = None,
    template: str = "letter_mail",
    **values: object,
) -> Body:
    """A mail in the common layout; whatever people typed is escaped in its HTML."""
    shown = {
        "subject": subject,
        "message": message,
        "message_html": as_html(message),
        "company_name": company_name,
        "footer": footer,
        "link": link,
        "link_label": link_label,
        **values,
    }
    return Body(
        subject=subject[:SUBJECT_LENGTH_MAX],
        text=render(f"{template}.txt.j2", **shown),
        html=render(f"{template}.html.j2", **shown),
    )


def as_html(message: str) -> Markup:
    """Plain text with its line breaks, which mail clients that ignore `white-space` keep too."""
    return Markup("<br>\n").join(escape(line) for line in message.split("\n"))


async def queue_mail(
    inspection: Inspection,
    kind: EmailKind,
    to: Recipient,
    body: Body,
    *,
    invoice: Invoice | None = None,
    sequence: int = 1,
    grant: Grant | None = None,
    automation: Automation | None = None,
    occurrence: Occurrence | None = None,
    status: EmailStatus = EmailStatus.QUEUED,
    not_before: datetime | None = None,
) -> Email:
    """Write one mail; the worker sends it once the caller's transaction is committed, and not before `not_before`."""
    at = max(not_before or clock.now(), clock.now())
    return await Email.create(
        id=(key := new_id()),
        company_id=inspection.company_id,
        inspection_id=inspection.id,
        invoice_id=invoice.id if invoice else None,
        grant_id=grant.id if grant else None,
        automation_id=automation.id if automation else None,
        occurrence_id=occurrence.id if occurrence else None,
        kind=kind,
        sequence=sequence,
        to_name=to.name,
        to_address=to.address,
        subject=body.subject,
        text=body.text,
        html=body.html,
        message_id=str(key),
        status=status,
        queued_at=at,
        next_attempt_at=at if status is EmailStatus.QUEUED else None,
    )


async def link_mails_within_an_hour(company_id: UUID, address: str, *kinds: EmailKind) -> list[datetime]:
    """When the recipient's mails with a link were written, the newest first; of the given kinds, or all."""
    mails = Email.filter(
        company_id=company_id,
        to_address=address,
        grant_id__isnull=False,
        queued_at__gte=clock.now() - timedelta(hours=1),
    )
    if kinds:
        mails = mails.filter(kind__in=kinds)
    return [mail.queued_at for mail in await mails.order_by("-queued_at").only("id", "queued_at")]


async def next_free_moment(company_id: UUID, address: str) -> datetime:
    """When the recipient may get another mail with a link: at once, or when the third last is an hour old."""
    moments = await link_mails_within_an_hour(company_id, address)
    if len(moments) < LINK_MAILS_PER_HOUR_MAX:
        return clock.now()
    return moments[LINK_MAILS_PER_HOUR_MAX - 1] + timedelta(hours=1)
