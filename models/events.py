"""The audit trail: who did what, append-only, and the keys that make money mutations repeatable."""

from __future__ import annotations

from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.migrations.constraints import UniqueConstraint

from models.base import Row, choice
from models.companies import Company
from models.inspections import Inspection


class ActorKind(StrEnum):
    """Who acted."""

    USER = "USER"
    CLIENT = "CLIENT"
    PAYER = "PAYER"
    SYSTEM = "SYSTEM"


class Event(Row):
    """One thing that happened to an inspection, or, without one, to the company. A trigger refuses to change it."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="events", on_delete=fields.RESTRICT
    )
    inspection_id: UUID | None
    inspection: fields.ForeignKeyNullableRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="events", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    actor_kind = choice(ActorKind)
    actor_id: UUID | None = fields.UUIDField(null=True)
    actor_name = fields.CharField(max_length=200)
    name = fields.CharField(max_length=60, description="Such as `invoice.sent`.")
    subject_id: UUID = fields.UUIDField()
    before: dict[str, object] | None = fields.JSONField(null=True)
    after: dict[str, object] | None = fields.JSONField(null=True)

    class Meta:
        table = "events"


class IdempotencyKey(Row):
    """The first result of a money mutation, kept for whoever repeats it."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="idempotency_keys", on_delete=fields.RESTRICT
    )
    actor_id: UUID = fields.UUIDField()
    operation = fields.CharField(max_length=60)
    key = fields.CharField(max_length=255)
    input_hash = fields.CharField(max_length=64, description="SHA-256 of the input, hex.")
    result_id: UUID | None = fields.UUIDField(null=True)

    class Meta:
        table = "idempotency_keys"
        constraints = (UniqueConstraint(fields=("actor_id", "operation", "key"), name="idempotency_keys_once"),)
