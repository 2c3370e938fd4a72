"""What Stripe answers, in our own words: frozen values, and how they are read off Stripe's objects."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING, TypedDict
from uuid import UUID

from gateways.lazy_imports import import_when_used
from rules.states import PaymentMethod, PaymentState, RefundStatus

if TYPE_CHECKING:
    import stripe
else:
    stripe = import_when_used("stripe")

EVENT_TYPES = [
    "account.updated",
    "charge.dispute.closed",
    "charge.dispute.created",
    "charge.dispute.updated",
    "charge.refunded",
    "checkout.session.async_payment_failed",
    "checkout.session.async_payment_succeeded",
    "checkout.session.completed",
    "checkout.session.expired",
    "refund.created",
    "refund.failed",
    "refund.updated",
]
"""The events after which one of our rows may need another look."""

FAILURE_LENGTH_MAX = 500
"""What is kept of Stripe's sentence about a decline."""

DISPUTES_OPEN = ("needs_response", "under_review")
DISPUTES_LOST = ("lost",)
_REFUND_STATUSES = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELED,
}


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What a payment's checkout asks Stripe for. Amounts in minor units."""

    payment_id: UUID
    invoice_id: UUID
    account_id: str
    amount_minor: int
    currency: str
    title: str
    success_url: str
    cancel_url: str
    customer_email: str | None
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ProviderPayment:
    """What Stripe says of one checkout and its payment."""

    session_id: str
    url: str | None
    expires_at: datetime
    state: PaymentState
    payment_intent_id: str | None = None
    charge_id: str | None = None
    method: PaymentMethod | None = None
    card_brand: str | None = None
    card_last4: str | None = None
    failure_message: str | None = None
    disputed_minor: int = 0
    has_refunds: bool = False


@dataclass(frozen=True, slots=True)
class ProviderRefund:
    """What Stripe says of one refund. `refund_id` is ours, where the refund is ours."""

    stripe_refund_id: str
    refund_id: UUID | None
    amount_minor: int
    status: RefundStatus


@dataclass(frozen=True, slots=True)
class BalanceTransaction:
    """What Stripe's balance says of one payment intent, in minor units: money that came, went back, and was taken.

    `ours` where its charge names a payment and an invoice of ours: companies take other payments on their accounts too.
    """

    payment_intent_id: str
    ours: bool = False
    captured: int = 0
    refunded: int = 0
    taken_back: int = 0


@dataclass(frozen=True, slots=True)
class ProviderEvent:
    """Which of an account's objects an event was about; what became of it is asked for, never believed."""

    event_id: str
    about_account: bool
    payment_intent_id: str | None
    session_id: str | None


@dataclass(frozen=True, slots=True)
class ProviderAccount:
    """Whether a connected account can take payments."""

    account_id: str
    charges_enabled: bool
    details_submitted: bool
    disabled_reason: str | None = None

    @property
    def rejected(self) -> bool:
        """Whether Stripe, or its risk rules, closed the account to payments for good."""
        return bool(self.disabled_reason and self.disabled_reason.startswith("rejected."))


def account_of(account: stripe.Account) -> ProviderAccount:
    return ProviderAccount(
        account_id=account.id,
        charges_enabled=bool(account.charges_enabled),
        details_submitted=bool(account.details_submitted),
        disabled_reason=getattr(getattr(account, "requirements", None), "disabled_reason", None),
    )


def ours(item: object, name: str) -> UUID | None:
    """The id of ours that an object's metadata holds. Whatever others wrote there is theirs, and no error."""
    written = getattr(getattr(item, "metadata", None), name, None)
    if not isinstance(written, str):
        return None
    try:
        found = UUID(written)
    except ValueError:
        return None
    # Written exactly as we write them, with the version of our keys.
    return found if str(found) == written and found.version == 7 else None


def payment_of(session: stripe.checkout.Session) -> ProviderPayment:
    intent, charge = _intent(session), charge_of(session)
    failure = intent.last_payment_error if intent is not None else None
    return ProviderPayment(
        session_id=session.id,
        url=session.url,
        expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        state=_state(session, intent),
        payment_intent_id=intent.id if intent is not None else _text(session, "payment_intent"),
        charge_id=charge.id if charge is not None else None,
        failure_message=failure.message[:FAILURE_LENGTH_MAX] if failure is not None and failure.message else None,
        has_refunds=bool(charge is not None and charge.amount_refunded),
        **_method(charge),
    )


def _intent(session: stripe.checkout.Session) -> stripe.PaymentIntent | None:
    """The payment intent, where it was expanded."""
    intent = session.payment_intent
    return intent if isinstance(intent, stripe.PaymentIntent) else None


def charge_of(session: stripe.checkout.Session) -> stripe.Charge | None:
    """The payment intent's newest charge, where it was expanded."""
    intent = _intent(session)
    charge = intent.latest_charge if intent is not None else None
    return charge if isinstance(charge, stripe.Charge) else None


def refund_of(refund: stripe.Refund) -> ProviderRefund:
    return ProviderRefund(
        stripe_refund_id=refund.id,
        refund_id=ours(refund, "refund_id"),
        amount_minor=refund.amount,
        status=_REFUND_STATUSES.get(refund.status or "", RefundStatus.PENDING),
    )


def add_balance_transaction(
    balance_transactions: dict[str, BalanceTransaction], transaction: stripe.BalanceTransaction
) -> None:
    source = transaction.source
    kind = getattr(source, "object", None)
    intent = _text(source, "payment_intent")
    if intent is None:
        return
    known = balance_transactions.get(intent, BalanceTransaction(intent))
    if kind == "refund":
        known = replace(known, refunded=known.refunded - transaction.amount)
    elif kind == "dispute":
        known = replace(known, taken_back=known.taken_back - transaction.amount)
    else:
        is_ours = known.ours or bool(ours(source, "payment_id") and ours(source, "invoice_id"))
        known = replace(known, captured=known.captured + transaction.amount, ours=is_ours)
    balance_transactions[intent] = known


def event_of(event: stripe.Event) -> ProviderEvent:
    item = event.data.object
    kind = getattr(item, "object", None)
    return ProviderEvent(
        event_id=event.id,
        about_account=kind == "account",
        payment_intent_id=_text(item, "payment_intent"),
        session_id=_text(item, "id") if kind == "checkout.session" else None,
    )


def _text(item: object, name: str) -> str | None:
    """A field that may be absent, null, or an object in place of its id: then there is nothing of ours to look up."""
    value = getattr(item, name, None)
    return value if isinstance(value, str) else None


def _state(session: stripe.checkout.Session, intent: stripe.PaymentIntent | None) -> PaymentState:
    if session.payment_status == "paid":
        return PaymentState.SUCCEEDED
    if intent is not None and intent.status == "processing":
        return PaymentState.PROCESSING
    if session.status == "open":
        return PaymentState.REQUIRES_ACTION
    if session.status == "expired":
        return PaymentState.CANCELED
    if intent is not None and intent.status == "succeeded":
        return PaymentState.SUCCEEDED
    if intent is not None and intent.status in ("requires_payment_method", "canceled"):
        return PaymentState.FAILED
    return PaymentState.PROCESSING


class _Method(TypedDict, total=False):
    """How a payment was made, as far as its charge tells."""

    method: PaymentMethod
    card_brand: str | None
    card_last4: str | None


def _method(charge: stripe.Charge | None) -> _Method:
    details = charge.payment_method_details if charge is not None else None
    if details is None:
        return {}
    if details.type == "us_bank_account":
        return {"method": PaymentMethod.ACH, "card_last4": None}
    card = details.card if details.type == "card" else None
    if card is None:
        return {"method": PaymentMethod.OTHER}
    return {"method": PaymentMethod.CARD, "card_brand": card.brand, "card_last4": card.last4}
