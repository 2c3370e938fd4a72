"""Stripe's webhooks: whether a delivery is genuine, and which account it is about."""

import json

import stripe

from rules import clock

TOLERANCE_SECONDS = 300
"""How far a delivery's time may lie from ours, on either side; Stripe's library lets the future pass."""


class WebhookInvalid(Exception):
    """A delivery that Stripe did not make, or not now."""


def read_webhook(body: bytes, signature: str, *, secret: str) -> str | None:
    """The connected account that a genuine delivery is about; None for the platform's own.

    Raises WebhookInvalid. What the event says is not believed: it only tells where to look.
    """
    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature, secret, tolerance=TOLERANCE_SECONDS)
        sent = next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))
        event = json.loads(body)
    except (stripe.SignatureVerificationError, ValueError, StopIteration) as error:
        raise WebhookInvalid(type(error).__name__) from None
    if sent > clock.now().timestamp() + TOLERANCE_SECONDS or not isinstance(event, dict):
        raise WebhookInvalid("time or shape")
    account = event.get("account")
    return account if isinstance(account, str) else None
