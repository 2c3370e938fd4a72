"""How companies present themselves."""

from tortoise import fields, migrations
from tortoise.fields.base import OnDelete
from tortoise.migrations import operations as ops
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from rules import clock
from rules.identifiers import new_id

FOR_EVERY_COMPANY = """
    INSERT INTO brandings (id, created_at, company_id, color, text_color)
    SELECT gen_random_uuid(), now(), id, '#17527a', '#ffffff' FROM companies
"""


class Migration(migrations.Migration):
    dependencies = [("models", "0024_stuck_emails")]

    initial = False

    operations = [
        ops.CreateModel(
            name="Branding",
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
                        related_name="brandings",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                ("color", fields.CharField(default="#17527a", description="#rrggbb, lower case.", max_length=7)),
                (
                    "text_color",
                    fields.CharField(default="#ffffff", description="What reads well on it.", max_length=7),
                ),
                ("postal_address", fields.CharField(null=True, max_length=300)),
                ("phone", fields.CharField(null=True, max_length=40)),
                ("email", fields.CharField(null=True, description="The Reply-To of mails.", max_length=254)),
                ("tax_id", fields.CharField(null=True, max_length=60)),
                ("logo", fields.CharField(null=True, description="The file name of a Logo.", max_length=80)),
            ],
            options={
                "table": "brandings",
                "app": "models",
                "constraints": [
                    UniqueConstraint(fields=("company_id",), name="brandings_one_of_a_company"),
                    CheckConstraint(
                        check="color ~ '^#[0-9a-f]{6}$' AND text_color ~ '^#[0-9a-f]{6}$'", name="brandings_colors"
                    ),
                ],
                "pk_attr": "id",
                "table_description": "One company's looks and addresses; every company has a row. What is null is shown nowhere.",
            },
            bases=["Row"],
        ),
        ops.CreateModel(
            name="Logo",
            fields=[
                ("id", fields.UUIDField(primary_key=True, default=new_id, unique=True, db_index=True)),
                ("created_at", fields.DatetimeField(default=clock.now, auto_now=False, auto_now_add=False)),
                (
                    "company",
                    fields.ForeignKeyField(
                        "models.Company",
                        source_field="company_id",
                        db_index=True,
                        db_constraint=True,
                        to_field="id",
                        related_name="logos",
                        on_delete=OnDelete.RESTRICT,
                    ),
                ),
                (
                    "name",
                    fields.CharField(
                        unique=True, description="A hash that can't be guessed, and an ending.", max_length=80
                    ),
                ),
                ("content", fields.BinaryField()),
            ],
            options={
                "table": "logos",
                "app": "models",
                "pk_attr": "id",
                "table_description": "A picture as it is served to everybody. The last few of a company are kept: mails refer to them.",
            },
            bases=["Row"],
        ),
        ops.AddField(
            model_name="Email",
            name="reply_to",
            field=fields.CharField(null=True, description="The company's address, where it has one.", max_length=254),
        ),
        ops.RunSQL(FOR_EVERY_COMPANY, "DELETE FROM brandings"),
    ]
