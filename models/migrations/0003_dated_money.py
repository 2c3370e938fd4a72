"""Money that moved says when: what reports by period add up, and the indexes they read along."""

from tortoise import fields, migrations
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint


class Migration(migrations.Migration):
    dependencies = [("models", "0002_guards")]

    initial = False

    operations = [
        ops.AddIndex(
            model_name="Invoice",
            index=Index(fields=["company_id", "created_at", "id"]),
        ),
        ops.AddField(
            model_name="Payment",
            name="taken_back_at",
            field=fields.DatetimeField(
                null=True, description="When it was LOST or RETURNED.", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddIndex(
            model_name="Payment",
            index=Index(fields=["company_id", "settled_at", "id"]),
        ),
        ops.AddIndex(
            model_name="Payment",
            index=Index(fields=["company_id", "taken_back_at", "id"]),
        ),
        ops.AddConstraint(
            model_name="Payment",
            constraint=CheckConstraint(
                check="(settled_at IS NOT NULL OR state NOT IN ('SUCCEEDED', 'DISPUTED', 'LOST', 'RETURNED', 'RECORDED', 'REMOVED')) AND (taken_back_at IS NOT NULL) = (state IN ('LOST', 'RETURNED'))",
                name="payments_dated",
            ),
        ),
        ops.AddIndex(
            model_name="Refund",
            index=Index(fields=["company_id", "settled_at", "id"]),
        ),
        ops.AddConstraint(
            model_name="Refund",
            constraint=CheckConstraint(check="status <> 'SUCCEEDED' OR settled_at IS NOT NULL", name="refunds_dated"),
        ),
        ops.RunSQL(
            "CREATE INDEX invoices_outstanding ON invoices (company_id, id) WHERE remaining_minor > 0",
            "DROP INDEX invoices_outstanding",
        ),
    ]
