"""How audits ended: read by `models/audits.py`, and of no company."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0025_brandings")]
    operations = [
        ops.RunSQL(
            [
                "CREATE TABLE audits (ended_at timestamptz PRIMARY KEY DEFAULT clock_timestamp(),"
                " discrepancies int NOT NULL CHECK (discrepancies >= 0))"
            ],
            ["DROP TABLE audits"],
        )
    ]
