"""What mutations of payments and refunds take."""

from decimal import Decimal

import strawberry

from rules.states import PaymentMethod, RefundDisposition
from schema.inputs.declare import ID, given, key


@strawberry.input(description="Begins paying an invoice.")
class StartPaymentInput:
    invoice_id: ID = given("The invoice to pay.")
    amount: Decimal | None = given("The amount to pay; all that remains if left out.", default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="Ends a payment's open checkout.")
class CancelPaymentInput:
    payment_id: ID = given("The payment to cancel; it must not be paid yet.")


@strawberry.input(description="Records money that was taken by hand.")
class RecordPaymentInput:
    invoice_id: ID | None = given("The invoice that was paid; or give inspectionId.", default=None)
    inspection_id: ID | None = given(
        "The inspection whose primary invoice was paid, instead of invoiceId.", default=None
    )
    amount: Decimal = given("The amount that was taken.")
    method: PaymentMethod = given("CASH, CHECK or OTHER.")
    reference: str | None = given("A note, such as a check's number.", default=None)
    idempotency_key: str | None = key()


@strawberry.input(description="Strikes out a payment that was recorded by hand.")
class RemovePaymentInput:
    payment_id: ID = given("The payment to remove; it must have been recorded by hand.")
    reason: str = given("The reason, which the audit log keeps.")


@strawberry.input(description="Gives money back to the one who paid.")
class RefundPaymentInput:
    payment_id: ID = given("The payment to refund.")
    amount: Decimal | None = given("The amount to give back; all that can be if left out.", default=None)
    reason: str | None = given("The reason, for the company's own records; the payer does not see it.", default=None)
    disposition: RefundDisposition = given(
        "CREDIT leaves the invoice paid, REOPEN makes the amount due again.", default=RefundDisposition.CREDIT
    )
    idempotency_key: str | None = key()
