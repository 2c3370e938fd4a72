"""How often Stripe was asked about a payment or refund was counted, and never read."""

from tortoise import migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0012_primary_client")]

    initial = False

    operations = [
        ops.RemoveField(model_name="Payment", name="poll_count"),
        ops.RemoveField(model_name="Refund", name="poll_count"),
    ]
