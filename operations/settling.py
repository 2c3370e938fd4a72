"""Applying what Stripe reports: the one way in which a card or bank payment changes its status."""

from datetime import datetime, timedelta
from uuid import UUID

from gateways.stripe import StripeGateway, StripeRefused, StripeUnavailable
from gateways.stripe_answers import CheckoutRequest, ObservedPayment
from models import AutomationTrigger, Invoice, Payment
from operations.audit_trail import record
from operations.books import Books, close_books, lock_inspection, open_books
from operations.occurrences import note
from operations.receipts import owe_payment_receipt
from operations.refunding import settle_refunds
from operations.transactions import transaction
from rules import clock
from rules.polling import next_poll_delay
from rules.states import LIVE_ATTEMPTS, PAID_AT_STRIPE, SETTLED, TAKEN_BACK, PaymentState, next_payment_state

LOOK_AFTER = timedelta(minutes=2)
"""How old an attempt without a checkout is when we stop asking for one, and look what Stripe has.

Stripe repeats the fault that it first answered with for as long as it keeps the key, which is a day.
"""


async def observe_payment(payment: Payment, *, stripe: StripeGateway) -> ObservedPayment:
    """Ask Stripe what became of a payment; finishes a call that a crash or lost reply left half done.

    Raises StripeUnavailable or StripeRefused.
    """
    assert payment.stripe_account_id is not None, "only payments through Stripe are observed"
    if payment.checkout_session_id is None:
        return await stripe.create_checkout(await checkout_request(payment))
    return await stripe.read_checkout(payment.checkout_session_id, account_id=payment.stripe_account_id)


async def checkout_request(payment: Payment) -> CheckoutRequest:
    """The request for a payment's checkout: the same each time it is made, as its idempotency key demands."""
    invoice = await Invoice.get(id=payment.invoice_id)
    assert payment.stripe_account_id is not None
    assert payment.return_url is not None
    assert payment.checkout_expires_at is not None
    return CheckoutRequest(
        payment_id=payment.id,
        invoice_id=invoice.id,
        account_id=payment.stripe_account_id,
        amount_minor=payment.amount_minor,
        currency=payment.currency,
        title=f"Invoice {invoice.number}",
        success_url=payment.return_url,
        cancel_url=payment.return_url,
        expires_at=payment.checkout_expires_at,
    )


async def settle_payment(payment_id: UUID, *, stripe: StripeGateway) -> None:
    """Bring one payment to the status Stripe reports. Safe to repeat, in any order, late or twice."""
    payment = await Payment.get_or_none(id=payment_id)
    if payment is None or payment.stripe_account_id is None:
        return
    try:
        observed = await observe_payment(payment, stripe=stripe)  # Before the locks: slow.
    except StripeUnavailable:
        await _resolve_unanswered(payment, stripe=stripe)
    except StripeRefused as refused:
        await give_up_checkout(payment_id, refused.message)
    else:
        await apply_observation(payment_id, observed)
        try:
            await settle_refunds(payment_id, observed, stripe=stripe)
        except StripeUnavailable:
            await _poll_again(payment)


async def _resolve_unanswered(payment: Payment, *, stripe: StripeGateway) -> None:
    """Ask again later; where Stripe keeps failing to open a checkout, take up the one it did open, or give up.

    Giving up is safe: nobody has the address of a checkout that we were never told.
    """
    if payment.checkout_session_id is not None or clock.now() - payment.created_at < LOOK_AFTER:
        await _poll_again(payment)
        return
    assert payment.stripe_account_id is not None
    try:
        found = await stripe.find_checkout(payment.id, account_id=payment.stripe_account_id, since=payment.created_at)
    except (StripeUnavailable, StripeRefused):
        await _poll_again(payment)
    else:
        if found is None:
            await give_up_checkout(payment.id, "The payment provider could not open a checkout; please try again.")
        else:
            await apply_observation(payment.id, found)


@transaction
async def apply_observation(payment_id: UUID, observed: ObservedPayment) -> None:
    """Apply what Stripe says of a payment to our rows. Late and repeated news never downgrade."""
    payment, books = await _open(payment_id)
    before = payment.state
    state = next_payment_state(before, observed.state)
    # A decline leaves the checkout open: its message is news although the state is not.
    payment.checkout_session_id = observed.session_id
    payment.checkout_url = observed.url or payment.checkout_url
    payment.checkout_expires_at = observed.expires_at
    payment.stripe_payment_intent_id = observed.payment_intent_id or payment.stripe_payment_intent_id
    payment.state = state
    if state is observed.state:  # Late news of an earlier try must not name its card.
        payment.method = observed.method or payment.method
        payment.card_brand = observed.card_brand or payment.card_brand
        payment.card_last4 = observed.card_last4 or payment.card_last4
        payment.failure_message = None if state in PAID_AT_STRIPE else observed.failure_message
        payment.disputed_minor = min(observed.disputed_minor, payment.amount_minor)
    if state in PAID_AT_STRIPE and payment.settled_at is None:
        payment.settled_at = clock.now()
    payment.taken_back_at = (payment.taken_back_at or clock.now()) if state in TAKEN_BACK else None
    payment.next_poll_at = _next_poll(payment)
    await _save(books, payment)
    if state is not before:
        await _record(books, payment, before)


@transaction
async def give_up_checkout(payment_id: UUID, reason: str) -> None:
    """Fail an attempt for which Stripe refused to open a checkout. Safe to repeat."""
    payment, books = await _open(payment_id)
    before = payment.state
    if before not in LIVE_ATTEMPTS or payment.checkout_session_id is not None:
        payment.next_poll_at = _next_poll(payment)
    else:
        payment.state, payment.failure_message, payment.next_poll_at = PaymentState.FAILED, reason[:500], None
    await _save(books, payment)
    if payment.state is not before:
        await _record(books, payment, before)


@transaction
async def mark_unknown(payment_id: UUID) -> None:
    """Note that we asked Stripe to act and got no answer: only asking Stripe resolves it. Safe to repeat."""
    payment, books = await _open(payment_id)
    before = payment.state
    payment.state = next_payment_state(before, PaymentState.UNKNOWN)
    payment.next_poll_at = clock.now() + next_poll_delay(timedelta(0))
    await _save(books, payment)
    if payment.state is not before:
        await _record(books, payment, before)


@transaction
async def _poll_again(payment: Payment) -> None:
    """Settled ones too: what there was news of is forgotten by whoever heard it."""
    await lock_inspection(payment.inspection_id)
    await Payment.filter(id=payment.id).update(next_poll_at=_later(payment))


async def _open(payment_id: UUID) -> tuple[Payment, Books]:
    found = await Payment.get(id=payment_id)
    books = await open_books(found.inspection_id)
    return next(payment for payment in books.payments if payment.id == payment_id), books


async def _save(books: Books, payment: Payment) -> None:
    payment.poll_count += 1
    await payment.save()
    await close_books(books, recording=True)


async def _record(books: Books, payment: Payment, before: PaymentState) -> None:
    if payment.state in SETTLED and before not in SETTLED:  # Once, whatever disputes come and go.
        await note(books.inspection, AutomationTrigger.PAYMENT_RECEIVED, payment.id)
        await owe_payment_receipt(books, payment)
    await record(
        books.inspection,
        "payment.moved",
        payment.id,
        by=None,
        before={"state": before},
        after={"state": payment.state, "amount_minor": payment.amount_minor},
    )


def _next_poll(payment: Payment) -> datetime | None:
    """Ask again while the checkout may still be paid or its money is under way; afterwards there is nothing to ask."""
    return _later(payment) if payment.state in LIVE_ATTEMPTS else None


def _later(payment: Payment) -> datetime:
    now = clock.now()
    return now + next_poll_delay(now - payment.created_at)
