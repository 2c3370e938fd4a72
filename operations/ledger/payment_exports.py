"""A company's ledger entries as files: each of them, and each invoice still owed, on one line, read in batches."""

import csv
import unicodedata
from collections.abc import AsyncIterator
from datetime import datetime, timezone
from io import StringIO
from typing import TypedDict, cast
from uuid import UUID

from tortoise import connections

from operations.ledger.entries import LEDGER_ENTRIES_AFTER, Period
from operations.ledger.receivables import RECEIVABLES_AFTER
from rules.money import Money

BATCH_ROWS = 1000

HEADINGS = (
    "date",
    "time",
    "kind",
    "payer",
    "payer_role",
    "method",
    "status",
    "invoice",
    "inspection",
    "property",
    "inspector",
    "paid",
    "refunded",
    "currency",
    "reference",
    "stripe_payment_intent_id",
)

RECEIVABLE_HEADINGS = (
    "date",
    "time",
    "invoice",
    "status",
    "payment_status",
    "billed_to",
    "role",
    "inspection",
    "property",
    "inspector",
    "outstanding",
    "unsent",
    "written_off",
    "currency",
)

FORMULA_SIGNS = "=+-@\N{MINUS SIGN}"
"""What a spreadsheet takes a formula to begin with."""

BLANK = ("Cc", "Cf", "Zs", "Zl", "Zp")
"""Categories of characters that it may drop at the beginning of a cell: controls, invisible ones and spaces."""

_BATCH = f"""
    SELECT entry.*, entry.moment AT TIME ZONE company.time_zone AS local, company.currency,
           payment.payer_name, person.role_name, payment.method, payment.state, payment.reference,
           payment.stripe_payment_intent_id, invoice.number AS invoice, inspection.number AS inspection,
           invoice.property_address, inspector.name AS inspector
      FROM ({LEDGER_ENTRIES_AFTER}) entry
      JOIN companies company ON company.id = $1
      JOIN payments payment ON payment.id = entry.payment_id
      JOIN inspection_people person ON person.id = payment.payer_id
      JOIN invoices invoice ON invoice.id = payment.invoice_id
      JOIN inspections inspection ON inspection.id = payment.inspection_id
      JOIN users inspector ON inspector.id = inspection.inspector_id
     ORDER BY entry.moment, entry.id, entry.kind
"""  # noqa: S608 - constants of this module

_RECEIVABLES_BATCH = f"""
    SELECT owed.*, owed.moment AT TIME ZONE company.time_zone AS local, company.currency,
           invoice.number AS invoice, invoice.status, invoice.payment_status, invoice.billed_to_name,
           person.role_name, inspection.number AS inspection, invoice.property_address, inspector.name AS inspector
      FROM ({RECEIVABLES_AFTER}) owed
      JOIN companies company ON company.id = $1
      JOIN invoices invoice ON invoice.id = owed.id
      JOIN inspection_people person ON person.id = owed.billed_to_id
      JOIN inspections inspection ON inspection.id = owed.inspection_id
      JOIN users inspector ON inspector.id = inspection.inspector_id
     ORDER BY owed.moment, owed.id
"""  # noqa: S608 - constants of this module


async def payments_csv(company_id: UUID, period: Period) -> AsyncIterator[str]:
    """The period's ledger entries as CSV (RFC 4180), piece by piece; each is read when the one before has gone out.

    No connection or transaction is held in between, however slowly somebody downloads.
    """
    yield _lines([HEADINGS])
    after: tuple[datetime, UUID, str] = (period.start, UUID(int=0), "")
    while True:
        moment, row_id, kind = after
        given = [company_id, moment, period.end, row_id, kind, BATCH_ROWS]
        rows = await connections.get("default").execute_query_dict(_BATCH, given)
        if rows:
            yield _lines([_cells(row) for row in cast("list[_EntryRow]", rows)])
        if len(rows) < BATCH_ROWS:
            return
        after = (rows[-1]["moment"], rows[-1]["id"], rows[-1]["kind"])


async def receivables_csv(company_id: UUID, period: Period) -> AsyncIterator[str]:
    """The period's invoices on which something remains as CSV; as `payments_csv`, piece by piece."""
    yield _lines([RECEIVABLE_HEADINGS])
    after: tuple[datetime, UUID] = (period.start, UUID(int=0))
    while True:
        moment, row_id = after
        given = [company_id, moment, period.end, row_id, BATCH_ROWS]
        rows = await connections.get("default").execute_query_dict(_RECEIVABLES_BATCH, given)
        if rows:
            yield _lines([_receivable_cells(row) for row in cast("list[_ReceivableRow]", rows)])
        if len(rows) < BATCH_ROWS:
            return
        after = (rows[-1]["moment"], rows[-1]["id"])


class _ReceivableRow(TypedDict):
    """One row of the statement; `local` is the moment on the company's clock, amounts are minor units."""

    moment: datetime
    local: datetime
    invoice: str
    status: str
    payment_status: str
    billed_to_name: str
    role_name: str
    inspection: str
    property_address: str
    inspector: str
    outstanding: int
    unsent: int
    written_off: int
    currency: str


def _receivable_cells(row: _ReceivableRow) -> tuple[str, ...]:
    local, currency = _with_offset(row["moment"], row["local"]), row["currency"]
    return (
        f"{local:%Y-%m-%d}",
        local.isoformat(timespec="seconds"),
        _text(row["invoice"]),
        _text(row["status"]),
        _text(row["payment_status"]),
        _text(row["billed_to_name"]),
        _text(row["role_name"]),
        _text(row["inspection"]),
        _text(row["property_address"]),
        _text(row["inspector"]),
        _decimal(row["outstanding"], currency),
        _decimal(row["unsent"], currency),
        _decimal(row["written_off"], currency),
        currency,
    )


def _decimal(amount_minor: int, currency: str) -> str:
    return f"{Money(amount_minor, currency).amount:f}"


def _lines(rows: list[tuple[str, ...]]) -> str:
    text = StringIO(newline="")
    csv.writer(text).writerows(rows)
    return text.getvalue()


class _EntryRow(TypedDict):
    """One row of the statement; `local` is the moment on the company's clock, amounts are minor units."""

    moment: datetime
    local: datetime
    kind: str
    payer_name: str
    role_name: str
    method: str
    state: str
    invoice: str
    inspection: str
    property_address: str
    inspector: str
    paid: int
    refunded: int
    currency: str
    reference: str | None
    stripe_payment_intent_id: str | None


def _cells(row: _EntryRow) -> tuple[str, ...]:
    local, currency = _with_offset(row["moment"], row["local"]), row["currency"]
    return (
        f"{local:%Y-%m-%d}",
        local.isoformat(timespec="seconds"),
        _text(row["kind"]),
        _text(row["payer_name"]),
        _text(row["role_name"]),
        _text(row["method"]),
        _text(row["state"]),
        _text(row["invoice"]),
        _text(row["inspection"]),
        _text(row["property_address"]),
        _text(row["inspector"]),
        _decimal(row["paid"], currency),
        _decimal(row["refunded"], currency),
        currency,
        _text(row["reference"]),
        _text(row["stripe_payment_intent_id"]),
    )


def _with_offset(moment: datetime, local: datetime) -> datetime:
    """The local time with the offset it had at that moment: an hour that clocks repeat stays told apart."""
    offset = local - moment.replace(tzinfo=None)
    return local.replace(tzinfo=timezone(offset))


def _text(value: str | None) -> str:
    value = value or ""
    return f"'{value}" if _may_be_formula(value) else value


def _may_be_formula(value: str) -> bool:
    """Whether a spreadsheet may run it: full-width and other variants of the signs are folded into the plain ones."""
    if value[:1] in ("\t", "\r", "\n"):
        return True
    first = next((character for character in value if unicodedata.category(character) not in BLANK), "")
    return any(character in FORMULA_SIGNS for character in unicodedata.normalize("NFKC", first))
