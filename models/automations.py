"""Automations: rules that mail people when something happens, and the outbox of what happened."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.base import Row, choice
from models.companies import Company
from models.inspections import Inspection
from rules import clock
from rules.automations import AutomationLink, AutomationTrigger


class AutomationTier(StrEnum):
    """BASE ones are built in; ADVANCED ones are a company's own."""

    BASE = "BASE"
    ADVANCED = "ADVANCED"


class Automation(Row):
    """One rule. `recipients` are role names: CLIENT, BUYERS_AGENT, LISTING_AGENT or the company's additional ones.

    BASE ones are declared in code. A company has a row of one from when it first changed it; what it did not change is
    null, and as declared.
    """

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="automations", on_delete=fields.RESTRICT, db_index=True
    )
    name = fields.CharField(max_length=200)
    tier = choice(AutomationTier)
    trigger = choice(AutomationTrigger)
    enabled = fields.BooleanField(default=True)
    recipients: list[str] | None = fields.JSONField(null=True)
    subject = fields.CharField(max_length=200, null=True)
    message: str | None = fields.TextField(null=True)
    link = choice(AutomationLink, default=AutomationLink.NONE)
    deleted_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "automations"
        constraints = (
            CheckConstraint(
                check="tier = 'BASE' OR (recipients IS NOT NULL AND subject IS NOT NULL AND message IS NOT NULL)",
                name="automations_complete",
            ),
        )


class AutomationEvent(Row):
    """Something an automation may wait for, written in the transaction in which it happened; handled once."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="automation_events", on_delete=fields.RESTRICT
    )
    inspection_id: UUID
    inspection: fields.ForeignKeyRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="automation_events", on_delete=fields.RESTRICT
    )
    trigger = choice(AutomationTrigger)
    subject_id: UUID = fields.UUIDField(description="The row it is about; the same thing never occurs twice.")
    handled_at: datetime | None = fields.DatetimeField(null=True)
    attempts = fields.IntField(default=0, db_default=0, description="How often a worker took it.")
    next_attempt_at: datetime | None = fields.DatetimeField(
        null=True, default=clock.now, description="When a worker may take it; null when it is handled or given up."
    )

    class Meta:
        table = "automation_events"
        constraints = (
            UniqueConstraint(fields=("inspection_id", "trigger", "subject_id"), name="automation_events_once"),
        )
