"""What mutations take: one input each."""

from datetime import datetime
from decimal import Decimal
from typing import Any

import strawberry

import models
from rules.roles import PersonRole
from rules.states import PaymentMethod, RefundDisposition

ID = strawberry.ID


def given(description: str, **options: Any) -> Any:
    """An input field."""
    return strawberry.field(description=description, **options)


def optional(description: str) -> Any:
    """An input field that may be left out, which changes nothing."""
    return strawberry.field(description=description, default=strawberry.UNSET)


def key() -> Any:
    """The idempotency key of a money mutation."""
    return strawberry.field(
        description="Repeating the same input under the same key returns the first result; 1 to 255 characters.",
        default=None,
    )


@strawberry.input(description="Email and password of a staff member.")
class SignInInput:
    email: str = given("The address the user signs in with.")
    password: str = given("The password.")


@strawberry.input(description="A refresh token, good for one use.")
class RefreshSessionInput:
    refresh_token: str = given("The newest refresh token of the session.")


@strawberry.input(description="Ends the caller's session.")
class SignOutInput:
    client_mutation_id: str | None = given("Ignored; inputs must have a field.", default=None)


@strawberry.input(description="Somebody to put into a People box.")
class InspectionPersonInput:
    person_id: ID = given("Who.")
    role: PersonRole = given("In which role.")
    role_name: str | None = given("For ADDITIONAL: one of the company's additional roles.", default=None)


@strawberry.input(description="A charge.")
class LineItemInput:
    kind: models.LineItemKind = given("What it is for.")
    description: str = given("In the company's words; at most 200 characters.")
    amount: Decimal = given("In the company's currency; negative for a DISCOUNT.")


@strawberry.input(description="A new inspection.")
class CreateInspectionInput:
    property_address: str = given("What is inspected; at most 300 characters.")
    scheduled_at: datetime = given("When it takes place.")
    inspector_id: ID | None = given("Who inspects; the caller if left out.", default=None)
    people: list[InspectionPersonInput] = given("The People box, with at least one CLIENT; the first is billed.")
    line_items: list[LineItemInput] = given("The charges, in display order.", default_factory=list)
    agreement_body: str | None = given("The text of the agreement to sign, if there is one.", default=None)


@strawberry.input(description="Changes to an inspection; what is left out stays.")
class UpdateInspectionInput:
    inspection_id: ID = given("Which.")
    property_address: str | None = optional("What is inspected.")
    scheduled_at: datetime | None = optional("When it takes place.")
    inspector_id: ID | None = optional("Who inspects.")
    status: models.InspectionStatus | None = optional("SCHEDULED or COMPLETED.")


@strawberry.input(description="Calls an inspection off.")
class CancelInspectionInput:
    inspection_id: ID = given("Which.")


@strawberry.input(description="A new person.")
class CreatePersonInput:
    name: str = given("Their name; at most 200 characters.")
    email: str | None = given("Their email address.", default=None)
    phone: str | None = given("Their phone number.", default=None)


@strawberry.input(description="Changes to a person; what is left out stays.")
class UpdatePersonInput:
    person_id: ID = given("Who.")
    name: str | None = optional("Their name.")
    email: str | None = optional("Their email address; null removes it.")
    phone: str | None = optional("Their phone number; null removes it.")


@strawberry.input(description="Puts somebody into a People box.")
class AddInspectionPersonInput:
    inspection_id: ID = given("Into whose.")
    person_id: ID = given("Who.")
    role: PersonRole = given("In which role.")
    role_name: str | None = given("For ADDITIONAL: one of the company's additional roles.", default=None)


@strawberry.input(description="Takes somebody out of a People box.")
class RemoveInspectionPersonInput:
    inspection_person_id: ID = given("The entry.")


@strawberry.input(description="Bills another client on the primary invoice.")
class SetPrimaryClientInput:
    inspection_id: ID = given("Of which inspection.")
    inspection_person_id: ID = given("Who is billed from now on: a CLIENT of its People box.")


@strawberry.input(description="Adds a charge.")
class AddLineItemInput:
    inspection_id: ID = given("To which inspection.")
    kind: models.LineItemKind = given("What it is for.")
    description: str = given("In the company's words; at most 200 characters.")
    amount: Decimal = given("In the company's currency; negative for a DISCOUNT.")
    update_agreements: bool = given("Whether agreements are regenerated with the new total.")


@strawberry.input(description="Changes a charge; what is left out stays.")
class UpdateLineItemInput:
    line_item_id: ID = given("Which.")
    description: str | None = optional("In the company's words.")
    amount: Decimal | None = optional("In the company's currency.")


@strawberry.input(description="Removes a charge.")
class RemoveLineItemInput:
    line_item_id: ID = given("Which.")


@strawberry.input(description="Stops or resumes all automatic mails about an inspection.")
class SetNotificationsDisabledInput:
    inspection_id: ID = given("Which.")
    disabled: bool = given("True stops them.")


@strawberry.input(description="Splits off a share of what is owed: chosen services, or a fixed amount.")
class AddInvoiceInput:
    inspection_id: ID = given("Of which inspection.")
    inspection_person_id: ID = given("Who is billed: an entry of its People box.")
    line_item_ids: list[ID] | None = given("The services to bill, each with its uncovered part.", default=None)
    fixed_amount: Decimal | None = given("The amount to bill instead.", default=None)
    send: bool = given("Whether to mail it at once.", default=False)
    subject: str | None = given("The mail's subject, for its next sending only.", default=None)
    message: str | None = given("The mail's message, for its next sending only.", default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="Changes a draft; what is left out stays.")
class UpdateInvoiceInput:
    invoice_id: ID = given("Which draft.")
    inspection_person_id: ID | None = given("Who is billed.", default=None)
    line_item_ids: list[ID] | None = given("The services to bill.", default=None)
    fixed_amount: Decimal | None = given("The amount to bill instead.", default=None)
    subject: str | None = given("The mail's subject, for its next sending only.", default=None)
    message: str | None = given("The mail's message, for its next sending only.", default=None)


@strawberry.input(description="Mails an invoice, or mails it again.")
class SendInvoiceInput:
    invoice_id: ID = given("Which.")
    subject: str | None = given("The mail's subject, for this sending only.", default=None)
    message: str | None = given("The mail's message, for this sending only.", default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="Withdraws an invoice.")
class VoidInvoiceInput:
    invoice_id: ID = given("Which.")


@strawberry.input(description="Is content with what was paid on an invoice.")
class CloseInvoiceShortInput:
    invoice_id: ID = given("Which.")


@strawberry.input(description="Writes an invoice off.")
class MarkInvoiceUncollectibleInput:
    invoice_id: ID = given("Which.")


@strawberry.input(description="Makes a link to an invoice's payment portal, to be passed on by hand.")
class CreatePaymentLinkInput:
    invoice_id: ID = given("Which invoice; a draft is opened.")


@strawberry.input(description="Begins paying an invoice.")
class StartPaymentInput:
    invoice_id: ID = given("Which.")
    amount: Decimal | None = given("How much; all that remains if left out.", default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="Ends an attempt at paying.")
class CancelPaymentInput:
    payment_id: ID = given("Which.")


@strawberry.input(description="Books money that was taken by hand.")
class RecordPaymentInput:
    invoice_id: ID | None = given("For which invoice; or give inspectionId.", default=None)
    inspection_id: ID | None = given("For which inspection's primary invoice, instead of invoiceId.", default=None)
    amount: Decimal = given("How much.")
    method: PaymentMethod = given("CASH, CHECK or OTHER.")
    reference: str | None = given("A note, such as a check's number.", default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="Strikes out a payment that was recorded by hand.")
class RemovePaymentInput:
    payment_id: ID = given("Which.")
    reason: str = given("Why; kept in the audit trail.")


@strawberry.input(description="Gives money back to the one who paid.")
class RefundPaymentInput:
    payment_id: ID = given("Which payment.")
    amount: Decimal | None = given("How much; all that can be given back if left out.", default=None)
    reason: str | None = given("Why, for the company's own records.", default=None)
    disposition: RefundDisposition = given("What it does to the invoice.", default=RefundDisposition.CREDIT)
    idempotency_key: str | None = key()


@strawberry.input(description="Signs an agreement by typing a name.")
class SignAgreementInput:
    agreement_id: ID = given("Which version; it must be the current one.")
    name: str = given("The signer's name.")


@strawberry.input(description="Makes a link to the client portal: for a person, or for an email address.")
class ShareClientPortalInput:
    inspection_id: ID = given("Of which inspection.")
    person_id: ID | None = given("For somebody in the People box.", default=None)
    email: str | None = given("For somebody else.", default=None)


@strawberry.input(description="Ends a link.")
class RevokeGrantInput:
    grant_id: ID = given("Which.")


@strawberry.input(description="Changes the company's settings; what is left out stays.")
class UpdateCompanyInput:
    name: str | None = optional("Its name.")
    time_zone: str | None = optional("Its time zone, such as America/New_York.")
    deferred_payments_enabled: bool | None = optional("Refused while separate invoices are live.")
    advanced_automations_enabled: bool | None = optional("Whether it may use advanced automations.")
    report_lock_enabled: bool | None = optional("Whether reports stay locked until they are paid.")
    reminder_days: list[int] | None = optional(
        "Days after sending on which an unpaid invoice is reminded: at most 5, from 1 to 90, ascending; none if empty."
    )
    additional_roles: list[str] | None = optional("The names of its additional roles; replaces them all.")


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
    name: str = given("Their name.")
    email: str = given("The address they sign in with.")
    password: str = given("At least 10 characters.")
    role: models.UserRole = given("What they may do.", default=models.UserRole.INSPECTOR)
