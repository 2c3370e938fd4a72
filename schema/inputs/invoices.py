"""What mutations of invoices take."""

from datetime import date
from decimal import Decimal

import strawberry

from schema.inputs.declare import ID, given, key


@strawberry.input(description="Splits off a share of what is owed: chosen services, or a fixed amount.")
class AddInvoiceInput:
    inspection_id: ID = given("The inspection whose charges are split.")
    inspection_person_id: ID = given("The entry of the inspection's People box that is billed.")
    line_item_ids: list[ID] | None = given(
        "The services to bill, each with the part that is not billed yet. Give these or fixedAmount, not both.",
        default=None,
    )
    fixed_amount: Decimal | None = given(
        "An amount to bill instead of services; it uses up the charges in display order.", default=None
    )
    send: bool = given("True mails the invoice at once; otherwise it stays a draft until sendInvoice.", default=False)
    subject: str | None = given(
        "The mail's subject, for its next sending only; a prepared one if left out.", default=None
    )
    message: str | None = given(
        "The mail's message, for its next sending only; a prepared one if left out.", default=None
    )
    idempotency_key: str | None = key()


@strawberry.input(description="Changes a draft; what is left out stays.")
class UpdateInvoiceInput:
    invoice_id: ID = given("The draft to change.")
    inspection_person_id: ID | None = given("The entry of the People box that is billed from now on.", default=None)
    line_item_ids: list[ID] | None = given(
        "The services to bill from now on, instead of what the draft bills.", default=None
    )
    fixed_amount: Decimal | None = given("An amount to bill from now on, instead of services.", default=None)
    subject: str | None = given("The mail's subject, for its next sending only.", default=None)
    message: str | None = given("The mail's message, for its next sending only.", default=None)


@strawberry.input(description="Sets an invoice's due date.")
class UpdateInvoiceDueDateInput:
    invoice_id: ID = given("The draft, open or written-off invoice.")
    due_on: date = given("The day by which it is to be paid, such as 2026-12-31.")


@strawberry.input(description="Mails an invoice, or mails it again.")
class SendInvoiceInput:
    invoice_id: ID = given("The draft or open invoice to mail.")
    subject: str | None = given("The mail's subject, for this sending only.", default=None)
    message: str | None = given("The mail's message, for this sending only.", default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="Withdraws an invoice.")
class VoidInvoiceInput:
    invoice_id: ID = given("The draft or open invoice to void; nothing may have been paid on it.")


@strawberry.input(description="Is content with what was paid on an invoice.")
class CloseInvoiceShortInput:
    invoice_id: ID = given("The open, partly paid invoice to close.")


@strawberry.input(description="Writes an invoice off.")
class MarkInvoiceUncollectibleInput:
    invoice_id: ID = given("The open invoice to write off.")
