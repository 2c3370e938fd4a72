"""What waits in the tables, and since when: counts and ages of all companies together, and nothing about anybody."""

from dataclasses import dataclass, fields
from typing import Final

from tortoise import connections

_READ: Final = """
    WITH mails AS (
      SELECT count(*) FILTER (WHERE status = 'QUEUED')::int AS queued,
             count(*) FILTER (WHERE status = 'RETRY')::int AS retried,
             count(*) FILTER (WHERE status = 'SENDING')::int AS sending,
             min(next_attempt_at) FILTER (WHERE status IN ('QUEUED', 'RETRY')) AS due_at
        FROM emails WHERE status IN ('QUEUED', 'RETRY', 'SENDING')
    ), stuck AS (
      SELECT count(*) FILTER (WHERE status = 'FAILED')::int AS failed,
             count(*) FILTER (WHERE status = 'UNCERTAIN')::int AS uncertain
        FROM emails WHERE status IN ('FAILED', 'UNCERTAIN') AND queued_at > now() - interval '7 days'
    ), live AS (
      SELECT count(*)::int AS live, count(*) FILTER (WHERE state = 'UNKNOWN')::int AS unknown,
             min(created_at) FILTER (WHERE state = 'UNKNOWN') AS unknown_since
        FROM payments WHERE state IN ('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'UNKNOWN')
    )
    SELECT queued AS mails_queued, retried AS mails_retried, sending AS mails_sending,
           failed AS mails_failed, uncertain AS mails_uncertain,
           {age:due_at} AS mails_overdue_seconds,
           live AS payments_live, unknown AS payments_unknown,
           {age:unknown_since} AS payments_unknown_seconds,
           {age:(SELECT min(next_poll_at) FROM payments WHERE next_poll_at IS NOT NULL)} AS payments_overdue_seconds,
           {age:(SELECT min(next_poll_at) FROM refunds WHERE next_poll_at IS NOT NULL)} AS refunds_overdue_seconds,
           {age:(SELECT min(next_sync_at) FROM connected_accounts WHERE account_id IS NOT NULL)}
             AS accounts_overdue_seconds,
           (SELECT count(*)::int FROM connected_accounts WHERE hidden_since IS NOT NULL) AS accounts_hidden,
           {age:(SELECT min(next_attempt_at) FROM automation_events WHERE next_attempt_at IS NOT NULL)}
             AS automations_overdue_seconds,
           {age:(SELECT noted_at FROM changes ORDER BY transaction_id LIMIT 1)} AS changes_kept_seconds
      FROM mails, stuck, live
"""


@dataclass(frozen=True, slots=True)
class Backlog:
    """How much waits, and for how long what waits longest is due. Ages are in seconds, 0 where nothing is due.

    Mails that failed, or that may not have arrived, are those of the last seven days.
    """

    mails_queued: int
    mails_retried: int
    mails_sending: int
    mails_failed: int
    mails_uncertain: int
    mails_overdue_seconds: float
    payments_live: int
    payments_unknown: int
    payments_unknown_seconds: float
    payments_overdue_seconds: float
    refunds_overdue_seconds: float
    accounts_overdue_seconds: float
    accounts_hidden: int
    automations_overdue_seconds: float
    changes_kept_seconds: float


async def read_backlog() -> Backlog:
    """What waits now, in one statement that reads by indexes of what waits, however long the tables are."""
    (row,) = await connections.get("default").execute_query_dict(_SQL)
    return Backlog(**{field.name: row[field.name] for field in fields(Backlog)})


def _with_ages(sql: str) -> str:
    """`{age:moment}` written out: how many seconds ago that was, and 0 for the future or none."""
    parts = sql.split("{age:")
    written = [parts[0]]
    for part in parts[1:]:
        moment, rest = part.split("}", 1)
        written.append(f"greatest(0, coalesce(extract(epoch FROM now() - {moment}), 0))::float8{rest}")
    return "".join(written)


_SQL: Final = _with_ages(_READ)
