"""What an operator does about single mails: having one tried again, or calling one back."""

from uuid import UUID

from models import Email, Inspection
from operations.audit_log import record, record_of_company
from operations.messages.outbox import WAITING
from operations.transactions import transaction
from rules import clock
from rules.access import Operator
from rules.errors import NotFound, Refusal
from rules.states import EMAIL_MOVES, EmailStatus


@transaction
async def retry_email(by: Operator, email_id: UUID) -> EmailStatus:
    """Have a mail sent at once: one that waits, failed or may not have arrived. Safe to repeat.

    It gets all its tries anew, and keeps its Message-ID, by which mail programs tell a second copy. What has become
    needless meanwhile is cancelled instead by who sends it. Raises NotFound, or Refusal for one that can't be sent.
    """
    email = await _lock_email(by, email_id)
    before, now = email.status, clock.now()
    if before in WAITING and email.next_attempt_at is not None and email.next_attempt_at <= now:
        return before
    if before not in WAITING and EmailStatus.QUEUED not in EMAIL_MOVES[before]:
        raise Refusal(f"The mail is {before}: only one that waits, is FAILED or UNCERTAIN can be tried again.")
    if not email.text:
        raise Refusal("The mail is so old that its text is gone: what it said has to be sent anew.")
    email.status, email.attempts, email.next_attempt_at = EmailStatus.QUEUED, 0, now
    await email.save(update_fields=["status", "attempts", "next_attempt_at"])
    await _record(by, email, "email.retried", before)
    return email.status


@transaction
async def cancel_email(by: Operator, email_id: UUID) -> EmailStatus:
    """Call back a mail that waits. Safe to repeat. Raises NotFound, or Refusal for one that is past calling back."""
    email = await _lock_email(by, email_id)
    before = email.status
    if before is EmailStatus.CANCELED:
        return before
    if before not in WAITING:
        raise Refusal(f"The mail is {before}: only one that waits can be called back.")
    email.status, email.next_attempt_at = EmailStatus.CANCELED, None
    await email.save(update_fields=["status", "next_attempt_at"])
    await _record(by, email, "email.canceled", before)
    return email.status


async def _lock_email(by: Operator, email_id: UUID) -> Email:
    email = await Email.filter(id=email_id, company_id=by.company_id).select_for_update().get_or_none()
    if email is None:
        raise NotFound("Email")
    return email


async def _record(by: Operator, email: Email, name: str, before: EmailStatus) -> None:
    was, became = {"status": before.value}, {"status": email.status.value}
    if email.inspection_id is None:
        await record_of_company(email.company_id, name, email.id, by=by, before=was, after=became)
        return
    inspection = await Inspection.get(id=email.inspection_id)
    await record(inspection, name, email.id, by=by, before=was, after=became)
