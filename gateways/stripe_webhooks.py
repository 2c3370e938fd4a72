"""Stripe's webhooks: whether a delivery is genuine, and which account it is about."""

import json
from typing import TYPE_CHECKING, TypeGuard

from gateways.lazy_imports import import_when_used
from rules import clock

if TYPE_CHECKING:
    import stripe
else:
    stripe = import_when_used("stripe")

TOLERANCE_SECONDS = 300
"""How far a delivery's time may lie from ours, on either side; Stripe's library lets the future pass."""

ACCOUNT_ID_LENGTH_MAX = 255
"""Stripe's own bound of an identifier: https://docs.stripe.com/upgrades#what-changes-does-stripe-consider-to-be-backwards-compatible"""


class WebhookInvalid(Exception):
    """A delivery that Stripe did not make, or not now."""


def read_webhook(body: bytes, signature: str, *, secret: str) -> str | None:
    """The connected account that a genuine delivery is about; None for the platform's own.

    Raises WebhookInvalid. What the event says is not believed: it only tells where to look.
    """
    if not signature.isascii():  # Stripe's library would compare it, and Python compares no such texts in safe time.
        raise WebhookInvalid("signature")
    try:
        stripe.WebhookSignature.verify_header(body.decode(), signature, secret, tolerance=TOLERANCE_SECONDS)
        sent = next(int(part[2:]) for part in signature.split(",") if part.startswith("t="))
        event = json.loads(body)
    except (stripe.SignatureVerificationError, ValueError, StopIteration, RecursionError) as error:
        raise WebhookInvalid(type(error).__name__) from None
    if sent > clock.now().timestamp() + TOLERANCE_SECONDS or not isinstance(event, dict):
        raise WebhookInvalid("time or shape")
    account = event.get("account")
    return account if _is_identifier(account) else None


def _is_identifier(account: object) -> TypeGuard[str]:
    """Anything else names no account, and may not even fit into a column."""
    return (
        isinstance(account, str)
        and account.isascii()
        and account.isprintable()
        and len(account) <= ACCOUNT_ID_LENGTH_MAX
    )
