"""Staff can be deactivated, sessions are told apart, and what happens to a company is in the audit log too."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0014_checkout_email")]

    initial = False

    operations = [
        ops.AddField(
            model_name="User",
            name="deactivated_at",
            field=fields.DatetimeField(
                null=True, auto_now=False, auto_now_add=False, description="Since when they may not sign in."
            ),
        ),
        ops.AddField(
            model_name="SignIn",
            name="refreshed_at",
            field=fields.DatetimeField(
                null=True, auto_now=False, auto_now_add=False, description="When its newest token was issued."
            ),
        ),
        ops.AddField(
            model_name="SignIn",
            name="user_agent",
            field=fields.CharField(default="", db_default="", description="The browser, as it says.", max_length=200),
        ),
        ops.AlterModelOptions(
            name="Event",
            options={
                "table": "events",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One thing that happened to an inspection, or, without one, to the company. A trigger refuses to change it.",
            },
        ),
        ops.AlterField(
            model_name="Event",
            name="inspection",
            field=fields.ForeignKeyField(
                "models.Inspection",
                source_field="inspection_id",
                null=True,
                db_constraint=True,
                db_index=True,
                to_field="id",
                related_name="events",
                on_delete=fields.OnDelete.RESTRICT,
            ),
        ),
    ]
