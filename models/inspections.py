"""The job: an inspection with its People box, its charges, its agreements and its report."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.base import Row, choice, minor_units
from models.companies import Company, User
from models.money_column import MoneyOf
from models.people import Person
from rules.roles import PersonRole
from rules.states import PaymentStatus


class InspectionStatus(StrEnum):
    """Whether the job is still to come."""

    SCHEDULED = "SCHEDULED"
    COMPLETED = "COMPLETED"
    CANCELED = "CANCELED"


class LineItemKind(StrEnum):
    """What a charge is for; only a DISCOUNT is negative."""

    SERVICE = "SERVICE"
    ADD_ON = "ADD_ON"
    FEE = "FEE"
    DISCOUNT = "DISCOUNT"


class Inspection(Row):
    """The job. Its balances are the sums of its invoices' and are kept in the transactions that change those."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="inspections", on_delete=fields.RESTRICT
    )
    number = fields.CharField(max_length=32)
    property_address = fields.CharField(max_length=300)
    scheduled_at = fields.DatetimeField()
    status = choice(InspectionStatus, default=InspectionStatus.SCHEDULED)
    inspector_id: UUID
    inspector: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="inspections", on_delete=fields.RESTRICT
    )
    inspector_name = fields.CharField(max_length=200)
    client_name: fields.Field[str] = fields.CharField(
        max_length=200, default="", db_default="", description="Whom PRIMARY bills, kept by a trigger."
    )
    notifications_disabled = fields.BooleanField(default=False)
    invoice_count = fields.IntField(default=0, description="The last invoice sequence given out.")
    currency = fields.CharField(max_length=3)
    total_minor = minor_units()
    settled_minor = minor_units()
    in_flight_minor = minor_units()
    remaining_minor = minor_units()
    outstanding_minor: fields.Field[int] = fields.BigIntField(default=0, db_default=0)
    payment_status = choice(PaymentStatus, default=PaymentStatus.NOT_DUE)
    overdue_from: datetime | None = fields.DatetimeField(
        null=True, description="The earliest of its invoices' on which something is outstanding."
    )
    report_url = fields.CharField(max_length=2000, null=True)
    report_published_at: datetime | None = fields.DatetimeField(null=True)
    report_unlocked_at: datetime | None = fields.DatetimeField(null=True)

    total = MoneyOf("total_minor")
    settled = MoneyOf("settled_minor")
    in_flight = MoneyOf("in_flight_minor")
    remaining = MoneyOf("remaining_minor")
    outstanding = MoneyOf("outstanding_minor")

    people: fields.ReverseRelation[InspectionPerson]
    line_items: fields.ReverseRelation[LineItem]
    agreements: fields.ReverseRelation[Agreement]

    class Meta:
        table = "inspections"
        constraints = (
            UniqueConstraint(fields=("company_id", "number"), name="inspections_number_unique"),
            CheckConstraint(
                check="total_minor >= 0 AND remaining_minor >= 0 AND in_flight_minor >= 0",
                name="inspections_not_negative",
            ),
            CheckConstraint(
                check="outstanding_minor BETWEEN 0 AND CASE WHEN status = 'CANCELED' THEN 0 ELSE remaining_minor END",
                name="inspections_outstanding_remains",
            ),
        )
        indexes = (Index(fields=("company_id", "scheduled_at", "id")),)


class InspectionPerson(Row):
    """One entry of a People box; removed entries stay for the invoices that name them."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="inspection_people", on_delete=fields.RESTRICT
    )
    inspection_id: UUID
    inspection: fields.ForeignKeyRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="people", on_delete=fields.RESTRICT, db_index=True
    )
    person_id: UUID
    person: fields.ForeignKeyRelation[Person] = fields.ForeignKeyField(
        "models.Person", related_name="inspections", on_delete=fields.RESTRICT, db_index=True
    )
    role = choice(PersonRole)
    role_name = fields.CharField(max_length=60)
    position = fields.IntField(description="Display order; at first, the CLIENT with the lowest is billed on PRIMARY.")
    removed_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "inspection_people"
        constraints = (
            UniqueConstraint(
                fields=("inspection_id", "person_id"),
                name="inspection_people_once",
                condition="removed_at IS NULL",
            ),
        )


class LineItem(Row):
    """One charge; removed ones stay, at zero, for the void invoices that once billed them."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="line_items", on_delete=fields.RESTRICT
    )
    inspection_id: UUID
    inspection: fields.ForeignKeyRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="line_items", on_delete=fields.RESTRICT, db_index=True
    )
    kind = choice(LineItemKind)
    description = fields.CharField(max_length=200)
    currency = fields.CharField(max_length=3)
    amount_minor = minor_units(default=None)
    amount = MoneyOf("amount_minor")
    position = fields.IntField(description="Display order, in which amounts consume charges.")
    removed_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "line_items"
        constraints = (
            CheckConstraint(
                check="CASE WHEN removed_at IS NOT NULL THEN amount_minor = 0"
                " WHEN kind = 'DISCOUNT' THEN amount_minor < 0 ELSE amount_minor > 0 END",
                name="line_items_sign",
            ),
        )


class Agreement(Row):
    """One version of what the client signs, with the total it names."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="agreements", on_delete=fields.RESTRICT
    )
    inspection_id: UUID
    inspection: fields.ForeignKeyRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="agreements", on_delete=fields.RESTRICT, db_index=True
    )
    version = fields.IntField()
    body = fields.TextField()
    currency = fields.CharField(max_length=3)
    total_minor = minor_units(default=None)
    total = MoneyOf("total_minor")
    current = fields.BooleanField(default=True)
    signed_at: datetime | None = fields.DatetimeField(null=True)
    signed_by = fields.CharField(max_length=200, null=True)

    class Meta:
        table = "agreements"
        constraints = (
            UniqueConstraint(fields=("inspection_id", "version"), name="agreements_version_unique"),
            UniqueConstraint(fields=("inspection_id",), name="agreements_one_current", condition="current"),
        )
