"""Writing payments and refunds: the one place where their rows are made, and where they are loaded to be changed."""

from datetime import datetime
from typing import TypedDict, Unpack
from uuid import UUID

from models import InspectionPerson, Invoice, Payment, Refund
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger_of_payment
from operations.transactions import unit_of_work
from rules.identifiers import new_id
from rules.states import PaymentMethod, PaymentState, RefundDisposition, RefundStatus


class PaymentColumns(TypedDict, total=False):
    """What payments differ in, when they are made."""

    method: PaymentMethod
    state: PaymentState
    refundable_minor: int
    reference: str | None
    settled_at: datetime
    stripe_account_id: str | None
    return_url: str
    checkout_email: str | None
    checkout_expires_at: datetime
    next_poll_at: datetime


class RefundColumns(TypedDict, total=False):
    """What refunds differ in, when they are made."""

    credited_minor: int
    status: RefundStatus
    disposition: RefundDisposition
    reason: str | None
    settled_at: datetime | None
    next_poll_at: datetime | None


def create_payment(
    ledger: InspectionLedger,
    invoice: Invoice,
    payer: InspectionPerson,
    *,
    amount_minor: int,
    **columns: Unpack[PaymentColumns],
) -> Payment:
    """One payment by the `payer`, whom the invoice bills, in its ledger too; `columns` are what it differs in."""
    payment = Payment(
        id=new_id(),
        company_id=invoice.company_id,
        inspection_id=invoice.inspection_id,
        invoice_id=invoice.id,
        payer_id=payer.id,
        payer_name=invoice.billed_to_name,
        payer_role=payer.role,
        currency=invoice.currency,
        amount_minor=amount_minor,
        **columns,
    )
    payment.refunds._set_result_for_query([])
    ledger.payments.append(payment)
    unit_of_work().add(payment)
    return payment


def create_refund(payment: Payment, *, amount_minor: int, **columns: Unpack[RefundColumns]) -> Refund:
    """One refund of the payment, among its loaded refunds too; `columns` are what it differs in."""
    refund = Refund(
        id=new_id(),
        company_id=payment.company_id,
        payment_id=payment.id,
        currency=payment.currency,
        amount_minor=amount_minor,
        **columns,
    )
    payment.refunds.related_objects.append(refund)
    unit_of_work().add(refund)
    return refund


async def lock_payment(payment_id: UUID) -> tuple[InspectionLedger, Payment]:
    """The payment, and the ledger that it is in, locked until the transaction ends."""
    ledger = await lock_ledger_of_payment(payment_id)
    return ledger, ledger.payment(payment_id)
