"""Which rows a list is asked for."""

from datetime import date, datetime

import strawberry

import models
from rules.roles import PersonRole
from rules.states import EmailStatus, InvoiceKind, InvoiceStatus, PaymentMethod, PaymentState, PaymentStatus
from schema.inputs.declare import ID, given


@strawberry.input(description="Narrows a list of inspections; all conditions must hold.")
class InspectionFilter:
    status: models.InspectionStatus | None = given("In this status.", default=None)
    payment_status: PaymentStatus | None = given("Only those with this paymentStatus.", default=None)
    scheduled_from: datetime | None = given("Taking place at this time or later.", default=None)
    scheduled_to: datetime | None = given("Taking place before this time.", default=None)
    status_in: list[models.InspectionStatus] | None = given("In one of these statuses; in none if empty.", default=None)
    payment_status_in: list[PaymentStatus] | None = given(
        "With one of these as paymentStatus; none if empty.", default=None
    )
    inspector_id: ID | None = given("Of this inspector, by the id of the User.", default=None)
    person_id: ID | None = given("With this Person in the People box, or billed for it.", default=None)
    search: str | None = given(
        "Words, each the beginning of one in number, address, or the name or email address of anybody involved.",
        default=None,
    )
    overdue: bool | None = given("True: with an overdue invoice; false: without.", default=None)
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
    status_in: list[InvoiceStatus] | None = given("In one of these statuses; in none if empty.", default=None)
    payment_status_in: list[PaymentStatus] | None = given(
        "With one of these as paymentStatus; none if empty.", default=None
    )
    person_id: ID | None = given("That bill this Person.", default=None)
    overdue: bool | None = given("True: those that are overdue; false: all others.", default=None)
    due_from: date | None = given("Due on this day or later.", default=None)
    due_to: date | None = given("Due on this day or earlier.", default=None)
    search: str | None = given(
        "The whole number, or words, each the beginning of one in the inspection's number, the address, or the name or"
        " email address of anybody involved.",
        default=None,
    )


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
    status_in: list[PaymentState] | None = given("In one of these statuses; in none if empty.", default=None)
    method_in: list[PaymentMethod] | None = given("Made in one of these ways; none if empty.", default=None)
    person_id: ID | None = given("Made by this Person.", default=None)
    payer_name: str | None = given("Words, each the beginning of one in the payer's name or address.", default=None)
    search: str | None = given(
        "The whole number of an invoice, or words, each the beginning of one in the inspection's number, address, or"
        " the name or email address of anybody involved.",
        default=None,
    )


@strawberry.input(description="Narrows a list of mails; all conditions must hold.")
class EmailFilter:
    status: EmailStatus | None = given("In this status.", default=None)
    kind: models.EmailKind | None = given("Of this kind.", default=None)
    to: str | None = given("To exactly this address.", default=None)
