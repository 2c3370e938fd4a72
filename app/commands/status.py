"""`status`: one screen that says what is healthy and what waits."""

import asyncio
import json
import os
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from redis.asyncio import Redis
from redis.exceptions import RedisError

from app.commands.connected import on_database
from models.audits import AuditResult, last_audit
from models.backlog import Backlog, read_backlog
from models.database import missing_migrations

LATE_SECONDS: Final = 120.0
"""Workers look every two seconds: what is due for longer than this waits for a worker that is not there, or stuck."""

EVENTS_LATE_SECONDS: Final = 600.0
"""An account that nobody pays on is asked every five minutes."""

CHANGES_LATE_SECONDS: Final = 1_200.0
"""What the change feed told is cleared after ten minutes."""

REDIS_SECONDS_MAX: Final = 2.0


@dataclass(frozen=True, slots=True)
class Finding:
    """What one part of the deployment is like; `healthy` is None where it could not be asked."""

    name: str
    healthy: bool | None
    sentence: str


def status(data_dir: Path, *, as_json: bool) -> None:
    """Print what is found; ends with status 1 unless all is healthy, and with 2 where the database can't be asked."""
    backlog, missing, audit = on_database(data_dir, _read)
    findings = [_migrations(missing), asyncio.run(_redis()), *_waiting(backlog), _audit(audit)]
    sick = [finding for finding in findings if finding.healthy is False]
    if as_json:
        shown = {"healthy": not sick, "findings": [asdict(finding) for finding in findings], "backlog": asdict(backlog)}
        print(json.dumps(shown, indent=2))
    else:
        print("All is well." if not sick else f"Look at: {', '.join(finding.name for finding in sick)}.")
        for finding in findings:
            mark = {True: "ok", False: "LATE" if "due" in finding.sentence else "BAD", None: "?"}[finding.healthy]
            print(f"  {finding.name:<12}{mark:<6}{finding.sentence}")
    if sick:
        raise SystemExit(1)


async def _read() -> tuple[Backlog, list[str], AuditResult | None]:
    missing = await missing_migrations()
    return await read_backlog(), missing, await last_audit()


def _audit(last: AuditResult | None) -> Finding:
    if last is None:
        return Finding("audit", None, "It has not run yet; run `python -m app audit` every night.")
    said = f"{last.discrepancies} figures did not agree on {last.ended_at:%Y-%m-%d %H:%M} UTC"
    return Finding(
        "audit", last.discrepancies == 0, f"{said}: run it to see which." if last.discrepancies else f"{said}."
    )


def _migrations(missing: list[str]) -> Finding:
    if missing:
        return Finding("database", False, f"{len(missing)} migrations are missing: run `python -m app migrate`.")
    return Finding("database", True, "It answers, and every migration is there.")


async def _redis() -> Finding:
    url = os.environ.get("REDIS_URL", "")
    if not url:
        return Finding("valkey", None, "Not asked: REDIS_URL is not set here.")
    try:
        redis = Redis.from_url(url, socket_connect_timeout=REDIS_SECONDS_MAX, socket_timeout=REDIS_SECONDS_MAX)
        try:
            await redis.ping()
        finally:
            await redis.aclose()
    except (RedisError, OSError, ValueError) as fault:
        said = f"It does not answer ({type(fault).__name__}): work goes on, more slowly, and limits count less."
        return Finding("valkey", False, said)
    return Finding("valkey", True, "It answers.")


def _waiting(found: Backlog) -> Iterator[Finding]:
    waiting = found.mails_queued + found.mails_retried + found.mails_sending
    stuck = f"{found.mails_failed} failed and {found.mails_uncertain} may not have arrived in the last 7 days"
    yield _of_age("mails", found.mails_overdue_seconds, f"{waiting} wait; {stuck} (`email list`)")
    unknown = f"{found.payments_unknown} without an answer"
    if found.payments_unknown:
        unknown += f", the oldest since {_age(found.payments_unknown_seconds)}"
    yield _of_age("payments", found.payments_overdue_seconds, f"{found.payments_live} under way, {unknown}")
    yield _of_age("refunds", found.refunds_overdue_seconds, "asked about in turn")
    hidden = f"{found.accounts_hidden} accounts that Stripe does not show us"
    yield _of_age("events", found.accounts_overdue_seconds, hidden, late=EVENTS_LATE_SECONDS)
    yield _of_age("automations", found.automations_overdue_seconds, "run in turn")
    kept = _age(found.changes_kept_seconds)
    healthy = found.changes_kept_seconds <= CHANGES_LATE_SECONDS
    yield Finding("change feed", healthy, f"The oldest row is {kept} old; workers clear what is older than 10 min.")


def _of_age(name: str, overdue_seconds: float, more: str, *, late: float = LATE_SECONDS) -> Finding:
    healthy = overdue_seconds <= late
    due = f"the oldest due for {_age(overdue_seconds)}" if overdue_seconds >= 1 else "nothing late"
    advice = "" if healthy else " Is a worker running, and what does its log say?"
    return Finding(name, healthy, f"{more}; {due}.{advice}")


def _age(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.0f} h"
