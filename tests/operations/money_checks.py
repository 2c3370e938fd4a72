"""What must hold for the money at every moment, as sentences about what doesn't."""

from uuid import UUID

from tortoise import connections

from gateways.stripe import StripeGateway
from operations.ledger.reconciliation import reconcile_ledgers, reconcile_stripe

NEVER_NEGATIVE = (
    "SELECT count(*) AS n FROM invoices WHERE company_id = $1 AND LEAST(total_minor, credited_minor, settled_minor,"
    " in_flight_minor, remaining_minor, overpaid_minor, refunded_minor) < 0"
)
NEVER_EXCEEDED = (
    "SELECT count(*) AS n FROM inspections i WHERE company_id = $1 AND i.total_minor <> (SELECT COALESCE(SUM("
    "total_minor), 0) FROM invoices v WHERE v.inspection_id = i.id AND v.status <> 'VOID')"
)


LEDGER = ("inspections", "line_items", "invoices", "invoice_lines", "payments", "refunds")
"""The tables that `discrepancies` reads, beside the company's own row."""


async def ledger_digest(company_id: UUID) -> str:
    """What stands in the company's ledgers, in short: as long as it stays the same, so do their discrepancies."""
    digest = "(SELECT md5(coalesce(string_agg(r::text, '|' ORDER BY r.id), '')) FROM {} r WHERE company_id = $1)"
    select = " || ".join(["(SELECT md5(c::text) FROM companies c WHERE id = $1)", *map(digest.format, LEDGER)])
    (row,) = await connections.get("default").execute_query_dict(f"SELECT {select} AS digest", [company_id])
    return str(row["digest"])


async def discrepancies(company_id: UUID) -> list[str]:
    """Where stored balances differ from their entries."""
    found = [str(discrepancy) async for discrepancy in reconcile_ledgers(company_id)]
    for check in (NEVER_NEGATIVE, NEVER_EXCEEDED):
        (row,) = await connections.get("default").execute_query_dict(check, [company_id])
        found += [check] if row["n"] else []
    return found


async def discrepancies_at_stripe(company_id: UUID, *, stripe: StripeGateway) -> list[str]:
    """Where our payments differ from Stripe's balance."""
    return [str(discrepancy) async for discrepancy in reconcile_stripe(company_id, stripe=stripe)]
