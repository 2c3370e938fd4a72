"""Writing mails to the outbox: one mail to one person, in the transaction of what it announces."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from markupsafe import Markup, escape
from tortoise import connections
from tortoise.queryset import QuerySet

from models import Automation, AutomationEvent, Email, Grant, Inspection, Invoice, StaffLink
from operations.documents.brands import Brand
from operations.documents.rendering import render, without_links
from rules import clock
from rules.identifiers import new_id
from rules.limits import SUBJECT_LENGTH_MAX
from rules.links import BASE_MARK, logo_path
from rules.mails import MAILS, EmailKind
from rules.states import EmailStatus

LINK_MAILS_PER_INVOICE_MAX = 3
"""An hour, to one recipient (SPEC, section 6). The links to an inspection's client portal count together as one."""

LINK_MAILS_PER_RECIPIENT_MAX = 60
"""An hour, from one company (SPEC, section 6)."""

WAITING = (EmailStatus.QUEUED, EmailStatus.RETRY)
"""Mails that can still be called back."""

PREHEADER_LENGTH_MAX = 140
"""About what lists of mails have room for."""

HOUR = timedelta(hours=1)

PORTAL_FOOTER = "This link is yours alone: whoever has it can see what it opens."


@dataclass(frozen=True, slots=True)
class Recipient:
    """The one person a mail goes to."""

    name: str
    address: str


@dataclass(frozen=True, slots=True)
class EmailContent:
    """What a mail says, in its two parts, and where replies to it go, if not to whom it is from."""

    subject: str
    text: str
    html: str
    reply_to: str | None = None


def email_content(
    *,
    subject: str,
    message: str,
    company_name: str,
    footer: str,
    brand: Brand,
    preheader: str = "",
    link: str | None = None,
    link_label: str | None = None,
    template: str = "message_mail",
    typed: bool = False,
    **values: object,
) -> EmailContent:
    """A mail in the common layout; whatever people typed is escaped in its HTML.

    A `typed` message is the company's own words, and may have addresses. In our sentences, and wherever names stand,
    what looks like an address is kept from becoming a link in the HTML: there is one link in it, and that is ours.
    The `preheader` is what lists of mails show beside the subject; without one it is how the message begins.
    """
    shown = {
        "subject": subject,
        "message": message,
        "message_html": as_html(message if typed else without_links(message)),
        "company_name": company_name,
        "footer": footer,
        "brand": brand,
        "logo_url": BASE_MARK + logo_path(brand.logo) if brand.logo else "",
        "preheader": preheader or _beginning(message),
        "link": link,
        "link_label": link_label,
        **values,
    }
    return EmailContent(
        subject=subject[:SUBJECT_LENGTH_MAX],
        text=render(f"{template}.txt.j2", **shown),
        html=render(f"{template}.html.j2", **shown),
        reply_to=brand.email or None,
    )


def _beginning(message: str) -> str:
    """How a message begins, after its greeting."""
    return " ".join((message.partition("\n\n")[2] or message).split())[:PREHEADER_LENGTH_MAX]


def as_html(message: str) -> Markup:
    """Plain text with its line breaks, which mail clients that ignore `white-space` keep too."""
    return Markup("<br>\n").join(escape(line) for line in message.split("\n"))


async def queue_mail(
    inspection: Inspection,
    kind: EmailKind,
    to: Recipient,
    content: EmailContent,
    *,
    invoice: Invoice | None = None,
    sequence: int = 1,
    grant: Grant | None = None,
    automation: Automation | None = None,
    automation_event: AutomationEvent | None = None,
    document: dict[str, object] | None = None,
    status: EmailStatus = EmailStatus.QUEUED,
) -> Email:
    """Write one mail; the worker sends it once the caller's transaction is committed.

    A mail with a link above the limits is put off until it is within them: `queued_at` says until when.
    """
    properties = MAILS[kind]
    assert grant is None or grant.kind is properties.link, f"{kind} has no such link"
    assert document is None or properties.with_document, f"{kind} has no document"
    assert invoice is not None or not properties.asks_for_money, f"{kind} is about an invoice"
    at = await _free_moment(inspection, to.address, invoice) if grant else clock.now()
    return await Email.create(
        id=(key := new_id()),
        company_id=inspection.company_id,
        inspection_id=inspection.id,
        invoice_id=invoice.id if invoice else None,
        grant_id=grant.id if grant else None,
        automation_id=automation.id if automation else None,
        automation_event_id=automation_event.id if automation_event else None,
        kind=kind,
        sequence=sequence,
        to_name=to.name,
        to_address=to.address,
        reply_to=content.reply_to,
        subject=content.subject,
        text=content.text,
        html=content.html,
        document=document,
        message_id=str(key),
        status=status,
        queued_at=at,
        next_attempt_at=at if status is EmailStatus.QUEUED else None,
    )


async def queue_staff_mail(link: StaffLink, kind: EmailKind, to: Recipient, content: EmailContent) -> Email:
    """Write one mail that carries a link to a staff member, about no inspection. Who writes it limits how many."""
    assert link.kind is MAILS[kind].link, f"{kind} has no such link"
    key = new_id()
    return await Email.create(
        id=key,
        company_id=link.company_id,
        staff_link_id=link.id,
        kind=kind,
        to_name=to.name,
        to_address=to.address,
        reply_to=content.reply_to,
        subject=content.subject,
        text=content.text,
        html=content.html,
        message_id=str(key),
    )


async def _free_moment(inspection: Inspection, address: str, invoice: Invoice | None) -> datetime:
    """The first moment at which one more mail with a link keeps within both limits: now, or later.

    Those that are put off count too: they have their turn.
    """
    linked = Email.filter(company_id=inspection.company_id, to_address=address, grant_id__isnull=False)
    linked = linked.filter(status__not=EmailStatus.CANCELED)
    of_invoice = linked.filter(inspection_id=inspection.id, invoice_id=invoice.id if invoice else None)
    of_recipient = await _newest(linked, LINK_MAILS_PER_RECIPIENT_MAX)
    if len(of_recipient) > LINK_MAILS_PER_RECIPIENT_MAX // 2:
        # Transactions side by side don't see each other's mails; near the limit they take turns.
        await _take_turn(f"{inspection.company_id} {address}")
        of_recipient = await _newest(linked, LINK_MAILS_PER_RECIPIENT_MAX)
    full = [
        moments[-1] + HOUR
        for moments, most in (
            (of_recipient, LINK_MAILS_PER_RECIPIENT_MAX),
            (await _newest(of_invoice, LINK_MAILS_PER_INVOICE_MAX), LINK_MAILS_PER_INVOICE_MAX),
        )
        if len(moments) == most
    ]
    return max(clock.now(), *full) if full else clock.now()


async def _newest(mails: QuerySet[Email], limit: int) -> list[datetime]:
    """When at most so many of the mails were, or will be, sent: the newest first, none older than an hour."""
    found = mails.filter(queued_at__gt=clock.now() - HOUR).order_by("-queued_at").limit(limit)
    return [mail.queued_at for mail in await found.only("id", "queued_at")]


async def _take_turn(name: str) -> None:
    """Wait for the other transactions that took a turn under that name to end."""
    await connections.get("default").execute_query("SELECT pg_advisory_xact_lock(hashtextextended($1, 0))", [name])


async def address_of(person_id: UUID) -> str | None:
    """Where to mail the person, which nobody corrects before the caller's transaction ends.

    Or else a link could be mailed to an address whose links have just been ended (S68).
    """
    rows = await connections.get("default").execute_query_dict(
        "SELECT email FROM people WHERE id = $1 FOR SHARE", [person_id]
    )
    address: str | None = rows[0]["email"]
    return address
