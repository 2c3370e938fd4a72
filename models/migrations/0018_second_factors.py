"""A second factor of staff, its recovery codes, and companies that demand one."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops

from rules import clock
from rules.identifiers import new_id


class Migration(migrations.Migration):
    dependencies = [("models", "0017_due_dates")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Company",
            name="second_factor_required",
            field=fields.BooleanField(default=False, db_default=False),
        ),
        ops.AddField(
            model_name="User",
            name="second_factor_secret",
            field=fields.CharField(null=True, description="Encrypted.", max_length=255),
        ),
        ops.AddField(
            model_name="User",
            name="second_factor_at",
            field=fields.DatetimeField(
                null=True, description="Since when it is asked for.", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddField(
            model_name="User",
            name="second_factor_step",
            field=fields.BigIntField(default=0, db_default=0, description="The last half minute used (TOTP)."),
        ),
        ops.CreateModel(
            name="RecoveryCode",
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
                        related_name="recovery_codes",
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
                        related_name="recovery_codes",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("code_hash", fields.CharField(unique=True, description="SHA-256 of the code, hex.", max_length=64)),
                ("used_at", fields.DatetimeField(null=True, auto_now=False, auto_now_add=False)),
            ],
            options={
                "table": "recovery_codes",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One code that takes the place of a second factor, once.",
            },
            bases=["Row"],
        ),
    ]
