"""The catalogue of services."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models import LineItemKind
from rules import clock
from rules.identifiers import new_id


class Migration(migrations.Migration):
    dependencies = [("models", "0021_format_money")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Service",
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
                        related_name="services",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("name", fields.CharField(max_length=200)),
                ("description", fields.CharField(default="", max_length=1000)),
                (
                    "kind",
                    fields.CharEnumField(
                        default=LineItemKind.SERVICE,
                        description="LineItemKind",
                        enum_type=LineItemKind,
                        max_length=32,
                    ),
                ),
                ("currency", fields.CharField(max_length=3)),
                ("amount_minor", fields.BigIntField()),
                ("active", fields.BooleanField(default=True)),
            ],
            options={
                "table": "services",
                "app": "models",
                "constraints": [
                    UniqueConstraint(fields=("company_id", "name"), name="services_one_of_a_name"),
                    CheckConstraint(
                        check="CASE WHEN kind = 'DISCOUNT' THEN amount_minor < 0 ELSE amount_minor > 0 END",
                        name="services_sign",
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One entry of the catalogue. Charges taken from it are copies: what changes here changes no charge.",
            },
            bases=["Row"],
        ),
    ]
