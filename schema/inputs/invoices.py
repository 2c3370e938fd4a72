"""What mutations of invoices take."""

from decimal import Decimal

import strawberry

from schema.inputs.declare import ID, given, key


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
