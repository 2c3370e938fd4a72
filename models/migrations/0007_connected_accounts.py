"""Each account at Stripe has a row of its own: its news is heard on from where it stopped, whatever its company does."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.indexes import Index
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import UniqueConstraint

from rules.clock import now
from rules.identifiers import new_id

COPY = """
INSERT INTO connected_accounts (id, created_at, company_id, account_id, event_id, next_hearing_at)
SELECT id, created_at, id, stripe_account_id, stripe_event_id, next_hearing_at
  FROM companies WHERE stripe_account_id IS NOT NULL
"""
COPY_BACK = """
UPDATE companies SET stripe_event_id = event_id, next_hearing_at = account.next_hearing_at
  FROM connected_accounts account WHERE account.account_id = companies.stripe_account_id
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0006_shared_links")]

    initial = False

    operations = [
        ops.CreateModel(
            name="ConnectedAccount",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="connected_accounts",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "account_id",
                    fields.CharField(
                        null=True, unique=True, description="Stripe's id, once it exists.", max_length=255
                    ),
                ),
                (
                    "event_id",
                    fields.CharField(null=True, description="The last of its events that we heard.", max_length=255),
                ),
                (
                    "next_hearing_at",
                    fields.DatetimeField(
                        null=True, description="When to ask for its news.", auto_now=False, auto_now_add=False
                    ),
                ),
                (
                    "hidden_since",
                    fields.DatetimeField(
                        null=True, description="Since when Stripe hides it from us.", auto_now=False, auto_now_add=False
                    ),
                ),
            ],
            options={
                "table": "connected_accounts",
                "app": "models",
                "constraints": [
                    UniqueConstraint(
                        fields=("company_id",), name="connected_accounts_one_begun", condition="account_id IS NULL"
                    )
                ],
                "indexes": [Index(fields=["next_hearing_at"])],
                "pk_attr": "id",
                "table_description": "One account at Stripe that a company connected, or once did: payments stay with the account that took them.",
            },
            bases=["Row"],
        ),
        ops.RunSQL(COPY, COPY_BACK),
        ops.AddField(
            model_name="Company",
            name="stripe_reason",
            field=fields.CharField(null=True, description="Why it can't charge, where it can't.", max_length=500),
        ),
        ops.RemoveField(model_name="Company", name="next_hearing_at"),
        ops.RemoveField(model_name="Company", name="stripe_event_id"),
        ops.AddField(
            model_name="Payment",
            name="unanswered_since",
            field=fields.DatetimeField(
                null=True,
                description="Since when Stripe would not say what became of it; asked again when it does.",
                auto_now=False,
                auto_now_add=False,
            ),
        ),
        ops.AddField(
            model_name="Payment",
            name="unread_reason",
            field=fields.CharField(null=True, description="Why we could not take in what it said.", max_length=200),
        ),
        ops.AddField(
            model_name="Refund",
            name="asked_at",
            field=fields.DatetimeField(
                null=True, description="When its present key was first used.", auto_now=False, auto_now_add=False
            ),
        ),
        ops.AddField(
            model_name="Refund",
            name="tries",
            field=fields.IntField(
                default=0, db_default=0, description="How many idempotency keys were given up for it."
            ),
        ),
    ]
