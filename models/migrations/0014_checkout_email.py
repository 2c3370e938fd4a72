"""The payer's address is filled in at Stripe's checkout; a call that is repeated says the same one again."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0013_poll_count")]

    initial = False

    operations = [
        ops.AddField(
            model_name="Payment",
            name="checkout_email",
            field=fields.CharField(null=True, description="Filled in at the checkout.", max_length=254),
        ),
    ]
