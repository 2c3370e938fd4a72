"""Applying what Stripe reports of refunds, those made outside of Inspectpay included."""

from datetime import datetime
from uuid import UUID

import structlog

from gateways.stripe import StripeAccountHidden, StripeGateway, StripeRefused, StripeUnavailable
from gateways.stripe_answers import ObservedPayment, ObservedRefund
from models import Payment, Refund
from operations.audit_trail import record
from operations.books import Books, close_books, open_books
from operations.connected_accounts import note_account_hidden
from operations.receipts import owe_refund_receipt
from operations.transactions import transaction
from rules import clock
from rules.identifiers import new_id
from rules.polling import LOOK_AFTER, REPEAT_FOR, next_poll_delay
from rules.states import RefundDisposition, RefundStatus, next_refund_status

OPEN = (RefundStatus.REQUESTED, RefundStatus.PENDING)

log = structlog.get_logger(__name__)


async def settle_refunds(payment_id: UUID, observed: ObservedPayment, *, stripe: StripeGateway) -> None:
    """Bring the payment's refunds to the status Stripe reports, where there are any. Safe to repeat.

    One that can't be taken in does not stop the others. Raises StripeUnavailable, StripeAccountHidden, or what kept
    the first such one from being taken in.
    """
    payment = await Payment.get(id=payment_id)
    if payment.stripe_payment_intent_id is None or payment.stripe_account_id is None:
        return
    if not observed.has_refunds and not await Refund.exists(payment_id=payment_id):
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


async def settle_refund(refund_id: UUID, *, stripe: StripeGateway) -> None:
    """Bring one refund to the status Stripe reports; finishes a request that a crash left half done. Repeatable."""
    refund = await Refund.get_or_none(id=refund_id).prefetch_related("payment")
    if refund is None or refund.payment.stripe_payment_intent_id is None:
        return
    try:
        # Look before repeating: Stripe may forget a key after a day, and a refund must not happen twice.
        observed = await _find_at_stripe(refund, stripe=stripe)
    except StripeUnavailable:
        await _ask_again(refund)
    except StripeRefused as refused:
        await _note_refusal_to_look(refund, refused)
    else:
        if observed is None:
            await _make(refund, stripe=stripe)
        else:
            await apply_refund(refund.payment_id, observed)


async def _find_at_stripe(refund: Refund, *, stripe: StripeGateway) -> ObservedRefund | None:
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
        observed = await stripe.create_refund(
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
        await apply_refund(payment.id, observed)


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


def _is(refund: Refund, observed: ObservedRefund) -> bool:
    """Whether what Stripe shows is this refund: not for an id of ours alone, which others may have copied to theirs."""
    if refund.stripe_refund_id is not None:
        return refund.stripe_refund_id == observed.stripe_refund_id
    return refund.status in OPEN and refund.id == observed.refund_id and refund.amount_minor == observed.amount_minor


def credited(books: Books, payment: Payment, amount_minor: int, disposition: RefundDisposition) -> int:
    """What the invoice asks for less: with CREDIT the refund, except the part that gives back an overpayment.

    Refunds under way already give back the overpayment first.
    """
    if disposition is RefundDisposition.REOPEN:
        return 0
    invoice = books.invoice(payment.invoice_id)
    under_way = sum(
        refund.amount_minor - refund.credited_minor
        for sibling in books.payments_of(invoice)
        for refund in sibling.refunds.related_objects
        if refund.status in (RefundStatus.REQUESTED, RefundStatus.PENDING)
    )
    return max(0, amount_minor - max(0, invoice.overpaid_minor - under_way))


@transaction
async def apply_refund(payment_id: UUID, observed: ObservedRefund) -> None:
    """Apply what Stripe says of one refund to our rows. Late and repeated news never downgrade."""
    books, payment = await _open(payment_id)
    refund = await _find(books, payment, observed)
    before = refund.status
    refund.stripe_refund_id = observed.stripe_refund_id
    refund.status = next_refund_status(before, observed.status)
    if refund.status is RefundStatus.SUCCEEDED and refund.settled_at is None:
        refund.settled_at = clock.now()
    refund.next_poll_at = _next_poll(refund)
    await _save(books, payment, refund, before)


@transaction
async def fail_refund(refund_id: UUID, reason: str) -> None:
    """Note that Stripe refused to refund; the amount is refundable again. Safe to repeat."""
    found = await Refund.get(id=refund_id)
    books, payment = await _open(found.payment_id)
    refund = next(refund for refund in payment.refunds.related_objects if refund.id == refund_id)
    before = refund.status
    refund.status = next_refund_status(before, RefundStatus.FAILED) if before in OPEN else before
    refund.failure_message, refund.next_poll_at = reason[:500], None
    await _save(books, payment, refund, before)


async def _open(payment_id: UUID) -> tuple[Books, Payment]:
    found = await Payment.get(id=payment_id)
    books = await open_books(found.inspection_id)
    return books, next(payment for payment in books.payments if payment.id == payment_id)


async def _find(books: Books, payment: Payment, observed: ObservedRefund) -> Refund:
    """Our row for the refund; one that somebody made in Stripe's dashboard gets a row now, as a credit."""
    refunds = payment.refunds.related_objects
    known = next((refund for refund in refunds if refund.stripe_refund_id == observed.stripe_refund_id), None)
    known = known or next((refund for refund in refunds if _is(refund, observed)), None)
    if known is not None:
        return known
    refund = await Refund.create(
        id=new_id(),
        company_id=payment.company_id,
        payment_id=payment.id,
        currency=payment.currency,
        amount_minor=observed.amount_minor,
        credited_minor=credited(books, payment, observed.amount_minor, RefundDisposition.CREDIT),
        status=RefundStatus.REQUESTED,
        disposition=RefundDisposition.CREDIT,
        reason="Made at Stripe.",
    )
    refunds.append(refund)
    return refund


async def _save(books: Books, payment: Payment, refund: Refund, before: RefundStatus) -> None:
    refund.poll_count += 1
    await refund.save()
    await close_books(books, recording=True)
    if refund.status is not before:
        log.info("refund_moved", refund_id=str(refund.id), before=before, after=refund.status)
        if refund.status is RefundStatus.SUCCEEDED:
            await owe_refund_receipt(books, payment, refund)
        await record(
            books.inspection,
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
