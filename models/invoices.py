"""What each party is asked to pay: invoices and the parts of line items they bill."""

from __future__ import annotations

from datetime import date, datetime
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.base import Row, choice, minor_units
from models.companies import Company
from models.inspections import Inspection, InspectionPerson, LineItem
from models.money_column import MoneyOf
from rules.states import InvoiceKind, InvoiceStatus, PaymentStatus

_REMAINING = (
    "CASE WHEN status = 'VOID' THEN 0"
    " ELSE GREATEST(0, total_minor - credited_minor - settled_minor - in_flight_minor) END"
)
_OVERPAID = (
    "GREATEST(0, settled_minor + in_flight_minor"
    " - CASE WHEN status = 'VOID' THEN 0 ELSE GREATEST(0, total_minor - credited_minor) END)"
)


class Invoice(Row):
    """What one party is asked to pay. Names and address are snapshots: a payer reads nothing else of the job."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="invoices", on_delete=fields.RESTRICT
    )
    inspection_id: UUID
    inspection: fields.ForeignKeyRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="invoices", on_delete=fields.RESTRICT, db_index=True
    )
    billed_to_id: UUID
    billed_to: fields.ForeignKeyRelation[InspectionPerson] = fields.ForeignKeyField(
        "models.InspectionPerson", related_name="invoices", on_delete=fields.RESTRICT, db_index=True
    )
    number = fields.CharField(max_length=40)
    kind = choice(InvoiceKind)
    status = choice(InvoiceStatus)
    by_services = fields.BooleanField(default=False, description="Bills chosen services, so it follows their edits.")
    revision = fields.IntField(default=1)
    company_name = fields.CharField(max_length=200)
    property_address = fields.CharField(max_length=300)
    billed_to_name = fields.CharField(max_length=200)
    currency = fields.CharField(max_length=3)
    total_minor = minor_units()
    credited_minor = minor_units()
    settled_minor = minor_units()
    in_flight_minor = minor_units()
    remaining_minor = minor_units()
    outstanding_minor: fields.Field[int] = fields.BigIntField(default=0, db_default=0)
    overpaid_minor = minor_units()
    refunded_minor = minor_units()
    payment_status = choice(PaymentStatus, default=PaymentStatus.NOT_DUE)
    prepared_subject = fields.CharField(max_length=200, null=True, description="For the next sending only.")
    prepared_message: str | None = fields.TextField(null=True, description="For the next sending only.")
    send_count = fields.IntField(default=0)
    sent_at: datetime | None = fields.DatetimeField(null=True)
    due_on: date | None = fields.DateField(null=True, description="Null until it is sent or opened, or a day is set.")
    overdue_from: datetime | None = fields.DatetimeField(
        null=True, description="When the due date is over where the company is."
    )
    remind_at: datetime | None = fields.DatetimeField(
        null=True, description="When to see next whether a reminder is due."
    )
    paid_at: datetime | None = fields.DatetimeField(null=True)
    voided_at: datetime | None = fields.DatetimeField(null=True)

    total = MoneyOf("total_minor")
    credited = MoneyOf("credited_minor")
    settled = MoneyOf("settled_minor")
    in_flight = MoneyOf("in_flight_minor")
    remaining = MoneyOf("remaining_minor")
    overpaid = MoneyOf("overpaid_minor")

    lines: fields.ReverseRelation[InvoiceLine]

    class Meta:
        table = "invoices"
        constraints = (
            UniqueConstraint(fields=("company_id", "number"), name="invoices_number_unique"),
            UniqueConstraint(fields=("inspection_id",), name="invoices_one_primary", condition="kind = 'PRIMARY'"),
            CheckConstraint(
                check="kind <> 'PRIMARY' OR status IN ('OPEN', 'PAID')", name="invoices_primary_open_or_paid"
            ),
            CheckConstraint(
                check="total_minor >= 0 AND credited_minor >= 0 AND settled_minor >= 0 AND in_flight_minor >= 0"
                " AND refunded_minor >= 0",
                name="invoices_not_negative",
            ),
            CheckConstraint(check=f"remaining_minor = {_REMAINING}", name="invoices_remaining"),
            CheckConstraint(check=f"overpaid_minor = {_OVERPAID}", name="invoices_overpaid"),
            CheckConstraint(
                check="outstanding_minor = 0 OR (status = 'OPEN' AND outstanding_minor = remaining_minor)",
                name="invoices_still_outstanding",
            ),
        )
        indexes = (
            Index(fields=("company_id", "status", "id")),
            Index(fields=("company_id", "created_at", "id")),
        )


class InvoiceLine(Row):
    """The part of one line item that one invoice bills."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="invoice_lines", on_delete=fields.RESTRICT
    )
    invoice_id: UUID
    invoice: fields.ForeignKeyRelation[Invoice] = fields.ForeignKeyField(
        "models.Invoice", related_name="lines", on_delete=fields.RESTRICT, db_index=True
    )
    line_item_id: UUID
    line_item: fields.ForeignKeyRelation[LineItem] = fields.ForeignKeyField(
        "models.LineItem", related_name="invoice_lines", on_delete=fields.RESTRICT, db_index=True
    )
    description = fields.CharField(max_length=200)
    currency = fields.CharField(max_length=3)
    amount_minor = minor_units(default=None)
    amount = MoneyOf("amount_minor")
    position = fields.IntField()

    class Meta:
        table = "invoice_lines"
        constraints = (
            UniqueConstraint(fields=("invoice_id", "line_item_id"), name="invoice_lines_once"),
            CheckConstraint(check="amount_minor <> 0", name="invoice_lines_not_zero"),
        )
