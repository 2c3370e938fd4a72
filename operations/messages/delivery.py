"""The outbox at work: claiming mails, sending them, and recording how that ended."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta

import structlog
from tortoise import connections
from tortoise.expressions import F, Q

from gateways.mail_bytes import Attachment, Mail
from gateways.smtp import Mailer, Outcome, SendResult
from models import Email, Grant
from operations.documents.invoice_document import data_as_pdf
from operations.documents.pdf import NotPrinted
from operations.transactions import transaction
from rules import clock
from rules.links import LINK_MARK, Portals, digest, new_token
from rules.mails import ASKING_FOR_MONEY, AUTOMATIC, MAILS
from rules.retry import EMAIL_ATTEMPTS_MAX, next_email_delay
from rules.states import EmailStatus

LEASE = timedelta(seconds=60)
"""How long a worker may take over a claimed mail before another one may have it."""

log = structlog.get_logger()


@dataclass(slots=True)
class _Lease:
    """A claimed mail; its `leased_until` tells our claim from a later one."""

    email: Email
    link: str | None
    transmitting: bool = False


async def send_due_emails(*, limit: int, mailer: Mailer, portals: Portals) -> int:
    """Claim and send the mails that are due, longest waiting first; returns how many. Safe to run anywhere.

    They are sent side by side: one slow recipient must not outlast the leases of the others.
    """
    await _resolve_abandoned()
    await _cancel_moot()
    leases = await _claim(limit, portals, domain=mailer.domain)
    ended = await asyncio.gather(*(_deliver(lease, mailer) for lease in leases), return_exceptions=True)
    for fault in ended:  # Only what could not even be written down: the leases end, and the mails come up again.
        if fault is not None:
            raise fault
    return len(leases)


@transaction
async def _resolve_abandoned() -> None:
    """Mails whose worker died: one that was being transmitted may have arrived, so it is never resent by itself."""
    dead = Email.filter(status=EmailStatus.SENDING, leased_until__lt=clock.now())
    await dead.filter(transmitting=True).update(
        status=EmailStatus.UNCERTAIN,
        last_error="The worker stopped while the mail was being transmitted.",
        next_attempt_at=None,
    )
    # Whatever it is that stops workers at this mail: it does so a bounded number of times.
    await dead.filter(transmitting=False, attempts__gte=EMAIL_ATTEMPTS_MAX).update(
        status=EmailStatus.FAILED, last_error="The worker stopped each time it tried.", next_attempt_at=None
    )
    await dead.filter(transmitting=False).update(
        status=EmailStatus.RETRY, last_error="The worker stopped while it had the mail.", next_attempt_at=clock.now()
    )


@transaction
async def _cancel_moot() -> None:
    """Mails that were being tried while they became needless or unwanted, and would be tried again."""
    await connections.get("default").execute_query(
        "UPDATE emails SET status = 'CANCELED', next_attempt_at = NULL FROM inspections"
        " WHERE inspections.id = emails.inspection_id AND inspections.notifications_disabled"
        " AND emails.status = 'RETRY' AND emails.kind = ANY($1)",
        [AUTOMATIC],
    )
    await connections.get("default").execute_query(
        "UPDATE emails SET status = 'CANCELED', next_attempt_at = NULL FROM invoices"
        " WHERE invoices.id = emails.invoice_id AND invoices.status IN ('VOID', 'PAID')"
        " AND emails.status = 'RETRY' AND emails.kind = ANY($1)",
        [ASKING_FOR_MONEY],
    )
    # A link that was ended before it was mailed opens nothing, and the address may be the wrong one (S68).
    await connections.get("default").execute_query(
        "UPDATE emails SET status = 'CANCELED', next_attempt_at = NULL FROM grants"
        " WHERE grants.id = emails.grant_id AND grants.revoked_at IS NOT NULL"
        " AND emails.status IN ('QUEUED', 'RETRY')"
    )


@transaction
async def _claim(limit: int, portals: Portals, *, domain: str) -> list[_Lease]:
    due = (
        await Email.filter(Q(status__in=[EmailStatus.QUEUED, EmailStatus.RETRY]), Q(next_attempt_at__lte=clock.now()))
        .order_by("next_attempt_at")
        .limit(limit)
        .select_for_update(skip_locked=True)
    )
    until = clock.now() + LEASE
    ids = [email.id for email in due]
    await Email.filter(id__in=ids).update(
        status=EmailStatus.SENDING, leased_until=until, transmitting=False, attempts=F("attempts") + 1
    )
    await _complete_message_ids(due, domain)
    for email in due:
        email.attempts += 1
        email.leased_until = until
    return [_Lease(email, await _mint_link(email, portals)) for email in due]


async def _complete_message_ids(emails: list[Email], domain: str) -> None:
    """Add the domain that mails come from, which only who sends them knows; from then on the id stays as it is."""
    new = [email for email in emails if "@" not in email.message_id]
    for email in new:
        email.message_id = f"<{email.message_id}@{domain}>"
    if new:
        await Email.bulk_update(new, ["message_id"])


async def _mint_link(email: Email, portals: Portals) -> str | None:
    """A fresh token for each try: an earlier try of this mail has certainly not arrived."""
    opens = MAILS[email.kind].link
    if email.grant_id is None or opens is None:
        return None
    token = new_token()
    await Grant.filter(id=email.grant_id).update(token_hash=digest(token))
    return portals.link(opens, token)


async def _deliver(lease: _Lease, mailer: Mailer) -> None:
    """Send one claimed mail, and write down how that ended, faults of our own included."""
    email = lease.email
    try:
        result = await _send(lease, mailer)
    except LeaseLost:
        log.warning("email.lease_lost", email_id=str(email.id))
        return
    except Exception as fault:  # Whatever it is: the mail must not look as if it were still being sent.
        log.exception("email.fault", email_id=str(email.id))
        outcome = Outcome.UNCERTAIN if lease.transmitting else Outcome.TRY_AGAIN
        result = SendResult(outcome, f"A fault of our own while sending: {type(fault).__name__}.")
    await _record_outcome(email, result)
    log.info("email.attempted", email_id=str(email.id), outcome=result.outcome, attempt=email.attempts)


async def _send(lease: _Lease, mailer: Mailer) -> SendResult:
    email = lease.email
    mail = Mail(
        to_name=email.to_name,
        to_address=email.to_address,
        subject=email.subject,
        text=_linked(email.text, lease.link),
        html=_linked(email.html, lease.link),
        message_id=email.message_id,
        attachments=await _attachments(email),
    )
    return await mailer.send(mail, before_data=lambda: _transmit(lease))


async def _attachments(email: Email) -> tuple[Attachment, ...]:
    """The document of the invoice that a mail asks to pay, as it was when the mail's text was written."""
    if email.document is None:
        return ()
    try:
        content = await data_as_pdf(email.document)
    except NotPrinted as error:
        # The mail's link leads to the same document: better without the file than not at all.
        log.exception("email.document_failed", email_id=str(email.id), reason=str(error)[:500])
        return ()
    return (Attachment(f"{email.document['title']}.pdf", "application/pdf", content),)


def _linked(body: str, link: str | None) -> str:
    return body.replace(LINK_MARK, link) if link else body


class LeaseLost(Exception):
    """We took longer than our lease: another worker has this mail now."""


async def _transmit(lease: _Lease) -> None:
    """Write down that the content goes out now: from here on the mail may have arrived."""
    email = lease.email
    held = Email.filter(
        id=email.id, status=EmailStatus.SENDING, leased_until=email.leased_until, leased_until__gt=clock.now()
    )
    if not await held.update(transmitting=True):
        raise LeaseLost
    lease.transmitting = True


async def _record_outcome(email: Email, result: SendResult) -> None:
    outcome = result.outcome
    delay = next_email_delay(email.attempts) if outcome is Outcome.TRY_AGAIN else None
    if outcome is Outcome.TRY_AGAIN:
        status = EmailStatus.RETRY if delay else EmailStatus.FAILED
    else:
        status = {
            Outcome.ACCEPTED: EmailStatus.ACCEPTED,
            Outcome.REFUSED: EmailStatus.FAILED,
            Outcome.UNCERTAIN: EmailStatus.UNCERTAIN,
        }[outcome]
    now = clock.now()
    await Email.filter(id=email.id, status=EmailStatus.SENDING, leased_until=email.leased_until).update(
        status=status,
        last_error=result.detail,
        next_attempt_at=now + delay if delay else None,
        accepted_at=now if status is EmailStatus.ACCEPTED else None,
        transmitting=False,
    )
