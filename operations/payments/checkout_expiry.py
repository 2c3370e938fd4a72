"""Expiring checkouts: an open checkout must be closed at Stripe before its invoice asks for less."""

from collections.abc import Awaitable, Callable
from typing import TypeVar
from uuid import UUID

from gateways.stripe import StripeGateway, StripeRefused, StripeUnavailable
from models import Payment
from operations.ledger.posting import CheckoutsOpen
from operations.payments.fetch_payments import fetch_payment
from operations.payments.sync_payments import apply_payment, askable_until, mark_unknown, note_refusal
from rules.errors import ErrorCode, Refusal
from rules.states import IN_FLIGHT, LIVE_PAYMENTS

ROUNDS_MAX = 3
"""How often a change may find yet another open checkout before it gives up."""

Result = TypeVar("Result")


class PaymentInProgress(Refusal):
    """Money is under way, so what depends on it has to wait."""

    code = ErrorCode.PAYMENT_IN_PROGRESS


class ProviderUnavailable(Refusal):
    """Stripe did not answer in time; nothing was decided."""

    code = ErrorCode.PAYMENT_PROVIDER_UNAVAILABLE

    def __init__(self) -> None:
        super().__init__("The payment provider can't be reached at the moment; try again in a minute.")


async def with_checkouts_expired(work: Callable[[], Awaitable[Result]], *, stripe: StripeGateway) -> Result:
    """Run `work`; where it raises CheckoutsOpen, end those checkouts at Stripe first and run it again.

    `work` is a whole transaction. Raises PaymentInProgress when a checkout turns out to be paid, or being paid.
    """
    for _ in range(ROUNDS_MAX):
        try:
            return await work()
        except CheckoutsOpen as live:
            for payment_id in live.payment_ids:
                await expire_checkout(payment_id, stripe=stripe)
    raise PaymentInProgress("Somebody is paying this at the moment; try again in a minute.")


async def expire_checkout(payment_id: UUID, *, stripe: StripeGateway) -> None:
    """Close a payment's checkout at Stripe and apply what Stripe then says of it. Safe to repeat.

    Raises ProviderUnavailable (the payment is then UNKNOWN until the poller has asked) or PaymentInProgress, also
    where Stripe refuses to end it, or to show its account, while the checkout can still be paid.
    """
    payment = await Payment.get(id=payment_id)
    if payment.state not in LIVE_PAYMENTS:
        return
    assert payment.stripe_account_id is not None
    try:
        if payment.checkout_session_id is None:
            fetched = await fetch_payment(payment, stripe=stripe)
            payment.checkout_session_id = fetched.session_id
        fetched = await stripe.expire_checkout(payment.checkout_session_id, account_id=payment.stripe_account_id)
    except StripeUnavailable:
        await mark_unknown(payment_id)
        raise ProviderUnavailable from None
    except StripeRefused as refused:
        await note_refusal(payment, refused)
        await _refuse_until_over(payment_id, refused.message)
        return
    await apply_payment(payment_id, fetched)
    if fetched.state in IN_FLIGHT:
        raise PaymentInProgress("A payment of this invoice is still being processed.")


async def _refuse_until_over(payment_id: UUID, reason: str) -> None:
    """Raises PaymentInProgress while a checkout that can't be ended may still be paid; it says until when."""
    payment = await Payment.get(id=payment_id)
    if payment.state in LIVE_PAYMENTS:
        raise PaymentInProgress(
            f"A checkout of this invoice can't be ended, and can be paid until"
            f" {askable_until(payment):%Y-%m-%d %H:%M} UTC. {reason}"
        )
