"""The outbox: every mail, written in the transaction that it announces, and what became of it."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.automations import Automation, AutomationEvent
from models.base import Row, choice
from models.companies import Company, StaffLink
from models.grants import Grant
from models.inspections import Inspection
from models.invoices import Invoice
from rules import clock
from rules.mails import EmailKind
from rules.states import EmailStatus


class Email(Row):
    """One mail to one person. Recipient, subject and body are snapshots; the link is minted when it is sent.

    `text` and `html` hold `rules.links.LINK_MARK` where the link goes, so that no token is stored. `document` is what
    the attached PDF says, written at the same moment as the text: both show one revision.
    `message_id` is without its domain, which only who sends mails knows, until the first try.
    """

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="emails", on_delete=fields.RESTRICT
    )
    inspection_id: UUID | None
    inspection: fields.ForeignKeyNullableRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="emails", on_delete=fields.RESTRICT, null=True, db_index=True
    )
    invoice_id: UUID | None
    invoice: fields.ForeignKeyNullableRelation[Invoice] = fields.ForeignKeyField(
        "models.Invoice", related_name="emails", on_delete=fields.RESTRICT, null=True
    )
    grant_id: UUID | None
    grant: fields.ForeignKeyNullableRelation[Grant] = fields.ForeignKeyField(
        "models.Grant", related_name="emails", on_delete=fields.RESTRICT, null=True
    )
    staff_link_id: UUID | None
    staff_link: fields.ForeignKeyNullableRelation[StaffLink] = fields.ForeignKeyField(
        "models.StaffLink", related_name="emails", on_delete=fields.RESTRICT, null=True
    )
    automation_id: UUID | None
    automation: fields.ForeignKeyNullableRelation[Automation] = fields.ForeignKeyField(
        "models.Automation", related_name="emails", on_delete=fields.RESTRICT, null=True
    )
    automation_event_id: UUID | None
    automation_event: fields.ForeignKeyNullableRelation[AutomationEvent] = fields.ForeignKeyField(
        "models.AutomationEvent", related_name="emails", on_delete=fields.RESTRICT, null=True
    )
    kind = choice(EmailKind)
    sequence = fields.IntField(default=1)
    to_name = fields.CharField(max_length=200)
    to_address = fields.CharField(max_length=254)
    reply_to = fields.CharField(max_length=254, null=True, description="The company's address, where it has one.")
    subject = fields.CharField(max_length=200)
    text = fields.TextField()
    html = fields.TextField()
    document: dict[str, object] | None = fields.JSONField(
        null=True, description="Laid out and attached when it is sent."
    )
    message_id = fields.CharField(max_length=255, unique=True)
    status = choice(EmailStatus, default=EmailStatus.QUEUED)
    attempts = fields.IntField(default=0)
    last_error = fields.CharField(max_length=500, null=True)
    queued_at = fields.DatetimeField(default=clock.now)
    next_attempt_at: datetime | None = fields.DatetimeField(null=True, default=clock.now)
    leased_until: datetime | None = fields.DatetimeField(null=True)
    transmitting = fields.BooleanField(default=False, description="DATA began: a lost connection is UNCERTAIN.")
    accepted_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "emails"
        constraints = (
            UniqueConstraint(fields=("invoice_id", "kind", "sequence"), name="emails_once"),
            UniqueConstraint(
                fields=("automation_id", "automation_event_id", "to_address"), name="emails_once_per_rule"
            ),
            CheckConstraint(check="to_address NOT LIKE '%,%' AND to_address LIKE '_%@_%'", name="emails_one_recipient"),
        )
        indexes = (
            Index(fields=("company_id", "queued_at", "id")),
            Index(fields=("to_address", "queued_at")),
        )
