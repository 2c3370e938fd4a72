"""What mutations of companies and their staff take."""

import strawberry

import models
from rules.limits import DUE_DAYS_MAX, PASSWORD_LENGTH_MIN, REMINDER_DAY_MAX, REMINDERS_MAX
from schema.inputs.declare import given, optional


@strawberry.input(description="Changes the company's settings; what is left out stays.")
class UpdateCompanyInput:
    name: str | None = optional("The company's name. Invoices that were sent before keep the old one.")
    time_zone: str | None = optional("The IANA time zone that reports are dated in, such as America/New_York.")
    deferred_payments_enabled: bool | None = optional(
        "Turns Deferred Payments on or off; refused while separate invoices are drafts or open."
    )
    advanced_automations_enabled: bool | None = optional("Whether the company may save and run ADVANCED automations.")
    report_lock_enabled: bool | None = optional("Whether clients see a report only once its inspection is paid.")
    second_factor_required: bool | None = optional(
        "Whether all staff must sign in with a second factor. Turning it on ends the sessions of those who have none,"
        " and takes an owner who has one."
    )
    reminder_days: list[int] | None = optional(
        f"Days after the due date on which an unpaid invoice is reminded: at most {REMINDERS_MAX},"
        f" from 1 to {REMINDER_DAY_MAX}, ascending; none if empty."
    )
    default_due_days: int | None = optional(
        f"Days from an invoice's sending to its due date, 0 to {DUE_DAYS_MAX}; with 0 it is due on the day it is sent."
    )
    additional_roles: list[str] | None = optional(
        "The names of all additional roles, such as Attorney; replaces the list."
    )


@strawberry.input(description="Begins, or goes on, connecting a Stripe account.")
class ConnectStripeInput:
    another: bool = given(
        "Connect a new account, instead of the one that was connected before; that has to be disconnected first.",
        default=False,
    )
    client_mutation_id: str | None = given("Ignored; inputs must have a field.", default=None)


@strawberry.input(description="Stops taking payments on the company's Stripe account.")
class DisconnectStripeInput:
    client_mutation_id: str | None = given("Ignored; inputs must have a field.", default=None)


@strawberry.input(description="Asks Stripe whether the account can charge now.")
class RefreshStripeConnectionInput:
    client_mutation_id: str | None = given("Ignored; inputs must have a field.", default=None)


@strawberry.input(description="A new staff member.")
class CreateUserInput:
    name: str = given("The staff member's name.")
    email: str = given("The address they sign in with.")
    password: str = given(f"At least {PASSWORD_LENGTH_MIN} characters.")
    role: models.UserRole = given(
        "OWNER also changes the company's settings; INSPECTOR works with inspections and payments.",
        default=models.UserRole.INSPECTOR,
    )
