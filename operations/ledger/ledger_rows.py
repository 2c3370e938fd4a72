"""The rows of a ledger, each kind once, in two statements: one that locks the inspection, one that reads the rest.

They are two because a statement sees what was committed when it began: only one that begins behind the lock sees all
that was written before it.
"""

from dataclasses import dataclass
from functools import cache
from typing import Any, Final
from uuid import UUID

from tortoise import connections

from models import Company, Inspection, Invoice, InvoiceLine, LineItem, Payment, Refund, Row
from models.hydration import hydrate, record_of

_KINDS: Final[dict[str, type[Row]]] = {
    "item": LineItem,
    "invoice": Invoice,
    "line": InvoiceLine,
    "payment": Payment,
    "refund": Refund,
}
_CONDITIONS: Final = {
    "item": "inspection_id = $1 AND removed_at IS NULL",
    "invoice": "inspection_id = $1",
    "line": "invoice_id IN (SELECT id FROM invoices WHERE inspection_id = $1)",
    "payment": "inspection_id = $1",
    "refund": "payment_id IN (SELECT id FROM payments WHERE inspection_id = $1)",
}


@dataclass(frozen=True, slots=True)
class LedgerRows:
    """What belongs to one inspection's money: items and lines in display order, payments with their refunds and
    invoices oldest first.
    """

    items: list[LineItem]
    invoices: list[Invoice]
    lines: list[InvoiceLine]
    payments: list[Payment]


async def fetch_inspection(condition: str, *values: UUID, locked: bool) -> tuple[Inspection, Company] | None:
    """The inspection that the condition on `inspection` finds, with its company.

    When `locked`, until the transaction ends nobody else changes the inspection, nor the settings of its company that
    are changed under its row's lock.
    """
    found = await connections.get("default").execute_query_dict(_inspection(condition, locked), [*values])
    if not found:
        return None
    (row,) = found
    return hydrate(Inspection, row["inspection"]), hydrate(Company, row["company"])


async def fetch_rows(inspection: Inspection) -> LedgerRows:
    """All that belongs to the inspection's money, as one statement sees it."""
    _, found = await connections.get("default").execute_query(_rows(), [inspection.id, inspection.company_id])
    rows: dict[str, list[Any]] = {kind: [] for kind in _KINDS}
    for kind, record in found:
        rows[kind].append(hydrate(_KINDS[kind], record))
    payments: list[Payment] = sorted(rows["payment"], key=_by_key)
    for payment in payments:
        refunds = sorted((refund for refund in rows["refund"] if refund.payment_id == payment.id), key=_by_key)
        payment.refunds._set_result_for_query(refunds)
    return LedgerRows(
        items=sorted(rows["item"], key=_as_displayed),
        invoices=sorted(rows["invoice"], key=_by_key),
        lines=sorted(rows["line"], key=_as_displayed),
        payments=payments,
    )


def _by_key(row: Row) -> UUID:
    return row.id


def _as_displayed(row: LineItem | InvoiceLine) -> tuple[int, UUID]:
    return row.position, row.id


@cache
def _inspection(condition: str, locked: bool) -> str:
    lock = "FOR UPDATE OF inspection FOR KEY SHARE OF company" if locked else ""
    return f"""
        SELECT {record_of(Inspection, "inspection")} AS inspection, {record_of(Company, "company")} AS company
          FROM inspections inspection JOIN companies company ON company.id = inspection.company_id
         WHERE {condition} {lock}
    """  # noqa: S608 - conditions are constants of the code


@cache
def _rows() -> str:
    return " UNION ALL ".join(
        f"SELECT '{kind}', {record_of(model, 'one')} FROM {model._meta.db_table} one"  # noqa: S608
        f" WHERE {_CONDITIONS[kind]} AND company_id = $2"
        for kind, model in _KINDS.items()
    )
