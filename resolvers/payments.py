"""Answers about payments."""

from typing import Final

from graphql_server.reads import Expression
from operations.ledger import small_remainders
from operations.payments import checkout, manual_payments, refunds
from operations.payments.checkout import StartPayment
from operations.payments.manual_payments import RecordPayment, RemovePayment
from operations.payments.refunds import RefundPayment
from resolvers.context import Context
from resolvers.keys import optional_row_id
from resolvers.results import MutationResult
from rules.identifiers import id_of
from schema.inputs.payments import (
    CancelPaymentInput,
    RecordPaymentInput,
    RefundPaymentInput,
    RemovePaymentInput,
    StartPaymentInput,
)

PAYER_ROLE_NAME: Final = Expression(
    "(select box.role_name from inspection_people box"
    " where box.company_id = {row.company_id} and box.id = {row.payer_id})"
)
"""The payer's role, from the entry of the People box."""

CHECKOUT_URL: Final = Expression(
    "(select payment.checkout_url from payments payment"
    " where payment.company_id = {row.company_id} and payment.id = {row.changed_id})"
)
"""Where the payment that was started can be made."""


async def start_payment(context: Context, input: StartPaymentInput) -> MutationResult:
    dependencies = context.dependencies
    command = StartPayment(
        invoice_id=id_of(input.invoice_id, "Invoice"), amount=input.amount, idempotency_key=input.idempotency_key
    )
    return MutationResult(
        await checkout.start_payment(
            context.principal, command, portals=dependencies.portals, stripe=dependencies.stripe
        )
    )


async def cancel_payment(context: Context, input: CancelPaymentInput) -> MutationResult:
    key = id_of(input.payment_id, "Payment")
    return MutationResult(await checkout.cancel_payment(context.principal, key, stripe=context.dependencies.stripe))


async def record_payment(context: Context, input: RecordPaymentInput) -> MutationResult:
    command = RecordPayment(
        invoice_id=optional_row_id(input.invoice_id, "Invoice"),
        inspection_id=optional_row_id(input.inspection_id, "Inspection"),
        amount=input.amount,
        method=input.method,
        reference=input.reference,
        idempotency_key=input.idempotency_key,
    )
    made = await manual_payments.record_payment(context.principal, command, stripe=context.dependencies.stripe)
    await context.dependencies.enqueue("run_automations")
    return MutationResult(made, notices=await small_remainders.small_remainder_of_payment(made))


async def remove_payment(context: Context, input: RemovePaymentInput) -> MutationResult:
    command = RemovePayment(payment_id=id_of(input.payment_id, "Payment"), reason=input.reason)
    key = await manual_payments.remove_payment(context.principal, command, stripe=context.dependencies.stripe)
    return MutationResult(key, notices=await small_remainders.small_remainder_of_payment(key))


async def refund_payment(context: Context, input: RefundPaymentInput) -> MutationResult:
    command = RefundPayment(
        payment_id=id_of(input.payment_id, "Payment"),
        amount=input.amount,
        reason=input.reason,
        disposition=input.disposition,
        idempotency_key=input.idempotency_key,
    )
    made = await refunds.refund_payment(context.principal, command, stripe=context.dependencies.stripe)
    return MutationResult(made, notices=await small_remainders.small_remainder_of_refund(made))
