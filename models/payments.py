"""Money that moved: payments, and refunds of them."""

from __future__ import annotations

from datetime import datetime
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import CheckConstraint, UniqueConstraint

from models.base import Row, choice, minor_units
from models.companies import Company
from models.inspections import Inspection, InspectionPerson
from models.invoices import Invoice
from models.money_column import MoneyOf
from rules.roles import PersonRole
from rules.states import PaymentMethod, PaymentState, RefundDisposition, RefundStatus


class Payment(Row):
    """One attempt or success at paying one invoice. No card number or account is ever stored."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="payments", on_delete=fields.RESTRICT
    )
    inspection_id: UUID
    inspection: fields.ForeignKeyRelation[Inspection] = fields.ForeignKeyField(
        "models.Inspection", related_name="payments", on_delete=fields.RESTRICT, db_index=True
    )
    invoice_id: UUID
    invoice: fields.ForeignKeyRelation[Invoice] = fields.ForeignKeyField(
        "models.Invoice", related_name="payments", on_delete=fields.RESTRICT, db_index=True
    )
    payer_id: UUID
    payer: fields.ForeignKeyRelation[InspectionPerson] = fields.ForeignKeyField(
        "models.InspectionPerson", related_name="payments", on_delete=fields.RESTRICT
    )
    payer_name = fields.CharField(max_length=200)
    payer_role = choice(PersonRole)
    method = choice(PaymentMethod)
    state = choice(PaymentState)
    currency = fields.CharField(max_length=3)
    amount_minor = minor_units(default=None)
    refunded_minor = minor_units()
    refundable_minor = minor_units()
    disputed_minor = minor_units()
    reference = fields.CharField(max_length=200, null=True)
    settled_at: datetime | None = fields.DatetimeField(null=True)
    taken_back_at: datetime | None = fields.DatetimeField(null=True, description="When it was LOST or RETURNED.")
    failure_message = fields.CharField(max_length=500, null=True)
    card_brand = fields.CharField(max_length=40, null=True)
    card_last4 = fields.CharField(max_length=4, null=True)
    stripe_account_id = fields.CharField(max_length=255, null=True)
    checkout_session_id = fields.CharField(max_length=255, null=True, unique=True)
    checkout_url = fields.CharField(max_length=2000, null=True)
    return_url = fields.CharField(max_length=2000, null=True)
    checkout_email = fields.CharField(max_length=254, null=True, description="Filled in at the checkout.")
    checkout_expires_at: datetime | None = fields.DatetimeField(null=True)
    stripe_payment_intent_id = fields.CharField(max_length=255, null=True, unique=True)
    next_poll_at: datetime | None = fields.DatetimeField(null=True, description="Null once nothing is left to ask.")
    unanswered_since: datetime | None = fields.DatetimeField(
        null=True, description="Since when Stripe would not say what became of it; asked again when it does."
    )
    unread_reason = fields.CharField(max_length=200, null=True, description="Why we could not take in what it said.")

    amount = MoneyOf("amount_minor")
    refunded = MoneyOf("refunded_minor")
    refundable = MoneyOf("refundable_minor")

    refunds: fields.ReverseRelation[Refund]

    class Meta:
        table = "payments"
        constraints = (
            UniqueConstraint(
                fields=("invoice_id",),
                name="payments_one_live_attempt",
                condition="state IN ('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'UNKNOWN')",
            ),
            CheckConstraint(
                check="amount_minor > 0 AND refunded_minor BETWEEN 0 AND amount_minor"
                " AND refundable_minor BETWEEN 0 AND amount_minor - refunded_minor"
                " AND disputed_minor BETWEEN 0 AND amount_minor",
                name="payments_amounts",
            ),
            CheckConstraint(
                check="(settled_at IS NOT NULL"
                " OR state NOT IN ('SUCCEEDED', 'DISPUTED', 'LOST', 'RETURNED', 'RECORDED', 'REMOVED'))"
                " AND (taken_back_at IS NOT NULL) = (state IN ('LOST', 'RETURNED'))",
                name="payments_dated",
            ),
        )
        indexes = (
            Index(fields=("company_id", "created_at", "id")),
            Index(fields=("company_id", "settled_at", "id")),
            Index(fields=("company_id", "taken_back_at", "id")),
        )


class Refund(Row):
    """Money given back from one payment, to whoever paid it."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="refunds", on_delete=fields.RESTRICT
    )
    payment_id: UUID
    payment: fields.ForeignKeyRelation[Payment] = fields.ForeignKeyField(
        "models.Payment", related_name="refunds", on_delete=fields.RESTRICT, db_index=True
    )
    currency = fields.CharField(max_length=3)
    amount_minor = minor_units(default=None)
    credited_minor = minor_units()
    amount = MoneyOf("amount_minor")
    status = choice(RefundStatus)
    disposition = choice(RefundDisposition)
    reason = fields.CharField(max_length=500, null=True)
    failure_message = fields.CharField(max_length=500, null=True)
    stripe_refund_id = fields.CharField(max_length=255, null=True, unique=True)
    settled_at: datetime | None = fields.DatetimeField(null=True)
    next_poll_at: datetime | None = fields.DatetimeField(null=True)
    tries = fields.IntField(default=0, db_default=0, description="How many idempotency keys were given up for it.")
    asked_at: datetime | None = fields.DatetimeField(null=True, description="When its present key was first used.")

    class Meta:
        table = "refunds"
        constraints = (
            CheckConstraint(
                check="amount_minor > 0 AND credited_minor BETWEEN 0 AND amount_minor", name="refunds_amounts"
            ),
            CheckConstraint(check="status <> 'SUCCEEDED' OR settled_at IS NOT NULL", name="refunds_dated"),
        )
        indexes = (Index(fields=("company_id", "settled_at", "id")),)
