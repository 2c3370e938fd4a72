"""Which rows a list is asked for."""

from datetime import datetime

import strawberry

import models
from rules.roles import PersonRole
from rules.states import EmailStatus, InvoiceKind, InvoiceStatus, PaymentMethod, PaymentState, PaymentStatus
from schema.inputs.declare import given


@strawberry.input(description="Narrows a list of inspections; all conditions must hold.")
class InspectionFilter:
    status: models.InspectionStatus | None = given("In this status.", default=None)
    payment_status: PaymentStatus | None = given("Only those with this paymentStatus.", default=None)
    scheduled_from: datetime | None = given("Taking place at this time or later.", default=None)
    scheduled_to: datetime | None = given("Taking place before this time.", default=None)
    search: str | None = given("Part of the address, or the whole number.", default=None)
    outstanding: bool | None = given(
        "True: for which somebody can still be asked for something; false: for which nobody can.", default=None
    )


@strawberry.input(description="Narrows a list of invoices; all conditions must hold.")
class InvoiceFilter:
    kind: InvoiceKind | None = given("Of this kind.", default=None)
    status: InvoiceStatus | None = given("In this status.", default=None)
    payment_status: PaymentStatus | None = given("Only those with this paymentStatus.", default=None)
    outstanding: bool | None = given(
        "True: on which somebody can still be asked for something; false: on which nobody can.", default=None
    )
    payer_role: PersonRole | None = given("That bill somebody in this role.", default=None)
    search: str | None = given("Part of the name that is billed, or the whole number.", default=None)


@strawberry.input(description="Narrows a list of payments; all conditions must hold.")
class PaymentFilter:
    status: PaymentState | None = given("In this status.", default=None)
    method: PaymentMethod | None = given("Made this way.", default=None)
    payer_role: PersonRole | None = given("Made by somebody in this role.", default=None)
    created_from: datetime | None = given("Begun at this time or later.", default=None)
    created_to: datetime | None = given("Begun before this time.", default=None)
    settled_from: datetime | None = given("Settled at this time or later.", default=None)
    settled_to: datetime | None = given("Settled before this time.", default=None)
    invoice_status: InvoiceStatus | None = given("Of invoices in this status.", default=None)
    payer_name: str | None = given("Part of the payer's name.", default=None)


@strawberry.input(description="Narrows a list of mails; all conditions must hold.")
class EmailFilter:
    status: EmailStatus | None = given("In this status.", default=None)
    kind: models.EmailKind | None = given("Of this kind.", default=None)
    to: str | None = given("To exactly this address.", default=None)
