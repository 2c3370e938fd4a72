"""What mutations of payments and refunds take."""

from decimal import Decimal

import strawberry

from rules.states import PaymentMethod, RefundDisposition
from schema.inputs.declare import ID, given, key


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
