"""Asking Stripe about one payment, and opening its checkout."""

from gateways.stripe import StripeGateway
from gateways.stripe_answers import CheckoutRequest, ProviderPayment
from models import Invoice, Payment
from rules.links import with_outcome


async def fetch_payment(payment: Payment, *, stripe: StripeGateway) -> ProviderPayment:
    """Ask Stripe what became of a payment; finishes a call that a crash or lost reply left half done.

    Raises StripeUnavailable or StripeRefused.
    """
    assert payment.stripe_account_id is not None, "only payments through Stripe are fetched"
    if payment.checkout_session_id is None:
        return await stripe.create_checkout(checkout_request(payment, await Invoice.get(id=payment.invoice_id)))
    return await stripe.read_checkout(payment.checkout_session_id, account_id=payment.stripe_account_id)


def checkout_request(payment: Payment, invoice: Invoice) -> CheckoutRequest:
    """The request for a payment's checkout: the same each time it is made, as its idempotency key demands."""
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
        success_url=with_outcome(payment.return_url, "success"),
        cancel_url=with_outcome(payment.return_url, "canceled"),
        customer_email=payment.checkout_email,
        expires_at=payment.checkout_expires_at,
    )
