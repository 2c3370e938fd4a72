"""Invoices have due dates: those that were sent or opened before are due on that day, as their reminders have it."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops

DUE_DATES = """
    UPDATE invoices
       SET due_on = (COALESCE(invoices.sent_at, invoices.created_at) AT TIME ZONE company.time_zone)::date,
           remind_at = CASE WHEN invoices.sent_at IS NOT NULL THEN now() END
      FROM companies company
     WHERE company.id = invoices.company_id AND invoices.kind = 'SEPARATE'
       AND invoices.status IN ('OPEN', 'PAID', 'UNCOLLECTIBLE')
"""

INVOICES_OVERDUE = """
    UPDATE invoices SET overdue_from = (due_on + 1)::timestamp AT TIME ZONE company.time_zone
      FROM companies company
     WHERE company.id = invoices.company_id AND invoices.outstanding_minor > 0 AND invoices.due_on IS NOT NULL
"""

INSPECTIONS_OVERDUE = """
    UPDATE inspections SET overdue_from = dated.overdue_from
      FROM (SELECT inspection_id, MIN(overdue_from) AS overdue_from FROM invoices
             WHERE overdue_from IS NOT NULL GROUP BY inspection_id) dated
     WHERE inspections.id = dated.inspection_id
"""

INDEXES = [
    "CREATE INDEX invoices_to_remind ON invoices (remind_at) WHERE outstanding_minor > 0 AND remind_at IS NOT NULL",
    "CREATE INDEX invoices_overdue ON invoices (company_id, overdue_from, id) WHERE overdue_from IS NOT NULL",
    "CREATE INDEX inspections_overdue ON inspections (company_id, overdue_from, id) WHERE overdue_from IS NOT NULL",
    "CREATE INDEX invoices_due ON invoices (company_id, due_on, id)",
]

FORWARD = [DUE_DATES, INVOICES_OVERDUE, INSPECTIONS_OVERDUE, *INDEXES, "SET CONSTRAINTS ALL IMMEDIATE"]

REVERSE = ["DROP INDEX invoices_due, inspections_overdue, invoices_overdue, invoices_to_remind"]


class Migration(migrations.Migration):
    dependencies = [("models", "0016_changes")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Company",
            name="default_due_days",
            field=fields.IntField(default=0, db_default=0, description="From an invoice's sending to its due date."),
        ),
        ops.AddField(
            model_name="Inspection",
            name="overdue_from",
            field=fields.DatetimeField(
                null=True,
                description="The earliest of its invoices' on which something is outstanding.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="Invoice",
            name="due_on",
            field=fields.DateField(null=True, description="Null until it is sent or opened, or a day is set."),
        ),
        ops.AddField(
            model_name="Invoice",
            name="overdue_from",
            field=fields.DatetimeField(
                null=True,
                description="When the due date is over where the company is.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="Invoice",
            name="remind_at",
            field=fields.DatetimeField(
                null=True,
                description="When to see next whether a reminder is due.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.RunSQL(FORWARD, REVERSE),
    ]
