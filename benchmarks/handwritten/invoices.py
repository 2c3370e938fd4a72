"""Adding a draft invoice for a fixed amount by hand: one transaction that locks, reads, checks and writes."""

import json
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg

from benchmarks.handwritten.authentication import Staff
from benchmarks.handwritten.global_ids import global_id, row_id
from rules.identifiers import new_id

CHARGE_MINOR_MIN = 50  # Stripe takes no less than half a dollar.
LOCK = """
    SELECT id, number, property_address, currency, status, invoice_count
      FROM inspections WHERE id = $1 AND company_id = $2 FOR UPDATE
"""
READ = """
    SELECT company.name AS company_name, company.stripe_status, company.deferred_payments_enabled AS deferred,
           entry.id AS billed_to_id, entry.role_name, person.name AS billed_to_name,
           invoice.id AS primary_id, invoice.total_minor, invoice.remaining_minor
      FROM companies company
      JOIN inspection_people entry ON entry.id = $2 AND entry.inspection_id = $3 AND entry.removed_at IS NULL
      JOIN people person ON person.id = entry.person_id
      JOIN invoices invoice ON invoice.inspection_id = $3 AND invoice.kind = 'PRIMARY'
     WHERE company.id = $1
       FOR NO KEY UPDATE OF person
"""
LINES = """
    SELECT id, line_item_id, description, amount_minor, position
      FROM invoice_lines WHERE invoice_id = $1 ORDER BY position, id
"""
ADD = """
    INSERT INTO invoices (id, created_at, company_id, inspection_id, billed_to_id, number, kind, status, by_services,
                          revision, company_name, property_address, billed_to_name, currency, total_minor,
                          credited_minor, settled_minor, in_flight_minor, remaining_minor, outstanding_minor,
                          overpaid_minor, refunded_minor, payment_status, send_count)
    VALUES ($1, $2, $3, $4, $5, $6, 'SEPARATE', 'DRAFT', false, 1, $7, $8, $9, $10, $11, 0, 0, 0, $11, 0, 0, 0,
            'UNPAID', 0)
"""
ADD_LINES = """
    INSERT INTO invoice_lines (id, created_at, company_id, invoice_id, line_item_id, description, currency,
                               amount_minor, position)
    SELECT id, $2, $3, $4, line_item_id, description, $5, amount_minor, position
      FROM unnest($1::uuid[], $6::uuid[], $7::text[], $8::bigint[], $9::int[])
           line (id, line_item_id, description, amount_minor, position)
"""
DROP_LINES = "DELETE FROM invoice_lines WHERE id = ANY($1)"
KEEP_LINES = """
    UPDATE invoice_lines SET amount_minor = kept.amount_minor
      FROM unnest($1::uuid[], $2::bigint[]) kept (id, amount_minor) WHERE invoice_lines.id = kept.id
"""
TAKE_FROM_PRIMARY = """
    UPDATE invoices SET total_minor = total_minor - $2::bigint, remaining_minor = $3::bigint, outstanding_minor = $3,
           status = CASE WHEN $3 = 0 THEN 'PAID' ELSE 'OPEN' END, paid_at = CASE WHEN $3 = 0 THEN $4::timestamptz END,
           payment_status = CASE WHEN $3 > 0 AND settled_minor > 0 THEN 'PARTIALLY_PAID' WHEN $3 > 0 THEN 'UNPAID'
                                 WHEN settled_minor > 0 THEN 'PAID' ELSE 'NOT_DUE' END
     WHERE id = $1
"""
COUNT = """
    UPDATE inspections SET invoice_count = invoice_count + 1, outstanding_minor = outstanding_minor - $2 WHERE id = $1
"""
RECORD = """
    INSERT INTO events (id, created_at, company_id, inspection_id, actor_kind, actor_id, actor_name, name, subject_id,
                        after)
    VALUES ($1, $2, $3, $4, 'USER', $5, $6, 'invoice.added', $7, $8)
"""


async def add_invoice(connection: asyncpg.Connection, staff: Staff, given: dict[str, Any]) -> dict[str, Any]:
    """The payload of `addInvoice`: the new draft, or why there is none."""
    amount = int(Decimal(given["fixedAmount"]) * 100)
    async with connection.transaction():
        inspection = await connection.fetchrow(LOCK, row_id(given["inspectionId"]), staff.company_id)
        if inspection is None:
            return _refused("NOT_FOUND")
        billed_to = row_id(given["inspectionPersonId"])
        read = await connection.fetchrow(READ, staff.company_id, billed_to, inspection["id"])
        if read is None:
            return _refused("NOT_FOUND")
        if read["stripe_status"] != "READY" or read["deferred"] or inspection["status"] == "CANCELED":
            return _refused("NOT_AVAILABLE")
        rest = read["remaining_minor"] - amount
        if amount < CHARGE_MINOR_MIN or rest < 0 or 0 < rest < CHARGE_MINOR_MIN:
            return _refused("AMOUNT_EXCEEDS_INVOICEABLE")
        return await _add(connection, staff, inspection, read, amount)


async def _add(
    connection: asyncpg.Connection, staff: Staff, inspection: asyncpg.Record, read: asyncpg.Record, amount: int
) -> dict[str, Any]:
    key, now, company = new_id(), datetime.now(UTC), staff.company_id
    number = f"{inspection['number']}-{inspection['invoice_count'] + 1}"
    shares = _shares(
        await connection.fetch(LINES, read["primary_id"]), read["total_minor"] - read["remaining_minor"], amount
    )
    await connection.execute(
        ADD,
        *(key, now, company, inspection["id"], read["billed_to_id"], number, read["company_name"]),
        *(inspection["property_address"], read["billed_to_name"], inspection["currency"], amount),
    )
    columns = [[line[name] for line, _ in shares] for name in ("line_item_id", "description", "position")]
    items, descriptions, positions = columns
    ids, amounts = [new_id() for _ in shares], [share for _, share in shares]
    await connection.execute(
        ADD_LINES, ids, now, company, key, inspection["currency"], items, descriptions, amounts, positions
    )
    gone = [line["id"] for line, share in shares if share == line["amount_minor"]]
    kept = {line["id"]: line["amount_minor"] - share for line, share in shares if share < line["amount_minor"]}
    if gone:
        await connection.execute(DROP_LINES, gone)
    if kept:
        await connection.execute(KEEP_LINES, list(kept), list(kept.values()))
    await connection.execute(TAKE_FROM_PRIMARY, read["primary_id"], amount, read["remaining_minor"] - amount, now)
    await connection.execute(COUNT, inspection["id"], amount)
    after = json.dumps({"number": number, "total_minor": amount, "billed_to": read["role_name"]})
    await connection.execute(RECORD, new_id(), now, company, inspection["id"], staff.user_id, staff.name, key, after)
    money = {"amount": f"{amount / 100:.2f}"}
    invoice = {"id": global_id("Invoice", key), "number": number, "status": "DRAFT", "total": money, "remaining": money}
    return {"invoice": invoice, "userErrors": []}


def _shares(lines: list[asyncpg.Record], paid: int, amount: int) -> list[tuple[asyncpg.Record, int]]:
    """Of which lines the amount is taken, and how much of each: payments use up the charges in order, then it does."""
    shares = []
    for line in lines:
        used = min(line["amount_minor"], paid)
        share = min(line["amount_minor"] - used, amount)
        paid, amount = paid - used, amount - share
        if share:
            shares.append((line, share))
    return shares


def _refused(code: str) -> dict[str, Any]:
    return {"invoice": None, "userErrors": [{"code": code}]}
