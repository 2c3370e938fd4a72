"""Applying what Stripe reports of refunds, those made outside of Inspectpay included."""

from datetime import datetime
from uuid import UUID

import structlog

from gateways.stripe import StripeAccountHidden, StripeGateway, StripeRefused, StripeUnavailable
from gateways.stripe_answers import ProviderPayment, ProviderRefund
from models import Payment, Refund
from operations.audit_log import record
from operations.ledger.inspection_ledger import InspectionLedger
from operations.ledger.posting import post
from operations.messages.receipts import owe_refund_receipt
from operations.payments.connected_accounts import note_account_hidden
from operations.payments.payment_records import create_refund, lock_payment
from operations.transactions import transaction
from rules import clock
from rules.retry import LOOK_AFTER, REPEAT_FOR, next_poll_delay
from rules.states import RefundDisposition, RefundStatus, next_refund_status

OPEN = (RefundStatus.REQUESTED, RefundStatus.PENDING)

log = structlog.get_logger(__name__)


async def sync_refunds(payment_id: UUID, fetched: ProviderPayment, *, stripe: StripeGateway) -> None:
    """Bring the payment's refunds to the status Stripe reports, where there are any. Safe to repeat.

    One that can't be taken in does not stop the others. Raises StripeUnavailable, StripeAccountHidden, or what kept
    the first such one from being taken in.
    """
    payment = await Payment.get(id=payment_id)
    if payment.stripe_payment_intent_id is None or payment.stripe_account_id is None:
        return
    if not fetched.has_refunds and not await Refund.exists(payment_id=payment_id):
        return
    try:
        refunds = await stripe.list_refunds(payment.stripe_payment_intent_id, account_id=payment.stripe_account_id)
    except StripeAccountHidden:
        raise
    except StripeRefused:
        return
    faults: list[Exception] = []
    for refund in refunds:
        try:
            await apply_refund(payment_id, refund)
        except Exception as fault:
            log.warning("refund_unread", stripe_refund_id=refund.stripe_refund_id, fault=type(fault).__name__)
            faults.append(fault)
    if faults:
        raise faults[0]


async def sync_refund(refund_id: UUID, *, stripe: StripeGateway) -> None:
    """Bring one refund to the status Stripe reports; finishes a request that a crash left half done. Repeatable."""
    refund = await Refund.get_or_none(id=refund_id).prefetch_related("payment")
    if refund is None or refund.payment.stripe_payment_intent_id is None:
        return
    try:
        # Look before repeating: Stripe may forget a key after a day, and a refund must not happen twice.
        fetched = await _find_at_stripe(refund, stripe=stripe)
    except StripeUnavailable:
        await _ask_again(refund)
    except StripeRefused as refused:
        await _note_refusal_to_look(refund, refused)
    else:
        if fetched is None:
            await _make(refund, stripe=stripe)
        else:
            await apply_refund(refund.payment_id, fetched)


async def _find_at_stripe(refund: Refund, *, stripe: StripeGateway) -> ProviderRefund | None:
    payment = refund.payment
    assert payment.stripe_payment_intent_id is not None
    assert payment.stripe_account_id is not None
    known = await stripe.list_refunds(payment.stripe_payment_intent_id, account_id=payment.stripe_account_id)
    return next((found for found in known if _is(refund, found)), None)


async def _make(refund: Refund, *, stripe: StripeGateway) -> None:
    """Ask Stripe to give the money back, under a key that it does not hold a fault for."""
    payment = refund.payment
    assert payment.stripe_payment_intent_id is not None
    assert payment.stripe_account_id is not None
    tries = await _key_to_ask_with(refund.id)
    if tries is None:
        await _ask_again(refund)
        return
    try:
        fetched = await stripe.create_refund(
            refund.id,
            payment_intent_id=payment.stripe_payment_intent_id,
            account_id=payment.stripe_account_id,
            amount_minor=refund.amount_minor,
            tries=tries,
        )
    except StripeUnavailable:
        await _ask_again(refund)
    except StripeAccountHidden as hidden:
        await _note_refusal_to_look(refund, hidden)
    except StripeRefused as refused:
        await fail_refund(refund.id, refused.message)
    else:
        await apply_refund(payment.id, fetched)


@transaction
async def _key_to_ask_with(refund_id: UUID) -> int | None:
    """The number of the key to use now, noted as used; None while a call under it may still have its effect.

    The caller has just seen that Stripe has no such refund. A key is given up when it was last used so long ago that
    this proves that nothing was made under it.
    """
    refund = await Refund.filter(id=refund_id).select_for_update().get()
    now = clock.now()
    if refund.status is not RefundStatus.REQUESTED:
        return None
    age = now - refund.asked_at if refund.asked_at else None
    if age is not None and age < LOOK_AFTER:
        return refund.tries if age < REPEAT_FOR else None
    tries = refund.tries if age is None else refund.tries + 1
    await Refund.filter(id=refund_id).update(tries=tries, asked_at=now)
    return tries


async def _note_refusal_to_look(refund: Refund, refused: StripeRefused) -> None:
    """Fail a refund that was certainly never asked for; what became of any other only Stripe can tell, later."""
    if isinstance(refused, StripeAccountHidden):
        await note_account_hidden(str(refund.payment.stripe_account_id))
    if await Refund.exists(id=refund.id, status=RefundStatus.REQUESTED, asked_at=None):
        await fail_refund(refund.id, refused.message)
    else:
        await _ask_again(refund)


def _is(refund: Refund, fetched: ProviderRefund) -> bool:
    """Whether what Stripe shows is this refund: not for an id of ours alone, which others may have copied to theirs."""
    if refund.stripe_refund_id is not None:
        return refund.stripe_refund_id == fetched.stripe_refund_id
    return refund.status in OPEN and refund.id == fetched.refund_id and refund.amount_minor == fetched.amount_minor


def credited(ledger: InspectionLedger, payment: Payment, amount_minor: int, disposition: RefundDisposition) -> int:
    """What the invoice asks for less: with CREDIT the refund, except the part that gives back an overpayment.

    Refunds under way already give back the overpayment first.
    """
    if disposition is RefundDisposition.REOPEN:
        return 0
    invoice = ledger.invoice(payment.invoice_id)
    under_way = sum(
        refund.amount_minor - refund.credited_minor
        for sibling in ledger.payments_of(invoice)
        for refund in sibling.refunds.related_objects
        if refund.status in (RefundStatus.REQUESTED, RefundStatus.PENDING)
    )
    return max(0, amount_minor - max(0, invoice.overpaid_minor - under_way))


@transaction
async def apply_refund(payment_id: UUID, fetched: ProviderRefund) -> None:
    """Apply what Stripe says of one refund to our rows. Late and repeated answers never downgrade."""
    ledger, payment = await lock_payment(payment_id)
    refund = _find(ledger, payment, fetched)
    before = refund.status
    refund.stripe_refund_id = fetched.stripe_refund_id
    refund.status = next_refund_status(before, fetched.status)
    if refund.status is RefundStatus.SUCCEEDED and refund.settled_at is None:
        refund.settled_at = clock.now()
    refund.next_poll_at = _next_poll(refund)
    await _save(ledger, payment, refund, before)


@transaction
async def fail_refund(refund_id: UUID, reason: str) -> None:
    """Note that Stripe refused to refund; the amount is refundable again. Safe to repeat."""
    found = await Refund.get(id=refund_id)
    ledger, payment = await lock_payment(found.payment_id)
    refund = next(refund for refund in payment.refunds.related_objects if refund.id == refund_id)
    before = refund.status
    refund.status = next_refund_status(before, RefundStatus.FAILED) if before in OPEN else before
    refund.failure_message, refund.next_poll_at = reason[:500], None
    await _save(ledger, payment, refund, before)


def _find(ledger: InspectionLedger, payment: Payment, fetched: ProviderRefund) -> Refund:
    """Our row for the refund; one that somebody made in Stripe's dashboard gets a row now, as a credit."""
    refunds = payment.refunds.related_objects
    known = next((refund for refund in refunds if refund.stripe_refund_id == fetched.stripe_refund_id), None)
    known = known or next((refund for refund in refunds if _is(refund, fetched)), None)
    if known is not None:
        return known
    return create_refund(
        payment,
        amount_minor=fetched.amount_minor,
        credited_minor=credited(ledger, payment, fetched.amount_minor, RefundDisposition.CREDIT),
        status=RefundStatus.REQUESTED,
        disposition=RefundDisposition.CREDIT,
        reason="Made at Stripe.",
    )


async def _save(ledger: InspectionLedger, payment: Payment, refund: Refund, before: RefundStatus) -> None:
    await post(ledger, recording=True)
    if refund.status is not before:
        log.info("refund_moved", refund_id=str(refund.id), before=before, after=refund.status)
        if refund.status is RefundStatus.SUCCEEDED:
            await owe_refund_receipt(ledger, payment, refund)
        await record(
            ledger.inspection,
            "refund.moved",
            refund.id,
            by=None,
            before={"status": before},
            after={"status": refund.status, "amount_minor": refund.amount_minor, "payment_id": str(payment.id)},
        )


@transaction
async def _ask_again(refund: Refund) -> None:
    now = clock.now()
    await Refund.filter(id=refund.id, status__in=OPEN).update(
        next_poll_at=now + next_poll_delay(now - refund.created_at)
    )


def _next_poll(refund: Refund) -> datetime | None:
    now = clock.now()
    return now + next_poll_delay(now - refund.created_at) if refund.status in OPEN else None
