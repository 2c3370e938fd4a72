"""The table of limits in `docs/requirements.md` says the numbers that the code has."""

import re
from collections.abc import Mapping
from datetime import timedelta

import pytest

from app import connections, logs, throttling, webhooks
from gateways import smtp, stripe_calls, stripe_webhooks
from graphql_server import limits as documents
from graphql_server.http import admission, requests
from graphql_server.reads.cost import ROWS_MAX
from graphql_server.reads.declarations import PAGE_SIZE_MAX
from graphql_server.websocket import bounds, messages
from models import asyncpg_pool
from operations import leases, transactions
from operations.identity import passwords, sessions
from operations.messages import outbox
from rules import limits, retry
from rules.links import LINK_LIFE, GrantKind
from tests.graphql_server.test_hostile_documents import HOLD_SECONDS_MAX
from tests.repository.test_repository import ROOT
from workers import settings as worker

ROW = re.compile(r"^\| (?P<what>[^|]+) \| (?P<limit>[^|]+) \|$", re.MULTILINE)


def _kib(count: int) -> str:
    assert count % 1024 == 0
    return f"{count // 1024} KiB"


def _minutes(time: timedelta) -> str:
    return f"{time // timedelta(minutes=1)} minutes"


def _seconds(time: float | timedelta) -> str:
    seconds = time.total_seconds() if isinstance(time, timedelta) else time
    return f"{seconds:g} s"


_SESSION = asyncpg_pool.SESSION_SETTINGS
_HASHER = passwords._HASHER
_SOCKETS = bounds.Limits()

LIMITS: Mapping[str, str] = {
    "A document": (
        f"{_kib(documents.SOURCE_BYTES_MAX)}, {documents.TOKENS_MAX:,} tokens, {documents.COMMENTS_MAX} comments,"
        f" {documents.DEPTH_MAX} levels, {documents.ALIASES_MAX} aliases, {documents.ROOT_FIELDS_MAX} root fields,"
        f" {documents.FIELDS_MAX} fields, {documents.DIRECTIVES_MAX} directives, {documents.OPERATIONS_MAX} operations"
    ),
    "A request body; a websocket message": f"{_kib(requests.BODY_BYTES_MAX)}; {_kib(messages.MESSAGE_BYTES_MAX)}",
    "One text of a staff member's request besides": _kib(requests.LONG_TEXT_BYTES_MAX),
    "A logo": (
        f"{_kib(limits.LOGO_BYTES_MAX)}, {limits.LOGO_PIXELS_MAX:,} pixels;"
        f" kept with at most {limits.LOGO_SIDE_MAX:,} pixels on a side"
    ),
    "A page; the rows that an operation may reach": f"{PAGE_SIZE_MAX} rows; {ROWS_MAX:,}",
    "What a hostile request may take of the event loop": f"{HOLD_SECONDS_MAX * 1000:g} ms",
    "Access token; refresh token; payment link; client link": (
        f"{_minutes(limits.ACCESS_TOKEN_LIFE)}; {sessions.REFRESH_TOKEN_LIFE.days} days, rotating;"
        f" {LINK_LIFE[GrantKind.PAYMENT_PORTAL].days} days after sending, ends when its invoice is void;"
        f" {LINK_LIFE[GrantKind.CLIENT_PORTAL].days} days"
    ),
    "A refresh token used twice": (
        f"within {_seconds(limits.REFRESH_GRACE)} both uses get a session; later the whole session ends"
    ),
    f"Failed sign-ins in {_minutes(limits.SIGN_IN_WINDOW)}": (
        f"{limits.SIGN_IN_FAILURES_MAX} for an account from one address,"
        f" {limits.SIGN_IN_FAILURES_IN_ALL_MAX} for an account,"
        f" {limits.SIGN_IN_FAILURES_IN_ALL_MAX} from an address"
    ),
    "Failed links in a minute": f"{throttling.LINK_FAILURES.amount} from an address; valid links keep working",
    "Mails with a link in an hour": (
        f"{outbox.LINK_MAILS_PER_INVOICE_MAX} for an invoice and recipient,"
        f" {outbox.LINK_MAILS_PER_RECIPIENT_MAX} for a recipient and company; what exceeds that is sent later"
    ),
    "A request's head; a whole request": (f"{_seconds(connections.HEAD_SECONDS_MAX)} each, then the connection closes"),
    "Waiting for a free place": (
        f"{_seconds(admission.WAIT_SECONDS_MAX)}, and {admission.WAITING_MAX:,} requests; then 503 with code BUSY"
    ),
    "Websockets that have not said who they are": (
        f"{_seconds(_SOCKETS.init_seconds)}, and {_SOCKETS.sockets_without_init_per_address_max} for an address"
    ),
    "A call to Stripe; an SMTP dialogue": (
        f"{_seconds(stripe_calls.CALL_SECONDS_MAX)}; {_seconds(smtp.DIALOGUE_SECONDS_MAX)}"
    ),
    "A free connection; a lock; a statement; an idle transaction": "; ".join(
        (
            _seconds(asyncpg_pool.ACQUIRE_SECONDS_MAX),
            *(
                _SESSION[name].replace("s", " s")
                for name in ("lock_timeout", "statement_timeout", "idle_in_transaction_session_timeout")
            ),
        )
    ),
    "A job; a claim": f"{_seconds(worker.JOB_SECONDS_MAX)}; {_seconds(leases.LEASE)}",
    "Attempts at a mail": f"{retry.EMAIL_ATTEMPTS_MAX} over about 24 hours",
    "Asking about an open payment": (
        f"after {_seconds(retry.POLL_DELAY_MIN)}, then ever less often up to every {_minutes(retry.POLL_DELAY_MAX)},"
        " while it can still be paid"
    ),
    "Deadlocks and serialization failures": f"the transaction again, at most {transactions.TRIES_MAX - 1} times",
    "A webhook": f"{_kib(webhooks.BODY_BYTES_MAX)}, signed within {stripe_webhooks.TOLERANCE_SECONDS} s",
    "Passwords": f"argon2id, {_HASHER.memory_cost // 1024} MiB, {_HASHER.time_cost} passes",
    "A log line": _kib(logs.LINE_BYTES_MAX),
}


def _table() -> dict[str, str]:
    page = (ROOT / "docs" / "requirements.md").read_text(encoding="utf-8")
    table = page.partition("## Limits")[2].partition("\n## ")[0]
    rows = {row["what"]: row["limit"] for row in ROW.finditer(table)}
    return {what: limit for what, limit in rows.items() if what not in ("What", "---")}


@pytest.mark.parametrize("what", LIMITS)
def test_the_page_says_what_the_code_has(what: str) -> None:
    """A limit stands on the page as the code declares it (section 6)."""
    assert _table().get(what) == LIMITS[what]


def test_no_limit_of_the_page_goes_unchecked() -> None:
    """Whoever adds a row says here where its number is declared (section 6)."""
    assert _table().keys() == LIMITS.keys()


def test_what_the_table_says_once_holds_wherever_it_is_meant() -> None:
    """A body has as long as a head; a mail is retried for a day."""
    assert requests.BODY_SECONDS_MAX == connections.HEAD_SECONDS_MAX
    assert timedelta(hours=23) < sum(retry._EMAIL_DELAYS, timedelta()) < timedelta(hours=25)
    assert smtp.DIALOGUE_SECONDS_MAX < worker.JOB_SECONDS_MAX, "its outcome is still recorded"
