"""Stripe, as this product uses it: direct charges through hosted Checkout, answered in our own words."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any, TypeVar
from uuid import UUID

import stripe

from rules.states import PaymentMethod, PaymentState, RefundStatus

API_VERSION = "2026-05-27.dahlia"
"""The version of the official OpenAPI description that tests validate every exchange against."""

CALL_SECONDS_MAX = 20.0
NETWORK_RETRIES_MAX = 2

NEWS_TYPES = [
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

_DISPUTES_OPEN = ("needs_response", "under_review")
_DISPUTES_LOST = ("lost",)
_REFUND_STATUSES = {
    "succeeded": RefundStatus.SUCCEEDED,
    "failed": RefundStatus.FAILED,
    "canceled": RefundStatus.CANCELED,
}

Answer = TypeVar("Answer")


class StripeUnavailable(Exception):
    """No usable answer: a time-out, a lost connection, a rate limit or a fault at Stripe. The call may have worked."""


class StripeRefused(Exception):
    """Stripe said no; repeating the same call would not help. The message is Stripe's, for people."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class CheckoutRequest:
    """What one attempt at paying asks Stripe for. Amounts in minor units; no personal data."""

    payment_id: UUID
    invoice_id: UUID
    account_id: str
    amount_minor: int
    currency: str
    title: str
    success_url: str
    cancel_url: str
    expires_at: datetime


@dataclass(frozen=True, slots=True)
class ObservedPayment:
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
class ObservedRefund:
    """What Stripe says of one refund. `refund_id` is ours, where the refund is ours."""

    stripe_refund_id: str
    refund_id: UUID | None
    amount_minor: int
    status: RefundStatus


@dataclass(frozen=True, slots=True)
class News:
    """Which of an account's objects an event was about; what became of it is asked for, never believed."""

    event_id: str
    about_account: bool
    payment_intent_id: str | None
    session_id: str | None


@dataclass(frozen=True, slots=True)
class ObservedAccount:
    """Whether a connected account can take payments."""

    account_id: str
    charges_enabled: bool
    details_submitted: bool


class StripeGateway:
    """Calls to Stripe. Every method raises StripeUnavailable or StripeRefused and nothing else."""

    def __init__(self, client: stripe.StripeClient) -> None:
        self._client = client

    async def create_checkout(self, request: CheckoutRequest) -> ObservedPayment:
        """Open a hosted checkout. Safe to repeat: the payment's id is the idempotency key."""
        references = {"payment_id": str(request.payment_id), "invoice_id": str(request.invoice_id)}
        session = await _answer(
            self._client.v1.checkout.sessions.create_async(
                params={
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
                },
                options={"stripe_account": request.account_id, "idempotency_key": f"payment:{request.payment_id}"},
            )
        )
        return _observed(session)

    async def read_checkout(self, session_id: str, *, account_id: str) -> ObservedPayment:
        """What became of a checkout."""
        session = await _answer(
            self._client.v1.checkout.sessions.retrieve_async(
                session_id,
                params={"expand": ["payment_intent.latest_charge"]},
                options={"stripe_account": account_id},
            )
        )
        observed = _observed(session)
        charge = _charge(session)
        if charge is None or not charge.disputed:
            return observed
        return await self._with_dispute(observed, account_id=account_id)

    async def _with_dispute(self, observed: ObservedPayment, *, account_id: str) -> ObservedPayment:
        disputes = await _answer(
            self._client.v1.disputes.list_async(
                params={"payment_intent": str(observed.payment_intent_id), "limit": 100},
                options={"stripe_account": account_id},
            )
        )
        open_, lost = (
            sum(dispute.amount for dispute in disputes.data if dispute.status in statuses)
            for statuses in (_DISPUTES_OPEN, _DISPUTES_LOST)
        )
        taken_back = PaymentState.RETURNED if observed.method is PaymentMethod.ACH else PaymentState.LOST
        if lost:
            return replace(observed, state=taken_back, disputed_minor=lost)
        return replace(observed, state=PaymentState.DISPUTED, disputed_minor=open_) if open_ else observed

    async def create_refund(
        self, refund_id: UUID, *, payment_intent_id: str, account_id: str, amount_minor: int
    ) -> ObservedRefund:
        """Give money back to whoever paid it. Safe to repeat within a day: the refund's id is the idempotency key."""
        refund = await _answer(
            self._client.v1.refunds.create_async(
                params={
                    "payment_intent": payment_intent_id,
                    "amount": amount_minor,
                    "metadata": {"refund_id": str(refund_id)},
                },
                options={"stripe_account": account_id, "idempotency_key": f"refund:{refund_id}"},
            )
        )
        return _observed_refund(refund)

    async def list_refunds(self, payment_intent_id: str, *, account_id: str) -> list[ObservedRefund]:
        """Every refund of a payment, at most 100."""
        refunds = await _answer(
            self._client.v1.refunds.list_async(
                params={"payment_intent": payment_intent_id, "limit": 100}, options={"stripe_account": account_id}
            )
        )
        return [_observed_refund(refund) for refund in refunds.data]

    async def list_news(self, account_id: str, *, after_event_id: str | None) -> tuple[list[News], bool]:
        """What happened on an account after an event, oldest first, at most 100; and whether there is more."""
        params: Any = {"limit": 100, "types": NEWS_TYPES}
        if after_event_id:
            params["ending_before"] = after_event_id
        events = await _answer(self._client.v1.events.list_async(params=params, options={"stripe_account": account_id}))
        return [_news(event) for event in reversed(events.data)], bool(after_event_id and events.has_more)

    async def expire_checkout(self, session_id: str, *, account_id: str) -> ObservedPayment:
        """End an open checkout, so that nobody can pay it any more; one that ended otherwise is read instead."""
        with suppress(StripeRefused):  # It is complete or has expired already: reading tells which.
            await _answer(
                self._client.v1.checkout.sessions.expire_async(session_id, options={"stripe_account": account_id})
            )
        return await self.read_checkout(session_id, account_id=account_id)

    async def create_account(self, company_id: UUID, *, idempotency_key: str) -> ObservedAccount:
        """A connected account for a company to onboard with."""
        account = await _answer(
            self._client.v1.accounts.create_async(
                params={"type": "standard", "metadata": {"company_id": str(company_id)}},
                options={"idempotency_key": idempotency_key},
            )
        )
        return _account(account)

    async def read_account(self, account_id: str) -> ObservedAccount:
        """Whether the connected account is able to charge now."""
        return _account(await _answer(self._client.v1.accounts.retrieve_async(account_id)))

    async def create_onboarding_url(self, account_id: str, *, refresh_url: str, return_url: str) -> str:
        """A single-use address at which the company completes its Stripe account."""
        link = await _answer(
            self._client.v1.account_links.create_async(
                params={
                    "account": account_id,
                    "refresh_url": refresh_url,
                    "return_url": return_url,
                    "type": "account_onboarding",
                }
            )
        )
        return str(link.url)


@asynccontextmanager
async def stripe_gateway(api_key: str, *, base_url: str) -> AsyncIterator[StripeGateway]:
    """A gateway with its own connection pool, for as long as the block runs."""
    http = stripe.HTTPXClient(timeout=CALL_SECONDS_MAX)
    client = stripe.StripeClient(
        api_key,
        stripe_version=API_VERSION,
        base_addresses={"api": base_url},
        http_client=http,
        max_network_retries=NETWORK_RETRIES_MAX,
    )
    try:
        yield StripeGateway(client)
    finally:
        await http.close_async()  # type: ignore[no-untyped-call]


async def _answer(call: Awaitable[Answer]) -> Answer:
    try:
        async with asyncio.timeout(CALL_SECONDS_MAX):
            return await call
    except (TimeoutError, stripe.APIConnectionError, stripe.RateLimitError) as error:
        raise StripeUnavailable(type(error).__name__) from error
    except stripe.StripeError as error:
        if error.http_status is None or error.http_status >= 500 or error.http_status == 409:
            raise StripeUnavailable(type(error).__name__) from error
        raise StripeRefused(error.user_message or "Stripe refused the request.", error.code) from error


def _account(account: Any) -> ObservedAccount:
    return ObservedAccount(
        account_id=account.id,
        charges_enabled=bool(account.charges_enabled),
        details_submitted=bool(account.details_submitted),
    )


def _observed(session: Any) -> ObservedPayment:
    intent, charge = _intent(session), _charge(session)
    failure = intent.last_payment_error if intent is not None else None
    return ObservedPayment(
        session_id=session.id,
        url=session.url,
        expires_at=datetime.fromtimestamp(session.expires_at, UTC),
        state=_state(session, intent),
        payment_intent_id=intent.id if intent is not None else session.payment_intent,
        charge_id=charge.id if charge is not None else None,
        failure_message=failure.message if failure is not None else None,
        has_refunds=bool(charge is not None and charge.amount_refunded),
        **_method(charge),
    )


def _intent(session: Any) -> Any:
    """The payment intent, where it was expanded."""
    return session.payment_intent if not isinstance(session.payment_intent, str) else None


def _charge(session: Any) -> Any:
    """The payment intent's newest charge, where it was expanded."""
    intent = _intent(session)
    return intent.latest_charge if intent is not None and not isinstance(intent.latest_charge, str) else None


def _observed_refund(refund: Any) -> ObservedRefund:
    ours = getattr(refund.metadata, "refund_id", None)
    return ObservedRefund(
        stripe_refund_id=refund.id,
        refund_id=UUID(ours) if ours else None,
        amount_minor=refund.amount,
        status=_REFUND_STATUSES.get(refund.status, RefundStatus.PENDING),
    )


def _news(event: Any) -> News:
    item = event.data.object
    payment_intent_id = item.id if item.object == "payment_intent" else getattr(item, "payment_intent", None)
    return News(
        event_id=event.id,
        about_account=item.object == "account",
        payment_intent_id=payment_intent_id,
        session_id=item.id if item.object == "checkout.session" else None,
    )


def _state(session: Any, intent: Any) -> PaymentState:
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


def _method(charge: Any) -> dict[str, Any]:
    details = charge.payment_method_details if charge is not None else None
    if details is None:
        return {}
    if details.type == "us_bank_account":
        return {"method": PaymentMethod.ACH, "card_last4": None}
    card = details.card if details.type == "card" else None
    if card is None:
        return {"method": PaymentMethod.OTHER}
    return {"method": PaymentMethod.CARD, "card_brand": card.brand, "card_last4": card.last4}
