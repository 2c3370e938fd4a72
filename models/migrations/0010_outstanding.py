"""What somebody can still be asked for becomes a column, and what is stored of all balances follows the rules anew."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


def _in_one_word(disputed: str, overpaid: str) -> str:
    """`rules.balances.payment_status` over the columns of `figure`."""
    return f"""
    CASE WHEN {disputed} THEN 'DISPUTED'
         WHEN {overpaid} THEN 'OVERPAID'
         WHEN in_flight > 0 THEN 'PROCESSING'
         WHEN remaining > 0 AND settled > 0 THEN 'PARTIALLY_PAID'
         WHEN remaining > 0 THEN 'UNPAID'
         WHEN refunded > 0 AND settled > 0 THEN 'PARTIALLY_REFUNDED'
         WHEN refunded > 0 THEN 'REFUNDED'
         WHEN settled > 0 THEN 'PAID'
         ELSE 'NOT_DUE' END
    """


CREDITS_OF_VOID_INVOICES = """
    UPDATE invoices SET
           credited_minor = figure.credited,
           remaining_minor = GREATEST(0, figure.owed - settled_minor - in_flight_minor),
           overpaid_minor = GREATEST(0, settled_minor + in_flight_minor - figure.owed),
           status = CASE WHEN figure.paid THEN 'PAID' ELSE 'OPEN' END,
           paid_at = CASE WHEN figure.paid THEN COALESCE(paid_at, now()) END
      FROM (
        SELECT id, credited, GREATEST(0, total_minor - credited) AS owed,
               in_flight_minor = 0 AND GREATEST(0, total_minor - credited) <= settled_minor AS paid
          FROM (
            SELECT kept.id, kept.total_minor, kept.settled_minor, kept.in_flight_minor,
                   SUM(LEAST(void.credited_minor, void.total_minor)) + (
                     SELECT COALESCE(SUM(refund.credited_minor), 0)
                       FROM refunds refund JOIN payments payment ON payment.id = refund.payment_id
                      WHERE payment.invoice_id = kept.id AND refund.status = 'SUCCEEDED') AS credited
              FROM invoices void JOIN invoices kept ON kept.inspection_id = void.inspection_id
             WHERE void.status = 'VOID' AND void.credited_minor > 0 AND kept.kind = 'PRIMARY'
             GROUP BY kept.id
          ) credits
      ) figure
     WHERE invoices.id = figure.id AND invoices.credited_minor <> figure.credited
"""

INVOICES = f"""
    UPDATE invoices SET payment_status = told.word, outstanding_minor = told.outstanding
      FROM (
        SELECT id, outstanding, {_in_one_word("disputed", "settled > owed")} AS word
          FROM (
            SELECT invoice.id, invoice.settled_minor AS settled, invoice.in_flight_minor AS in_flight,
                   invoice.remaining_minor AS remaining, invoice.refunded_minor AS refunded,
                   CASE WHEN invoice.status = 'VOID' THEN 0
                        ELSE GREATEST(0, invoice.total_minor - invoice.credited_minor) END AS owed,
                   CASE WHEN invoice.status = 'OPEN' AND inspection.status <> 'CANCELED'
                        THEN invoice.remaining_minor ELSE 0 END AS outstanding,
                   EXISTS (SELECT 1 FROM payments payment
                            WHERE payment.invoice_id = invoice.id AND payment.state = 'DISPUTED') AS disputed
              FROM invoices invoice JOIN inspections inspection ON inspection.id = invoice.inspection_id
          ) figure
      ) told
     WHERE invoices.id = told.id
       AND (invoices.payment_status, invoices.outstanding_minor) IS DISTINCT FROM (told.word, told.outstanding)
"""  # noqa: S608 - constants of this module

INSPECTIONS = f"""
    UPDATE inspections SET payment_status = told.word, remaining_minor = told.remaining,
                           outstanding_minor = told.outstanding
      FROM (
        SELECT inspection_id, remaining, outstanding, {_in_one_word("disputed", "overpaid")} AS word
          FROM (
            SELECT inspection_id, SUM(settled_minor) AS settled, SUM(in_flight_minor) AS in_flight,
                   SUM(remaining_minor)::bigint AS remaining, SUM(refunded_minor) AS refunded,
                   SUM(outstanding_minor)::bigint AS outstanding, bool_or(payment_status = 'OVERPAID') AS overpaid,
                   bool_or(payment_status = 'DISPUTED') AS disputed
              FROM invoices GROUP BY inspection_id
          ) figure
      ) told
     WHERE inspections.id = told.inspection_id
       AND (inspections.payment_status, inspections.remaining_minor, inspections.outstanding_minor)
           IS DISTINCT FROM (told.word, told.remaining, told.outstanding)
"""  # noqa: S608 - constants of this module

RECOMPUTE = [CREDITS_OF_VOID_INVOICES, INVOICES, INSPECTIONS]
"""Brings the rows that are there to what the rules say now. Safe to repeat."""

INDEXES = [
    "DROP INDEX invoices_outstanding",
    "CREATE INDEX invoices_outstanding ON invoices (company_id, id) WHERE outstanding_minor > 0",
    "CREATE INDEX inspections_outstanding ON inspections (company_id, scheduled_at, id) WHERE outstanding_minor > 0",
]

# What the code before this migration can read; it has no word for what is not due.
REVERSE = [
    "UPDATE invoices SET payment_status = 'PAID' WHERE payment_status = 'NOT_DUE'",
    "UPDATE inspections SET payment_status = 'PAID' WHERE payment_status = 'NOT_DUE'",
    "DROP INDEX inspections_outstanding",
    "DROP INDEX invoices_outstanding",
    "CREATE INDEX invoices_outstanding ON invoices (company_id, id) WHERE remaining_minor > 0",
]


class Migration(migrations.Migration):
    dependencies = [("models", "0009_mails")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Inspection",
            name="outstanding_minor",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddConstraint(
            model_name="Inspection",
            constraint=CheckConstraint(
                check="outstanding_minor BETWEEN 0 AND CASE WHEN status = 'CANCELED' THEN 0 ELSE remaining_minor END",
                name="inspections_outstanding_remains",
            ),
        ),
        ops.AddField(
            model_name="Invoice",
            name="outstanding_minor",
            field=fields.BigIntField(default=0, db_default=0),
        ),
        ops.AddConstraint(
            model_name="Invoice",
            constraint=CheckConstraint(
                check="outstanding_minor = 0 OR (status = 'OPEN' AND outstanding_minor = remaining_minor)",
                name="invoices_still_outstanding",
            ),
        ),
        # Triggers that wait for the commit would keep later migrations of the same transaction from altering tables.
        ops.RunSQL([*INDEXES, *RECOMPUTE, "SET CONSTRAINTS ALL IMMEDIATE"], REVERSE),
    ]
