"""People a company knows: clients, agents and others, reached by links."""

from __future__ import annotations

from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index

from models.base import Row
from models.companies import Company


class Person(Row):
    """Somebody a company knows; they never sign in."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="people", on_delete=fields.RESTRICT
    )
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=254, null=True)
    phone = fields.CharField(max_length=40, null=True)

    class Meta:
        table = "people"
        indexes = (Index(fields=("company_id", "name", "id")),)
