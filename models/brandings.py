"""How a company presents itself: on documents, in mails and on the portals."""

from __future__ import annotations

from uuid import UUID

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.base import Row
from models.companies import Company
from rules.colors import DEFAULT_COLOR, DEFAULT_TEXT_COLOR


class Branding(Row):
    """One company's looks and addresses; every company has a row. What is null is shown nowhere."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="brandings", on_delete=fields.RESTRICT
    )
    color = fields.CharField(max_length=7, default=DEFAULT_COLOR, description="#rrggbb, lower case.")
    text_color = fields.CharField(max_length=7, default=DEFAULT_TEXT_COLOR, description="What reads well on it.")
    postal_address = fields.CharField(max_length=300, null=True)
    phone = fields.CharField(max_length=40, null=True)
    email = fields.CharField(max_length=254, null=True, description="The Reply-To of mails.")
    tax_id = fields.CharField(max_length=60, null=True)
    logo = fields.CharField(max_length=80, null=True, description="The file name of a Logo.")

    class Meta:
        table = "brandings"
        constraints = (
            UniqueConstraint(fields=("company_id",), name="brandings_one_of_a_company"),
            CheckConstraint(
                check="color ~ '^#[0-9a-f]{6}$' AND text_color ~ '^#[0-9a-f]{6}$'", name="brandings_colors"
            ),
        )


class Logo(Row):
    """A picture as it is served to everybody. The last few of a company are kept: mails refer to them."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="logos", on_delete=fields.RESTRICT, db_index=True
    )
    name = fields.CharField(max_length=80, unique=True, description="A hash that can't be guessed, and an ending.")
    content = fields.BinaryField()

    class Meta:
        table = "logos"
