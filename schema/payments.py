"""Money that moved: payments and refunds."""

from datetime import datetime

import strawberry

import resolvers.payments as resolve
from graphql_server.access import allow
from rules.roles import PersonRole
from rules.states import PaymentMethod, PaymentState, RefundDisposition, RefundStatus
from schema.base_types import CLIENT, INSPECTOR, PAYER, Money
from schema.nodes import Node, connection_of
from schema.references import InvoiceRef


@strawberry.type(description="Money given back from one payment, to whoever paid it.")
class Refund(Node):
    amount: Money = allow(INSPECTOR, CLIENT, PAYER, description="The amount given back.")
    status: RefundStatus = allow(
        INSPECTOR, CLIENT, PAYER, description="Whether it is requested, under way, succeeded, failed or canceled."
    )
    disposition: RefundDisposition = allow(
        INSPECTOR, CLIENT, PAYER, description="CREDIT leaves the invoice paid, REOPEN makes the amount due again."
    )
    created_at: datetime = allow(INSPECTOR, CLIENT, PAYER, description="The time at which the refund was requested.")
    reason: str | None = allow(INSPECTOR, description="The inspector's reason, for the company's own records.")
    failure_message: str | None = allow(INSPECTOR, description="The reason why it failed, in a sentence for people.")


@strawberry.type(description="One payment of one invoice, from its checkout on, or taken by hand.")
class Payment(Node):
    invoice: InvoiceRef = allow(INSPECTOR, CLIENT, PAYER, description="The invoice that it pays.")
    payer_name: str = allow(
        INSPECTOR, CLIENT, PAYER, description="The payer's name as it was when the payment was made."
    )
    payer_role: PersonRole = allow(INSPECTOR, description="The payer's role in the People box.")
    payer_role_name: str = allow(
        INSPECTOR,
        shows=resolve.PAYER_ROLE_NAME,
        description="The role's name for people, such as Listing agent, or the name of an additional role.",
    )
    method: PaymentMethod = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="The means of payment; CARD until the payer has chosen one at the checkout.",
    )
    state: PaymentState = allow(INSPECTOR, CLIENT, PAYER, name="status", description="How far this payment got.")
    amount: Money = allow(INSPECTOR, CLIENT, PAYER, description="The amount paid, or being paid.")
    refunded: Money = allow(INSPECTOR, CLIENT, PAYER, description="The part of the amount that was given back.")
    created_at: datetime = allow(
        INSPECTOR, CLIENT, PAYER, description="The time at which the payment was started or recorded."
    )
    settled_at: datetime | None = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="The time at which the payment succeeded; reports date it by this. Null until then.",
    )
    refunds: list[Refund] = allow(INSPECTOR, CLIENT, PAYER, description="Its refunds, the oldest first.")
    failure_message: str | None = allow(
        INSPECTOR, PAYER, description="The reason why the last try failed, in a sentence for the payer."
    )
    card_brand: str | None = allow(
        INSPECTOR, PAYER, description="The card's brand, such as visa; null for other methods."
    )
    card_last4: str | None = allow(INSPECTOR, PAYER, description="The card's last four digits; null for other methods.")
    refundable: Money = allow(
        INSPECTOR,
        description="The amount that can still be refunded: what was paid, less refunds and what is disputed.",
    )
    reference: str | None = allow(INSPECTOR, description="A note on a payment taken by hand, such as a check's number.")
    stripe_payment_intent_id: str | None = allow(INSPECTOR, description="Stripe's id of the payment.")


PaymentConnection = connection_of(Payment, INSPECTOR)
