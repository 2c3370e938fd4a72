"""What Stripe is asked for when a checkout is opened."""

from __future__ import annotations

from typing import TYPE_CHECKING

from gateways.stripe_answers import CheckoutRequest

if TYPE_CHECKING:
    from stripe.params.checkout import SessionCreateParams


def checkout_params(request: CheckoutRequest, *, email: str | None) -> SessionCreateParams:
    """One line for the whole amount; nothing personal but the `email` that the page fills in, if there is one."""
    references = {"payment_id": str(request.payment_id), "invoice_id": str(request.invoice_id)}
    params: SessionCreateParams = {
        "mode": "payment",
        "line_items": [
            {
                "quantity": 1,
                "price_data": {
                    "currency": request.currency.lower(),
                    "unit_amount": request.amount_minor,
                    "product_data": {"name": request.title},
                },
            }
        ],
        "success_url": request.success_url,
        "cancel_url": request.cancel_url,
        "expires_at": int(request.expires_at.timestamp()),
        "client_reference_id": str(request.payment_id),
        "metadata": references,
        "payment_intent_data": {"metadata": references},
    }
    if email is not None:
        params["customer_email"] = email
    return params
