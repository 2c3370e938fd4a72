"""Mails that failed or may not have arrived are found without reading all that ever went out."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0023_staff_links")]
    operations = [
        ops.RunSQL(
            ["CREATE INDEX emails_stuck ON emails (queued_at) WHERE status IN ('FAILED', 'UNCERTAIN')"],
            ["DROP INDEX emails_stuck"],
        )
    ]
