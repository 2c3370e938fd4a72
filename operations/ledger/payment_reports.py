"""What a company was paid, gave back and is still owed, in groups that add up to its entries."""

from dataclasses import dataclass
from enum import StrEnum
from typing import TypedDict, cast
from uuid import UUID

from tortoise import connections

from operations.ledger.entries import LEDGER_ENTRIES, Period
from operations.ledger.receivables import RECEIVABLES
from rules.access import Principal, Scope
from rules.identifiers import global_id
from rules.money import Money


class PaymentReportGroup(StrEnum):
    """What the rows of a payment report have in common."""

    DAY = "DAY"
    MONTH = "MONTH"
    PAYER_ROLE = "PAYER_ROLE"
    METHOD = "METHOD"
    STATUS = "STATUS"
    INSPECTOR = "INSPECTOR"


UNPAID = "UNPAID"
"""The key of what remains, where rows are kinds of payments: no payment is of it yet."""

_ROLE = "CASE WHEN person.role = 'ADDITIONAL' THEN person.role_name ELSE person.role END"

_KEYS: dict[PaymentReportGroup, tuple[str, str]] = {
    PaymentReportGroup.DAY: ("to_char(moment AT TIME ZONE company.time_zone, 'YYYY-MM-DD')",) * 2,
    PaymentReportGroup.MONTH: ("to_char(moment AT TIME ZONE company.time_zone, 'YYYY-MM')",) * 2,
    PaymentReportGroup.PAYER_ROLE: (_ROLE,) * 2,
    PaymentReportGroup.METHOD: ("payment.method", f"'{UNPAID}'"),
    PaymentReportGroup.STATUS: ("payment.state", f"'{UNPAID}'"),
    PaymentReportGroup.INSPECTOR: ("inspector.id::text",) * 2,
}
"""For each group the key of what moved, and the key of what remains."""
assert _KEYS.keys() == set(PaymentReportGroup)

_LABELS = {PaymentReportGroup.PAYER_ROLE: "person.role_name", PaymentReportGroup.INSPECTOR: "inspector.name"}


def _report(group: PaymentReportGroup) -> str:
    moved, remains = _KEYS[group]
    return f"""
    SELECT key, MAX(label) AS label, SUM(count)::bigint AS count, SUM(paid)::bigint AS paid,
           SUM(refunded)::bigint AS refunded, SUM(outstanding)::bigint AS outstanding, SUM(unsent)::bigint AS unsent,
           SUM(written_off)::bigint AS written_off, MAX(currency) AS currency
      FROM (
        SELECT {moved} AS key, {_LABELS.get(group, moved)} AS label, company.currency,
               (entry.kind = 'PAYMENT')::int AS count, entry.paid, entry.refunded,
               0 AS outstanding, 0 AS unsent, 0 AS written_off
          FROM ({LEDGER_ENTRIES}) entry
          JOIN companies company ON company.id = $1
          JOIN payments payment ON payment.id = entry.payment_id
          JOIN inspection_people person ON person.id = payment.payer_id
          JOIN inspections inspection ON inspection.id = payment.inspection_id
          JOIN users inspector ON inspector.id = inspection.inspector_id
         UNION ALL
        SELECT {remains}, {_LABELS.get(group, remains)}, company.currency, 0, 0, 0, owed.outstanding, owed.unsent,
               owed.written_off
          FROM ({RECEIVABLES}) owed
          JOIN companies company ON company.id = $1
          JOIN inspection_people person ON person.id = owed.billed_to_id
          JOIN inspections inspection ON inspection.id = owed.inspection_id
          JOIN users inspector ON inspector.id = inspection.inspector_id
      ) part
     GROUP BY key
     ORDER BY {"label, key" if group is PaymentReportGroup.INSPECTOR else "key"}
    """  # noqa: S608 - constants of this module


@dataclass(frozen=True, slots=True)
class PaymentReportRow:
    """One group of a report, with what it sums up."""

    key: str
    label: str
    count: int
    paid: Money
    refunded: Money
    outstanding: Money
    unsent: Money
    written_off: Money


async def payment_report(principal: Principal, period: Period, group: PaymentReportGroup) -> list[PaymentReportRow]:
    """The company's figures of a period, in one statement."""
    rows = await _rows(_report(group), principal, period.start, period.end)
    return [_row(row, group) for row in cast("list[_GroupRow]", rows)]


class _GroupRow(TypedDict):
    """One row of the report's statement; amounts in minor units."""

    key: str
    label: str
    count: int
    paid: int
    refunded: int
    outstanding: int
    unsent: int
    written_off: int
    currency: str


def _row(row: _GroupRow, group: PaymentReportGroup) -> PaymentReportRow:
    key = global_id("User", UUID(row["key"])) if group is PaymentReportGroup.INSPECTOR else row["key"]
    currency = row["currency"]
    return PaymentReportRow(
        key=key,
        label=row["label"],
        count=row["count"],
        paid=Money(row["paid"], currency),
        refunded=Money(row["refunded"], currency),
        outstanding=Money(row["outstanding"], currency),
        unsent=Money(row["unsent"], currency),
        written_off=Money(row["written_off"], currency),
    )


async def outstanding(principal: Principal) -> Money:
    """What somebody can still be asked for on all the company's invoices (S53)."""
    rows = await _rows(
        "SELECT company.currency, COALESCE(SUM(invoice.outstanding_minor), 0)::bigint AS outstanding"
        " FROM companies company LEFT JOIN invoices invoice ON invoice.company_id = company.id"
        " AND invoice.outstanding_minor > 0 WHERE company.id = $1 GROUP BY company.id",
        principal,
    )
    (row,) = rows
    return Money(cast("int", row["outstanding"]), cast("str", row["currency"]))


async def _rows(query: str, principal: Principal, *given: object) -> list[dict[str, object]]:
    assert principal.scope is Scope.INSPECTOR, "whole companies are for their staff"
    rows: list[dict[str, object]] = await connections.get("default").execute_query_dict(
        query, [principal.company_id, *given]
    )
    return rows
