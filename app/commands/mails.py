"""`email …`: what stands in the outbox, and what an operator does about single mails."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from app.commands.connected import key_of, on_database, print_rows
from models import Email
from operations.messages.outbox_repairs import cancel_email, retry_email
from rules.access import Operator
from rules.errors import NotFound, Refusal
from rules.states import EmailStatus

NOT_DONE: Final = (
    EmailStatus.QUEUED,
    EmailStatus.SENDING,
    EmailStatus.RETRY,
    EmailStatus.FAILED,
    EmailStatus.UNCERTAIN,
)
"""What `email list` shows unless told otherwise: mails that wait, and those that somebody should look at."""


def list_emails(data_dir: Path, *, status: str | None, company: str | None, limit: int, as_json: bool) -> None:
    """Print mails, the newest first: to whom, where each stands and why."""

    async def rows() -> list[dict[str, object]]:
        mails = Email.filter(status__in=NOT_DONE if status is None else [_status(status)])
        if company is not None:
            mails = mails.filter(company_id=key_of(company, "Company"))
        return [
            {
                "key": mail.id,
                "status": mail.status.value,
                "kind": mail.kind.value,
                "to": mail.to_address,
                "queued": mail.queued_at.isoformat(timespec="seconds"),
                "next_try": mail.next_attempt_at and mail.next_attempt_at.isoformat(timespec="seconds"),
                "tries": mail.attempts,
                "last_error": mail.last_error,
            }
            for mail in await mails.order_by("-queued_at", "-id").limit(limit)
        ]

    print_rows(on_database(data_dir, rows), as_json=as_json, none="No mail waits, and none has failed.")


def retry(data_dir: Path, email: str) -> None:
    """Have one mail tried again at once."""
    print(f"The mail is {_change(data_dir, email, retry_email)}; the worker tries it now.")


def cancel(data_dir: Path, email: str) -> None:
    """Call one mail back."""
    print(f"The mail is {_change(data_dir, email, cancel_email)}.")


def _change(data_dir: Path, typed: str, work: Callable[[Operator, UUID], Awaitable[EmailStatus]]) -> str:
    async def run() -> EmailStatus:
        email = await Email.get_or_none(id=key_of(typed, "Email"))
        if email is None:
            raise NotFound("Email")
        return await work(Operator(email.company_id), email.id)

    return on_database(data_dir, run).value


def _status(typed: str) -> EmailStatus:
    try:
        return EmailStatus(typed.upper())
    except ValueError:
        raise Refusal(f"The status must be one of {', '.join(EmailStatus)}.") from None
