"""Mutations of payments."""

import strawberry

import resolvers.payments as resolve
from schema.base_types import CLIENT, INSPECTOR, PAYER
from schema.declarations import mutation
from schema.inputs.payments import (
    CancelPaymentInput,
    RecordPaymentInput,
    RefundPaymentInput,
    RemovePaymentInput,
    StartPaymentInput,
)
from schema.payloads import PaymentPayload, RefundPayload, StartPaymentPayload


@strawberry.type(description="Mutations of payments.")
class PaymentsMutations:
    start_payment = mutation(
        resolve.start_payment,
        CLIENT,
        PAYER,
        takes=StartPaymentInput,
        returns=StartPaymentPayload,
        description="Begin paying an invoice at Stripe's checkout.",
    )
    cancel_payment = mutation(
        resolve.cancel_payment,
        INSPECTOR,
        CLIENT,
        PAYER,
        takes=CancelPaymentInput,
        returns=PaymentPayload,
        description="End a payment's checkout, so that it can't be paid any more.",
    )
    record_payment = mutation(
        resolve.record_payment,
        INSPECTOR,
        takes=RecordPaymentInput,
        returns=PaymentPayload,
        description="Book money that was taken by hand, on an invoice or an inspection's primary one; opens a draft.",
    )
    remove_payment = mutation(
        resolve.remove_payment,
        INSPECTOR,
        takes=RemovePaymentInput,
        returns=PaymentPayload,
        description="Strike out a payment that was recorded by hand; the audit trail keeps it.",
    )
    refund_payment = mutation(
        resolve.refund_payment,
        INSPECTOR,
        takes=RefundPaymentInput,
        returns=RefundPayload,
        description="Give money back to the one who paid, in full or in part.",
    )
