"""Money that moved: payments and refunds."""

from datetime import datetime

import strawberry

import resolvers.payments as resolve
from graphql_server.access import allow
from rules.roles import PersonRole
from rules.states import PaymentMethod, PaymentState, RefundDisposition, RefundStatus
from schema.base_types import CLIENT, INSPECTOR, PAYER, ModelType, Money
from schema.nodes import Node, connection_of
from schema.references import InvoiceRef


@strawberry.type(description="Money given back from one payment, to whoever paid it.")
class Refund(ModelType, Node):
    amount: Money = allow(INSPECTOR, CLIENT, PAYER, description="How much.")
    status: RefundStatus = allow(INSPECTOR, CLIENT, PAYER, description="Where it stands.")
    disposition: RefundDisposition = allow(INSPECTOR, CLIENT, PAYER, description="What it does to the invoice.")
    created_at: datetime = allow(INSPECTOR, CLIENT, PAYER, description="When it was begun.")
    reason: str | None = allow(INSPECTOR, description="Why, in the inspector's words.")
    failure_message: str | None = allow(INSPECTOR, description="Why it failed.")


@strawberry.type(description="One attempt or success at paying one invoice.")
class Payment(ModelType, Node):
    invoice: InvoiceRef = allow(INSPECTOR, CLIENT, PAYER, relation="invoice", description="What it pays.")
    payer_name: str = allow(INSPECTOR, CLIENT, PAYER, description="Who pays; a snapshot.")
    payer_role: PersonRole = allow(INSPECTOR, description="The payer's place in the People box.")
    payer_role_name: str = allow(
        INSPECTOR,
        needs=("payer",),
        resolver=resolve.payer_role_name,
        description="What that role is called, such as Listing agent, or the name of an additional role.",
    )
    method: PaymentMethod = allow(INSPECTOR, CLIENT, PAYER, description="How; CARD until the payer has chosen.")
    state: PaymentState = allow(INSPECTOR, CLIENT, PAYER, name="status", description="Where it stands.")
    amount: Money = allow(INSPECTOR, CLIENT, PAYER, description="How much.")
    refunded: Money = allow(INSPECTOR, CLIENT, PAYER, description="What was given back of it.")
    created_at: datetime = allow(INSPECTOR, CLIENT, PAYER, description="When it was begun.")
    settled_at: datetime | None = allow(INSPECTOR, CLIENT, PAYER, description="When the money was ours.")
    refunds: list[Refund] = allow(
        INSPECTOR, CLIENT, PAYER, relation="refunds", description="Its refunds, the oldest first."
    )
    failure_message: str | None = allow(INSPECTOR, PAYER, description="Why the last try failed.")
    card_brand: str | None = allow(INSPECTOR, PAYER, description="The card's brand, such as visa.")
    card_last4: str | None = allow(INSPECTOR, PAYER, description="The card's last four digits.")
    refundable: Money = allow(INSPECTOR, description="What may still be given back.")
    reference: str | None = allow(INSPECTOR, description="A note on a payment taken by hand, such as a check's number.")
    stripe_payment_intent_id: str | None = allow(INSPECTOR, description="Stripe's id of the payment.")


PaymentConnection = connection_of(Payment, INSPECTOR)
