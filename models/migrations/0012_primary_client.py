"""Another client may take the place of the one who is billed first: who comes first in the box no longer tells."""

from tortoise import fields, migrations
from tortoise.migrations import operations as ops


class Migration(migrations.Migration):
    dependencies = [("models", "0011_words")]

    initial = False

    operations = [
        ops.AlterField(
            model_name="InspectionPerson",
            name="position",
            field=fields.IntField(
                description="Display order; at first, the CLIENT with the lowest is billed on PRIMARY."
            ),
        ),
    ]
