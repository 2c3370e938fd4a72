"""What workers claim is found by company and time: the rows that wait, and no others."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = {
    "emails_due": "emails (company_id, next_attempt_at) WHERE status IN ('QUEUED', 'RETRY')",
    "payments_due": "payments (company_id, next_poll_at) WHERE next_poll_at IS NOT NULL",
    "refunds_due": "refunds (company_id, next_poll_at) WHERE next_poll_at IS NOT NULL",
    "connected_accounts_due": "connected_accounts (company_id, next_sync_at) WHERE account_id IS NOT NULL",
}


class Migration(migrations.Migration):
    dependencies = [("models", "0019_lists")]
    operations = [
        ops.RunSQL(
            [f"CREATE INDEX {name} ON {rows}" for name, rows in INDEXES.items()],
            [f"DROP INDEX {name}" for name in INDEXES],
        )
    ]
