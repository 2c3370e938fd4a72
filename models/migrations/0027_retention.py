"""What is kept for a while is found by its age, without reading what was removed before."""

from tortoise import migrations
from tortoise.migrations import operations as ops

INDEXES = {
    "grants_with_secrets": "grants (expires_at) WHERE token_hash IS NOT NULL",
    "staff_links_with_secrets": "staff_links (expires_at) WHERE token_hash IS NOT NULL",
    "emails_with_texts": "emails (queued_at) WHERE text <> ''"
    " AND status IN ('ACCEPTED', 'FAILED', 'UNCERTAIN', 'CANCELED')",
}


class Migration(migrations.Migration):
    dependencies = [("models", "0026_audits")]
    operations = [
        ops.RunSQL(
            [f"CREATE INDEX {name} ON {rows}" for name, rows in INDEXES.items()],
            [f"DROP INDEX {name}" for name in INDEXES],
        )
    ]
