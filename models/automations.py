"""Automations: rules that mail people when something happens, and the outbox of what happened."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

from models.base import Row, choice
from models.companies import Company
from models.inspections import Inspection


class AutomationTier(StrEnum):
    """BASE ones are built in; ADVANCED ones are a company's own."""

    BASE = "BASE"
    ADVANCED = "ADVANCED"


class AutomationTrigger(StrEnum):
    """What an automation waits for."""

    INSPECTION_SCHEDULED = "INSPECTION_SCHEDULED"
    FEE_ADDED = "FEE_ADDED"
    PAYMENT_RECEIVED = "PAYMENT_RECEIVED"
    INSPECTION_PAID = "INSPECTION_PAID"
    REPORT_PUBLISHED = "REPORT_PUBLISHED"


class AutomationLink(StrEnum):
    """What the link in an automation's mail opens."""

    NONE = "NONE"
    CLIENT_PORTAL = "CLIENT_PORTAL"
    REPORT = "REPORT"


class Automation(Row):
    """One rule. `recipients` are role names: CLIENT, BUYERS_AGENT, LISTING_AGENT or the company's additional ones."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="automations", on_delete=fields.RESTRICT, db_index=True
    )
    name = fields.CharField(max_length=200)
    tier = choice(AutomationTier)
    trigger = choice(AutomationTrigger)
    enabled = fields.BooleanField(default=True)
    recipients: list[str] = fields.JSONField(default=list)
    subject = fields.CharField(max_length=200)
    message = fields.TextField()
    link = choice(AutomationLink, default=AutomationLink.NONE)
    deleted_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "automations"


class Occurrence(Row):
    """Something an automation may wait for, written in the transaction in which it happened; handled once."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="occurrences", on_delete=fields.RESTRICT
    )
    inspection_id: UUID
    inspection: fields.ForeignKeyRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="occurrences", on_delete=fields.RESTRICT
    )
    trigger = choice(AutomationTrigger)
    subject_id: UUID = fields.UUIDField(description="The row it is about; the same thing never occurs twice.")
    handled_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "occurrences"
        constraints = (UniqueConstraint(fields=("inspection_id", "trigger", "subject_id"), name="occurrences_once"),)
        indexes = (Index(fields=("handled_at", "id")),)
