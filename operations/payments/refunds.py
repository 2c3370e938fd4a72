"""Giving money back: to the one who paid, in full or in part, never more than is left of the payment."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from gateways.stripe import StripeGateway
from models import Payment, Refund
from operations.audit_log import record
from operations.currencies import currency_of
from operations.idempotency import KeyedCommand, claim
from operations.leases import claim_due
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger_with
from operations.ledger.posting import CheckoutsOpen, post
from operations.messages.receipts import owe_refund_receipt
from operations.payments.checkout_expiry import with_checkouts_expired
from operations.payments.payment_records import create_refund
from operations.payments.sync_refunds import credited, sync_refund
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import REASON_LENGTH_MAX
from rules.money import parse_positive_amount
from rules.retry import next_poll_delay
from rules.states import IN_FLIGHT, PaymentState, RefundDisposition, RefundStatus


@dataclass(frozen=True, slots=True, kw_only=True)
class RefundPayment(KeyedCommand):
    """Give back `amount` of a payment, in major units, or all that can be given back."""

    operation: ClassVar[str] = "refundPayment"
    payment_id: UUID
    amount: Decimal | None = None
    reason: str | None = None
    disposition: RefundDisposition = RefundDisposition.CREDIT


async def refund_payment(principal: Principal, command: RefundPayment, *, stripe: StripeGateway) -> UUID:
    """Give back all that is refundable of a payment, or `amount` of it; returns the refund's key.

    The amount is reserved before Stripe is asked. A refund that Stripe has not answered yet stays REQUESTED, and the
    poller finishes it; one that Stripe refuses is kept as FAILED. Manual payments get a recorded refund only.
    """
    refund_id = await with_checkouts_expired(lambda: _request(principal, command), stripe=stripe)
    if await Refund.exists(id=refund_id, status=RefundStatus.REQUESTED):
        await sync_refund(refund_id, stripe=stripe)
    return refund_id


@transaction
async def _request(principal: Principal, command: RefundPayment) -> UUID:
    reason, disposition = command.reason, command.disposition
    with Checks() as check:
        with check.at():
            claimed = await claim(principal, command)
            if claimed.first_result:
                return claimed.first_result
        if command.amount is not None:
            check(parse_positive_amount, command.amount, await currency_of(principal), field="amount")
        if reason:
            reason = check(texts.line, reason, field="reason", length_max=REASON_LENGTH_MAX)
        ledger = await lock_ledger_with(Payment, command.payment_id, by=principal)
    payment = ledger.payment(command.payment_id)
    amount_minor = _amount_to_refund(ledger, payment, command.amount)
    if disposition is RefundDisposition.REOPEN:
        _refuse_open_checkout(ledger, payment)
    manual = payment.state is PaymentState.RECORDED  # Not by its method: Stripe too takes OTHER ones, such as Link.
    refund = create_refund(
        payment,
        amount_minor=amount_minor,
        credited_minor=credited(ledger, payment, amount_minor, disposition),
        status=RefundStatus.SUCCEEDED if manual else RefundStatus.REQUESTED,
        disposition=disposition,
        reason=reason or None,
        settled_at=clock.now() if manual else None,
        next_poll_at=None if manual else clock.now() + next_poll_delay(timedelta(0)),
    )
    after = {"amount_minor": amount_minor, "disposition": disposition, "payment_id": str(payment.id)}
    await record(ledger.inspection, "refund.requested", refund.id, by=principal, after=after)
    await post(ledger)
    if manual:
        await owe_refund_receipt(ledger, payment, refund)
    claimed.keep(refund.id)
    return refund.id


def _refuse_open_checkout(ledger: InspectionLedger, payment: Payment) -> None:
    """What is reopened is due beside what an open checkout asks for, and may be too little for one of its own."""
    open_payment = ledger.open_checkout(ledger.invoice(payment.invoice_id))
    if open_payment is not None and open_payment.state not in IN_FLIGHT:
        raise CheckoutsOpen([open_payment.id])


def _amount_to_refund(ledger: InspectionLedger, payment: Payment, amount: Decimal | None) -> int:
    refundable = payment.refundable_minor
    if refundable == 0:
        reason = "is disputed" if payment.state is PaymentState.DISPUTED else "has nothing left to give back"
        raise Refusal(f"This payment {reason}.", field=("paymentId",), code=ErrorCode.PAYMENT_NOT_REFUNDABLE)
    if amount is None:
        return refundable
    amount_minor = parse_positive_amount(amount, payment.currency, field="amount")
    if amount_minor > refundable:
        raise Refusal(
            f"amount cannot exceed {ledger.money(refundable)}, which is what can be given back.",
            field=("amount",),
            code=ErrorCode.AMOUNT_EXCEEDS_REFUNDABLE,
        )
    return amount_minor


async def claim_refunds_due(*, limit: int) -> list[UUID]:
    """The refunds that Stripe was asked about longest ago, claimed so that no other worker asks too."""
    return await claim_due(Refund, "next_poll_at", limit=limit)
