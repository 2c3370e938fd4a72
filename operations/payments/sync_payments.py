"""Applying what Stripe reports: the one way in which a card or bank payment changes its status."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from uuid import UUID

import structlog

from gateways.stripe import StripeAccountHidden, StripeGateway, StripeRateLimited, StripeRefused, StripeUnavailable
from gateways.stripe_answers import FAILURE_LENGTH_MAX, ProviderPayment
from models import AutomationTrigger, Payment
from operations.audit_log import record
from operations.automation_events import emit
from operations.ledger.inspection_ledger import InspectionLedger, lock_inspection
from operations.ledger.posting import post
from operations.messages.receipts import owe_payment_receipt
from operations.payments.connected_accounts import note_account_hidden
from operations.payments.fetch_payments import fetch_payment
from operations.payments.payment_records import lock_payment
from operations.payments.sync_refunds import sync_refunds
from operations.transactions import transaction
from rules import clock
from rules.errors import Refusal
from rules.retry import DEBIT_LIFE, LOOK_AFTER, PATIENCE, next_poll_delay
from rules.states import LIVE_PAYMENTS, PAID_AT_STRIPE, SETTLED, TAKEN_BACK, PaymentState, next_payment_state

log = structlog.get_logger(__name__)


async def try_sync_payment(payment_id: UUID, *, stripe: StripeGateway) -> None:
    """As `sync_payment`, for one of many: what can't be taken in is noted on the payment, and tried again later."""
    async with faults_noted(payment_id):
        await sync_payment(payment_id, stripe=stripe)
        await Payment.filter(id=payment_id, unread_reason__isnull=False).update(unread_reason=None)


@asynccontextmanager
async def faults_noted(payment_id: UUID) -> AsyncIterator[None]:
    """Note on a payment what keeps the block from taking it in, and look again later.

    It must neither stop the others nor go unseen: the inspection's history and the reconciliation tell of it.
    """
    try:
        yield
    except Refusal as refused:  # Somebody else held the rows for too long.
        log.info("payment_busy", payment_id=str(payment_id), reason=refused.message)
        await _note_unread(payment_id, None)
    except Exception as fault:
        log.exception("payment_unread", payment_id=str(payment_id))
        await _note_unread(payment_id, type(fault).__name__)


async def sync_payment(payment_id: UUID, *, stripe: StripeGateway) -> None:
    """Bring one payment to the status Stripe reports. Safe to repeat, in any order, late or twice."""
    payment = await Payment.get_or_none(id=payment_id)
    if payment is None or payment.stripe_account_id is None:
        return
    if payment.checkout_session_id is None and payment.state not in LIVE_PAYMENTS:
        return  # It ended without a checkout: asking would open one.
    try:
        fetched = await fetch_or_note(payment, stripe=stripe)  # Before the locks: slow.
    except StripeRateLimited:
        await _poll_again(payment)
        return
    if fetched is not None:
        await take_in(payment, fetched, stripe=stripe)


async def fetch_or_note(payment: Payment, *, stripe: StripeGateway) -> ProviderPayment | None:
    """What Stripe says of a payment; where it says nothing, what follows from that is noted, and None returned.

    Raises StripeRateLimited for a checkout that is open: nothing follows from that, but to ask later.
    """
    try:
        return await fetch_payment(payment, stripe=stripe)
    except StripeUnavailable as unanswered:
        if isinstance(unanswered, StripeRateLimited) and payment.checkout_session_id is not None:
            raise
        await _resolve_unanswered(payment, stripe=stripe)
    except StripeRefused as refused:
        await note_refusal(payment, refused)
    return None


async def take_in(payment: Payment, fetched: ProviderPayment, *, stripe: StripeGateway) -> None:
    """Bring a payment, and its refunds, to what Stripe has just said of it."""
    await apply_payment(payment.id, fetched)
    try:
        await sync_refunds(payment.id, fetched, stripe=stripe)
    except StripeUnavailable:
        await _poll_again(payment)
    except StripeAccountHidden as hidden:
        await note_refusal(payment, hidden)


def is_known(payment: Payment, fetched: ProviderPayment) -> bool:
    """Whether taking in what Stripe says would change nothing of a payment that is still under way."""
    return (
        payment.state is fetched.state
        and payment.state in LIVE_PAYMENTS
        and payment.state not in PAID_AT_STRIPE
        and payment.checkout_session_id == fetched.session_id
        and payment.checkout_expires_at == fetched.expires_at
        and fetched.url in (None, payment.checkout_url)
        and fetched.payment_intent_id in (None, payment.stripe_payment_intent_id)
        and fetched.method in (None, payment.method)
        and fetched.card_brand in (None, payment.card_brand)
        and fetched.card_last4 in (None, payment.card_last4)
        and fetched.failure_message == payment.failure_message
        and fetched.disputed_minor == payment.disputed_minor == 0
        and not fetched.has_refunds
        and (payment.taken_back_at, payment.unanswered_since, payment.unread_reason) == (None, None, None)
    )


async def _resolve_unanswered(payment: Payment, *, stripe: StripeGateway) -> None:
    """Ask again later; where Stripe keeps failing to open a checkout, take up the one it did open, or give up.

    Giving up is safe: nobody has the address of a checkout that we were never told.
    """
    if clock.now() - payment.created_at < LOOK_AFTER:
        await _poll_again(payment)
        return
    if payment.checkout_session_id is not None:
        if payment.state in LIVE_PAYMENTS and askable_until(payment) + PATIENCE <= clock.now():
            await give_up_checkout(payment.id, "The payment provider has not answered for a day.")
        await _poll_again(payment)
        return
    assert payment.stripe_account_id is not None
    try:
        found = await stripe.find_checkout(payment.id, account_id=payment.stripe_account_id, since=payment.created_at)
    except StripeUnavailable:
        if payment.state in LIVE_PAYMENTS and askable_until(payment) <= clock.now():
            await give_up_checkout(payment.id, "The payment provider could not be asked in time.")
        else:
            await _poll_again(payment)
    except StripeRefused as refused:
        await note_refusal(payment, refused)
    else:
        if found is None:
            await give_up_checkout(payment.id, "The payment provider could not open a checkout; please try again.")
        else:
            await apply_payment(payment.id, found)


@transaction
async def apply_payment(payment_id: UUID, fetched: ProviderPayment) -> None:
    """Apply what Stripe says of a payment to our rows. Late and repeated answers never downgrade."""
    ledger, payment = await lock_payment(payment_id)
    before = payment.state
    state = next_payment_state(before, fetched.state)
    # A decline leaves the checkout open: its message is new although the state is not.
    payment.checkout_session_id = fetched.session_id
    payment.checkout_url = fetched.url or payment.checkout_url
    payment.checkout_expires_at = fetched.expires_at
    payment.stripe_payment_intent_id = fetched.payment_intent_id or payment.stripe_payment_intent_id
    payment.state = state
    if state is fetched.state:  # A late answer about an earlier card must not name its card.
        payment.method = fetched.method or payment.method
        payment.card_brand = fetched.card_brand or payment.card_brand
        payment.card_last4 = fetched.card_last4 or payment.card_last4
        payment.failure_message = None if state in PAID_AT_STRIPE else fetched.failure_message
        payment.disputed_minor = min(fetched.disputed_minor, payment.amount_minor)
    if state in PAID_AT_STRIPE and payment.settled_at is None:
        payment.settled_at = clock.now()
    payment.taken_back_at = (payment.taken_back_at or clock.now()) if state in TAKEN_BACK else None
    payment.unanswered_since = None
    # One that we gave up on may still be under way at Stripe.
    pending = state not in PAID_AT_STRIPE and fetched.state in LIVE_PAYMENTS
    payment.next_poll_at = next_poll_at(payment) if pending else None
    await post(ledger, recording=True)
    if state is not before:
        await _record(ledger, payment, before)


async def note_refusal(payment: Payment, refused: StripeRefused) -> None:
    """Note that Stripe will not say what became of a payment; it ends where it can bring nothing any more."""
    if isinstance(refused, StripeAccountHidden):
        await note_account_hidden(str(payment.stripe_account_id))
    await give_up_checkout(payment.id, refused.message)


def askable_until(payment: Payment) -> datetime:
    """Until when a payment may bring money without our being told: its checkout ends, or its bank has answered."""
    assert payment.checkout_expires_at is not None
    if payment.state is PaymentState.PROCESSING:
        return max(payment.checkout_expires_at, payment.created_at + DEBIT_LIFE)
    return payment.checkout_expires_at


@transaction
async def give_up_checkout(payment_id: UUID, reason: str) -> None:
    """End a payment of which Stripe says nothing: at once where nobody was ever told the address of its checkout,
    else when its time is over. It is asked about again when Stripe's account is back, and money found is recorded.

    Safe to repeat.
    """
    ledger, payment = await lock_payment(payment_id)
    before, now = payment.state, clock.now()
    if before not in LIVE_PAYMENTS:
        payment.unanswered_since, payment.next_poll_at = payment.unanswered_since or now, None
    elif payment.checkout_session_id is None:
        payment.state, payment.next_poll_at = PaymentState.FAILED, None
    elif askable_until(payment) <= now:
        payment.state, payment.next_poll_at = PaymentState.CANCELED, None
        payment.unanswered_since = payment.unanswered_since or now
    else:
        payment.unanswered_since = payment.unanswered_since or now
        payment.next_poll_at = min(next_poll_at(payment), askable_until(payment))
    if payment.state is not before:
        payment.failure_message = reason[:FAILURE_LENGTH_MAX]
    await post(ledger, recording=True)
    if payment.state is not before:
        await _record(ledger, payment, before)


@transaction
async def mark_unknown(payment_id: UUID) -> None:
    """Note that we asked Stripe to act and got no answer: only asking Stripe resolves it. Safe to repeat."""
    ledger, payment = await lock_payment(payment_id)
    before = payment.state
    payment.state = next_payment_state(before, PaymentState.UNKNOWN)
    payment.next_poll_at = clock.now() + next_poll_delay(timedelta(0))
    await post(ledger, recording=True)
    if payment.state is not before:
        await _record(ledger, payment, before)


@transaction
async def _poll_again(payment: Payment) -> None:
    """Settled ones too: the event that named it is behind us, and names it no second time."""
    await lock_inspection(payment.inspection_id)
    await Payment.filter(id=payment.id).update(next_poll_at=next_poll_at(payment))


@transaction
async def _note_unread(payment_id: UUID, reason: str | None) -> None:
    """Look again later; with a reason, tell once that there is something we could not take in.

    Reads no more than the payment: what could not be taken in may well be the rest.
    """
    payment = await Payment.get(id=payment_id)
    inspection = await lock_inspection(payment.inspection_id)
    if reason is not None and payment.unread_reason is None:
        await record(inspection, "payment.unread", payment.id, by=None, after={"reason": reason})
    await Payment.filter(id=payment_id).update(
        unread_reason=reason[:200] if reason else payment.unread_reason, next_poll_at=next_poll_at(payment)
    )


async def _record(ledger: InspectionLedger, payment: Payment, before: PaymentState) -> None:
    log.info("payment_moved", payment_id=str(payment.id), before=before, after=payment.state)
    if payment.state in SETTLED and before not in SETTLED:  # Once, whatever disputes come and go.
        await emit(ledger.inspection, AutomationTrigger.PAYMENT_RECEIVED, payment.id)
        await owe_payment_receipt(ledger, payment)
    await record(
        ledger.inspection,
        "payment.moved",
        payment.id,
        by=None,
        before={"state": before},
        after={"state": payment.state, "amount_minor": payment.amount_minor},
    )


def next_poll_at(payment: Payment) -> datetime:
    """When Stripe is asked about it again, the rarer the older it is."""
    now = clock.now()
    return now + next_poll_delay(now - payment.created_at)
