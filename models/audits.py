"""The results of audits, which `status` and the metrics tell of. Facts about the deployment, of no company."""

from dataclasses import dataclass
from datetime import datetime

from tortoise import connections


@dataclass(frozen=True, slots=True)
class AuditResult:
    """How an audit ended, and when."""

    ended_at: datetime
    discrepancies: int


async def note_audit(discrepancies: int) -> None:
    """Keep how an audit ended."""
    await connections.get("default").execute_query("INSERT INTO audits (discrepancies) VALUES ($1)", [discrepancies])


async def last_audit() -> AuditResult | None:
    """How the last one ended; None before the first."""
    rows = await connections.get("default").execute_query_dict(
        "SELECT ended_at, discrepancies FROM audits ORDER BY ended_at DESC LIMIT 1"
    )
    return AuditResult(**rows[0]) if rows else None
