"""The catalogue: what a company offers, at which price."""

from __future__ import annotations

from uuid import UUID

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.base import Row, choice, minor_units
from models.companies import Company
from models.inspections import LineItemKind
from models.money_column import MoneyOf


class Service(Row):
    """One entry of the catalogue. Charges taken from it are copies: what changes here changes no charge."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="services", on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=200)
    description = fields.CharField(max_length=1000, default="")
    kind = choice(LineItemKind, default=LineItemKind.SERVICE)
    currency = fields.CharField(max_length=3)
    amount_minor = minor_units(default=None)
    amount = MoneyOf("amount_minor")
    active = fields.BooleanField(default=True)

    class Meta:
        table = "services"
        constraints = (
            UniqueConstraint(fields=("company_id", "name"), name="services_one_of_a_name"),
            CheckConstraint(
                check="CASE WHEN kind = 'DISCOUNT' THEN amount_minor < 0 ELSE amount_minor > 0 END",
                name="services_sign",
            ),
        )
