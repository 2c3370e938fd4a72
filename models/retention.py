"""Removing what is older than it is kept, a bounded batch at a time."""

from tortoise import connections

from rules import clock
from rules.retention import RETENTION


async def remove_old(*, limit: int) -> int:
    """Remove at most `limit` rows of each kind, the oldest first; returns how many in all. Safe to repeat."""
    removed = 0
    for kept in RETENTION:
        number, _ = await connections.get("default").execute_query(kept.removal, [clock.now() - kept.age, limit])
        removed += number
    return removed
