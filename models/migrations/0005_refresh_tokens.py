"""Refresh tokens in a table of their own: two tabs that refresh at the same moment each get one."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops

from rules.clock import now
from rules.identifiers import new_id

KEEP_SESSIONS = """
    INSERT INTO refresh_tokens (id, created_at, company_id, sign_in_id, token_hash, expires_at)
    SELECT gen_random_uuid(), created_at, company_id, id, refresh_hash, expires_at FROM sign_ins
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0004_news")]

    initial = False

    operations = [
        ops.CreateModel(
            name="RefreshToken",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_constraint=True,
                        to_field="id",
                        related_name="refresh_tokens",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "sign_in",
                    fields.ForeignKeyField(
                        "models.SignIn",
                        source_field="sign_in_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="refresh_tokens",
                        on_delete=OnDelete.CASCADE,
                    ),
                ),
                ("token_hash", fields.CharField(unique=True, description="SHA-256 of the token, hex.", max_length=64)),
                ("expires_at", fields.DatetimeField(auto_now=False, auto_now_add=False)),
                (
                    "used_at",
                    fields.DatetimeField(
                        null=True, description="When it was first used.", auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "refresh_tokens",
                "app": "models",
                "pk_attr": "id",
                "table_description": "One refresh token, good for one use; what was used is kept, so that using it again is noticed.",
            },
            bases=["Row"],
        ),
        ops.RunSQL(KEEP_SESSIONS, "DELETE FROM refresh_tokens"),
        ops.AlterModelOptions(
            name="SignIn",
            options={
                "table": "sign_ins",
                "app": "models",
                "indexes": [Index(fields=["expires_at"])],
                "pk_attr": "id",
                "table_description": "One sign-in, with the family of refresh tokens that grew from it.",
            },
        ),
        ops.AlterField(
            model_name="SignIn",
            name="expires_at",
            field=fields.DatetimeField(
                description="When the newest of its refresh tokens ends.", auto_now=False, auto_now_add=False
            ),
        ),
        ops.RemoveField(model_name="SignIn", name="generation"),
        ops.RemoveField(model_name="SignIn", name="refresh_hash"),
    ]
