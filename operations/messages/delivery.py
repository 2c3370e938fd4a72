"""The outbox at work: claiming mails, sending them, and recording how that ended."""

from dataclasses import dataclass
from datetime import timedelta
from time import monotonic
from uuid import UUID

import structlog
from tortoise import connections

from gateways.mail_bytes import Attachment, Mail
from gateways.smtp import Mailer, MailSession, Outcome, SendResult
from models import Email
from operations.batches import Batch, work_off
from operations.documents.invoice_document import data_as_pdf
from operations.documents.pdf import NotPrinted
from operations.leases import Turns, lease_end
from operations.transactions import transaction
from rules import clock
from rules.links import BASE_MARK, LINK_MARK, Portals, digest, new_token
from rules.mails import ASKING_FOR_MONEY, AUTOMATIC, MAILS
from rules.retry import EMAIL_ATTEMPTS_MAX, next_email_delay
from rules.states import EmailStatus

TIDY_SECONDS = 1.0
"""How often a sweep looks for mails that became needless, or whose worker died."""

ENDED = {
    Outcome.ACCEPTED: EmailStatus.ACCEPTED,
    Outcome.REFUSED: EmailStatus.FAILED,
    Outcome.UNCERTAIN: EmailStatus.UNCERTAIN,
}

log = structlog.get_logger()


@dataclass(slots=True)
class _Lease:
    """A claimed mail; its `leased_until` tells our claim from a later one."""

    email: Email
    link: str | None
    public_url: str
    transmitting: bool = False


async def send_due_emails(
    *, limit: int, mailer: Mailer, portals: Portals, at_once: int = 16, claim_seconds_max: float = 3.0
) -> int:
    """Claim and send the mails that are due, at most `limit`; returns how many. Safe to run anywhere, several times.

    Companies take turns, and of each the mail that waits longest comes first. `at_once` are under way at a time: one
    slow recipient delays no other. Nothing is claimed after `claim_seconds_max`.
    """
    with mailer.session() as session:
        delivery = _Delivery(session, portals, domain=mailer.domain)
        return await work_off(
            delivery.claim, delivery.deliver, at_once=at_once, limit=limit, claim_seconds_max=claim_seconds_max
        )


class _Delivery:
    """One sweep through the outbox."""

    def __init__(self, session: MailSession, portals: Portals, *, domain: str) -> None:
        self._session = session
        self._portals = portals
        self._domain = domain
        self._turns = Turns()
        self._tidied_at: float | None = None
        self._marks = Batch(_mark_transmitting)
        self._outcomes = Batch(_record_outcomes)

    async def claim(self, limit: int) -> list[_Lease]:
        """Mails to send now, none of which is needless."""
        if self._tidied_at is None or monotonic() - self._tidied_at > TIDY_SECONDS:
            await _resolve_abandoned()
            await _cancel_moot()
            self._tidied_at = monotonic()
        return await _claim(self._turns, limit, self._portals, domain=self._domain)

    async def deliver(self, lease: _Lease) -> None:
        """Send one claimed mail, and write down how that ended, faults of our own included."""
        email = lease.email
        try:
            result = await self._session.send(await _composed(lease), before_data=lambda: self._transmit(lease))
        except LeaseLost:
            log.warning("email.lease_lost", email_id=str(email.id))
            return
        except Exception as fault:  # Whatever it is: the mail must not look as if it were still being sent.
            log.exception("email.fault", email_id=str(email.id))
            outcome = Outcome.UNCERTAIN if lease.transmitting else Outcome.TRY_AGAIN
            result = SendResult(outcome, f"A fault of our own while sending: {type(fault).__name__}.")
        await self._outcomes.add((email, result))
        log.info("email.attempted", email_id=str(email.id), outcome=result.outcome, attempt=email.attempts)

    async def _transmit(self, lease: _Lease) -> None:
        """Write down that the content goes out now: from here on the mail may have arrived."""
        if not await self._marks.add(lease.email):
            raise LeaseLost
        lease.transmitting = True


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
    await connections.get("default").execute_query(
        "UPDATE emails SET status = 'CANCELED', next_attempt_at = NULL FROM staff_links"
        " WHERE staff_links.id = emails.staff_link_id AND staff_links.ended_at IS NOT NULL"
        " AND emails.status IN ('QUEUED', 'RETRY')"
    )


@transaction
async def _claim(turns: Turns, limit: int, portals: Portals, *, domain: str) -> list[_Lease]:
    keys = await _without_ended_links(await turns.take(Email, limit=limit))
    if not keys:
        return []
    # The domain that mails come from only who sends them knows; from the first try on the id stays as it is.
    await connections.get("default").execute_query(
        "UPDATE emails SET status = 'SENDING', leased_until = $2, transmitting = false, attempts = attempts + 1,"
        " message_id = CASE WHEN message_id LIKE '%@%' THEN message_id ELSE '<' || message_id || '@' || $3 || '>' END"
        " WHERE id = ANY($1)",
        [keys, lease_end(), domain],
    )
    emails = await Email.filter(id__in=keys)
    tokens = await _mint_tokens(emails)
    return [_Lease(email, _link(email, tokens, portals), portals.public_url) for email in emails]


async def _without_ended_links(keys: list[UUID]) -> list[UUID]:
    """The mails that may go out. A link that was ended before it was mailed opens nothing; who gets it may be wrong."""
    rows = await connections.get("default").execute_query_dict(
        "WITH ended AS (UPDATE emails SET status = 'CANCELED', next_attempt_at = NULL WHERE id = ANY($1) AND ("
        "EXISTS (SELECT FROM grants WHERE grants.id = emails.grant_id AND grants.revoked_at IS NOT NULL)"
        " OR EXISTS (SELECT FROM staff_links"
        " WHERE staff_links.id = emails.staff_link_id AND staff_links.ended_at IS NOT NULL)"
        ") RETURNING id) SELECT id FROM ended",
        [keys],
    )
    ended = {row["id"] for row in rows}
    return [key for key in keys if key not in ended]


async def _mint_tokens(emails: list[Email]) -> dict[UUID, str]:
    """A fresh token for each try, by what it is stored with: an earlier try of the mail has certainly not arrived."""
    tokens: dict[UUID, str] = {}
    for table, keys in (
        ("grants", {email.grant_id for email in emails if email.grant_id}),
        ("staff_links", {email.staff_link_id for email in emails if email.staff_link_id}),
    ):
        if not keys:
            continue
        minted = {key: new_token() for key in sorted(keys)}
        await connections.get("default").execute_query(
            f"UPDATE {table} SET token_hash = minted.token_hash FROM unnest($1::uuid[], $2::text[])"  # noqa: S608
            f" minted (id, token_hash) WHERE {table}.id = minted.id",
            [list(minted), [digest(token) for token in minted.values()]],
        )
        tokens |= minted
    return tokens


def _link(email: Email, tokens: dict[UUID, str], portals: Portals) -> str | None:
    opens, carrier = MAILS[email.kind].link, email.grant_id or email.staff_link_id
    return None if carrier is None or opens is None else portals.link(opens, tokens[carrier])


async def _composed(lease: _Lease) -> Mail:
    email = lease.email
    return Mail(
        to_name=email.to_name,
        to_address=email.to_address,
        subject=email.subject,
        reply_to=email.reply_to,
        text=_linked(email.text, lease),
        html=_linked(email.html, lease),
        message_id=email.message_id,
        attachments=await _attachments(lease),
    )


async def _attachments(lease: _Lease) -> tuple[Attachment, ...]:
    """The document of the invoice that a mail asks to pay, as it was when the mail's text was written.

    The mail's own link is in it too, and in no other copy: others may open those.
    """
    email = lease.email
    if email.document is None:
        return ()
    try:
        content = await data_as_pdf(email.document, pay_link=lease.link)
    except NotPrinted as error:
        # The mail's link leads to the same document: better without the file than not at all.
        log.exception("email.document_failed", email_id=str(email.id), reason=str(error)[:500])
        return ()
    return (Attachment(f"{email.document['title']}.pdf", "application/pdf", content),)


def _linked(body: str, lease: _Lease) -> str:
    """The body with the addresses that only who sends it knows."""
    body = body.replace(BASE_MARK, lease.public_url)
    return body.replace(LINK_MARK, lease.link) if lease.link else body


class LeaseLost(Exception):
    """We took longer than our lease: another worker has this mail now."""


@transaction
async def _mark_transmitting(emails: list[Email]) -> list[bool]:
    """For each mail, whether it is still ours to transmit; those that are, are marked."""
    rows = await connections.get("default").execute_query_dict(
        "WITH marked AS (UPDATE emails SET transmitting = true"
        " FROM unnest($1::uuid[], $2::timestamptz[]) ours (id, until)"
        " WHERE emails.id = ours.id AND leased_until = ours.until AND leased_until > $3 AND status = 'SENDING'"
        " RETURNING emails.id) SELECT id FROM marked",
        [[email.id for email in emails], [email.leased_until for email in emails], clock.now()],
    )
    marked = {row["id"] for row in rows}
    return [email.id in marked for email in emails]


@transaction
async def _record_outcomes(ended: list[tuple[Email, SendResult]]) -> list[None]:
    """Write down how sending ended, for those that nobody else has claimed meanwhile."""
    now = clock.now()
    rows = [(email, result, *_status_after(email, result)) for email, result in ended]
    await connections.get("default").execute_query(
        "UPDATE emails SET status = ended.status, last_error = ended.detail, transmitting = false,"
        " next_attempt_at = $6::timestamptz + ended.delay,"
        " accepted_at = CASE ended.status WHEN 'ACCEPTED' THEN $6::timestamptz END"
        " FROM unnest($1::uuid[], $2::timestamptz[], $3::text[], $4::text[], $5::interval[])"
        " ended (id, until, status, detail, delay)"
        " WHERE emails.id = ended.id AND emails.leased_until = ended.until AND emails.status = 'SENDING'",
        [
            [email.id for email, _, _, _ in rows],
            [email.leased_until for email, _, _, _ in rows],
            [status.value for _, _, status, _ in rows],
            [result.detail for _, result, _, _ in rows],
            [delay for _, _, _, delay in rows],
            now,
        ],
    )
    return [None] * len(ended)


def _status_after(email: Email, result: SendResult) -> tuple[EmailStatus, timedelta | None]:
    """What becomes of a mail, and after what time it is tried again."""
    if result.outcome is Outcome.TRY_AGAIN:
        delay = next_email_delay(email.attempts)
        return (EmailStatus.RETRY if delay else EmailStatus.FAILED), delay
    return ENDED[result.outcome], None
