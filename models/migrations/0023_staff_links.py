"""Links by which staff choose a password, and mails that carry them."""

from importlib import import_module

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from rules import clock
from rules.identifiers import new_id
from rules.links import StaffLinkKind

NOTE = import_module("models.migrations.0016_changes").NOTE
NOTE_AGAIN = NOTE.replace("CREATE FUNCTION", "CREATE OR REPLACE FUNCTION")
NOTE_WITHOUT_INSPECTION = NOTE_AGAIN.replace(
    "IF current_setting('changes.inspection'", "IF inspection IS NOT NULL AND current_setting('changes.inspection'"
)
"""Mails to staff are about no inspection, so nobody watches one to hear of them."""


class Migration(migrations.Migration):
    dependencies = [("models", "0022_services")]

    initial = False

    operations = [
        ops.AlterField(
            model_name="User",
            name="password_hash",
            field=fields.CharField(null=True, description="argon2id; none before one is chosen.", max_length=255),
        ),
        ops.CreateModel(
            name="StaffLink",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=clock.now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="staff_links",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "user",
                    fields.ForeignKeyField(
                        "models.User",
                        source_field="user_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="staff_links",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                (
                    "kind",
                    fields.CharEnumField(description="StaffLinkKind", enum_type=StaffLinkKind, max_length=32),
                ),
                (
                    "token_hash",
                    fields.CharField(
                        null=True, unique=True, description="SHA-256, hex; none until sent.", max_length=64
                    ),
                ),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "ended_at",
                    fields.DatetimeField(
                        null=True,
                        description="When it was used, or another one sent.",
                        auto_now=False,
                        auto_now_add=False,
                    ),
                ),
            ],
            options={
                "table": "staff_links",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A link that was mailed to a staff member to choose a password by, once.",
            },
            bases=["Row"],
        ),
        ops.AlterField(
            model_name="Email",
            name="inspection",
            field=fields.ForeignKeyField(
                "models.Inspection",
                source_field="inspection_id",
                null=True,
                db_index=True,
                db_constraint=True,
                to_field="id",
                related_name="emails",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.AddField(
            model_name="Email",
            name="staff_link",
            field=fields.ForeignKeyField(
                "models.StaffLink",
                source_field="staff_link_id",
                null=True,
                db_constraint=True,
                to_field="id",
                related_name="emails",
                on_delete=OnDelete.RESTRICT,
            ),
        ),
        ops.RunSQL(NOTE_WITHOUT_INSPECTION, NOTE_AGAIN),
    ]
