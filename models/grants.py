"""The rights that links carry."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index

from models.base import Row, choice
from models.companies import Company
from models.inspections import Inspection
from models.invoices import Invoice
from models.people import Person
from rules.links import GrantKind


class GrantSource(StrEnum):
    """How a link came to be."""

    INVOICE_EMAIL = "INVOICE_EMAIL"
    INSPECTOR = "INSPECTOR"
    AUTOMATION = "AUTOMATION"
    CLIENT_SHARE = "CLIENT_SHARE"


class Grant(Row):
    """A right to one inspection's client portal or to one invoice. Only the SHA-256 of its token is stored.

    A link that a client shared has the client's own for its `parent`, and is good only as long as that one is.
    """

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="grants", on_delete=fields.RESTRICT
    )
    inspection_id: UUID
    inspection: fields.ForeignKeyRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="grants", on_delete=fields.RESTRICT, db_index=True
    )
    invoice_id: UUID | None
    invoice: fields.ForeignKeyNullableRelation[Invoice] = fields.ForeignKeyField(
        "models.Invoice", related_name="grants", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    person_id: UUID | None
    person: fields.ForeignKeyNullableRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="grants", on_delete=fields.RESTRICT, null=True
    )
    parent_id: UUID | None
    parent: fields.ForeignKeyNullableRelation[Grant] = fields.ForeignKeyField(
        "models.Grant", related_name="shares", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    person_name = fields.CharField(max_length=254, null=True)
    kind = choice(GrantKind)
    issued_by = choice(GrantSource)
    token_hash = fields.CharField(
        max_length=64, null=True, unique=True, description="Hex; null until the link is sent."
    )
    expires_at = fields.DatetimeField()
    revoked_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "grants"
        indexes = (Index(fields=("person_id",)),)
