"""What a company was paid, gave back and is still owed, in groups that add up to its entries."""

from enum import StrEnum

from operations.ledger.entries import LEDGER_ENTRIES
from operations.ledger.receivables import RECEIVABLES


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


def payment_report(group: PaymentReportGroup) -> str:
    """The query for the figures of company $1 from $2 up to and without $3: a row for each group; minor units."""
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
    """  # noqa: S608 - constants of this module
