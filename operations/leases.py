"""Taking what is due, so that of several workers one asks about each row, and companies take turns."""

from datetime import datetime, timedelta
from typing import Final
from uuid import UUID

from tortoise import connections

from models import ConnectedAccount, Email, Payment, Refund, Row
from operations.transactions import transaction
from rules import clock

LEASE = timedelta(seconds=60)
"""How long a worker has to ask about a row before another one may (docs/requirements.md, limits)."""

FIRST: Final = UUID(int=0)
"""Before every company."""

_DUE: Final[dict[type[Row], str]] = {
    Email: "status IN ('QUEUED', 'RETRY') AND next_attempt_at",
    Payment: "next_poll_at",
    Refund: "next_poll_at",
    ConnectedAccount: "account_id IS NOT NULL AND next_sync_at",
}
"""Which rows of a table wait, ending with the column that says until when. Each has an index."""

_TAKE: Final = """
    WITH RECURSIVE companies AS (
      (SELECT company_id FROM {table} WHERE {due} <= $1 AND company_id > $3 ORDER BY company_id LIMIT 1)
       UNION ALL
      SELECT (SELECT company_id FROM {table} WHERE {due} <= $1 AND company_id > companies.company_id
               ORDER BY company_id LIMIT 1)
        FROM companies WHERE company_id IS NOT NULL
    ), turns AS (SELECT company_id FROM companies WHERE company_id IS NOT NULL LIMIT $2::int)
    SELECT waiting.id, turns.company_id FROM turns CROSS JOIN LATERAL (
      SELECT id FROM {table} WHERE company_id = turns.company_id AND {due} <= $1 ORDER BY {moment}
       LIMIT (SELECT ceil($2::int::numeric / count(*))::int FROM turns) FOR UPDATE SKIP LOCKED
    ) waiting LIMIT $2::int
"""
"""The next companies with rows that are due (`$1`: now) after company `$3`, and of each an equal share of `$2` rows.

Companies are found one by one by an index, so that ten thousand rows of one are not read to find the next.
"""


class Turns:
    """Whose turn it is: a company that has thousands of rows delays the first of another by one round of companies."""

    def __init__(self) -> None:
        self._last = FIRST

    async def take(self, table: type[Row], *, limit: int) -> list[UUID]:
        """Lock the rows that are due, the longest waiting of each company first, and of no company more than its share.

        For a transaction. Rows that others have locked are passed over.
        """
        found = await _take(table, limit=limit, after=self._last)
        if len(found) < limit and self._last != FIRST:
            seen = {row_id for row_id, _ in found}
            found += [row for row in await _take(table, limit=limit - len(found), after=FIRST) if row[0] not in seen]
        self._last = found[-1][1] if found else FIRST
        return [row_id for row_id, _ in found]


async def _take(table: type[Row], *, limit: int, after: UUID) -> list[tuple[UUID, UUID]]:
    due = _DUE[table]
    query = _TAKE.format(table=table._meta.db_table, due=due, moment=due.rpartition(" ")[2])
    rows = await connections.get("default").execute_query_dict(query, [clock.now(), limit, after])
    return [(row["id"], row["company_id"]) for row in rows]


@transaction
async def claim_due(table: type[Row], moment: str, *, limit: int, turns: Turns | None = None) -> list[UUID]:
    """The keys of the rows whose column `moment` is past, company by company, put off by a lease.

    A worker that dies with them loses nothing: they are due again when the lease is over.
    """
    keys = await (turns or Turns()).take(table, limit=limit)
    if keys:
        await table.filter(id__in=keys).update(**{moment: lease_end()})
    return keys


def lease_end() -> datetime:
    """Until when what is claimed now is ours."""
    return clock.now() + LEASE
