"""Stripe, as this product uses it: direct charges through hosted Checkout, answered in our own words."""

import asyncio
from collections.abc import AsyncIterator, Awaitable
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any, TypeVar
from uuid import UUID

import stripe

from gateways.stripe_answers import (
    DISPUTES_LOST,
    DISPUTES_OPEN,
    NEWS_TYPES,
    CheckoutRequest,
    Movement,
    News,
    ObservedAccount,
    ObservedPayment,
    ObservedRefund,
    account_of,
    add_movement,
    charge_of,
    news_of,
    payment_of,
    refund_of,
)
from rules.states import PaymentMethod, PaymentState

API_VERSION = "2026-05-27.dahlia"
"""The version of the official OpenAPI description that tests validate every exchange against."""

CALL_SECONDS_MAX = 20.0
PAGES_MAX = 10
CLOCK_DIFFERENCE_MAX = timedelta(minutes=10)
"""How far Stripe's clock and ours may be apart, generously."""

NETWORK_RETRIES_MAX = 2

Answer = TypeVar("Answer")


class StripeUnavailable(Exception):
    """No usable answer: a time-out, a lost connection, a rate limit or a fault at Stripe. The call may have worked."""


class StripeRefused(Exception):
    """Stripe said no; repeating the same call would not help. The message is Stripe's, for people."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


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
        return payment_of(session)

    async def read_checkout(self, session_id: str, *, account_id: str) -> ObservedPayment:
        """What became of a checkout."""
        session = await _answer(
            self._client.v1.checkout.sessions.retrieve_async(
                session_id,
                params={"expand": ["payment_intent.latest_charge"]},
                options={"stripe_account": account_id},
            )
        )
        observed = payment_of(session)
        charge = charge_of(session)
        if charge is None or not charge.disputed:
            return observed
        return await self._with_dispute(observed, account_id=account_id)

    async def find_checkout(self, payment_id: UUID, *, account_id: str, since: datetime) -> ObservedPayment | None:
        """The checkout that was opened for a payment after `since`, where its creation never got an answer."""
        params: Any = {"limit": 100, "created": {"gte": int((since - CLOCK_DIFFERENCE_MAX).timestamp())}}
        for _ in range(PAGES_MAX):
            page = await _answer(
                self._client.v1.checkout.sessions.list_async(params=params, options={"stripe_account": account_id})
            )
            for session in page.data:
                if session.client_reference_id == str(payment_id):
                    return await self.read_checkout(session.id, account_id=account_id)
            if not page.has_more:
                return None
            params["starting_after"] = page.data[-1].id
        raise StripeUnavailable(f"more than {PAGES_MAX} pages of checkouts")

    async def _with_dispute(self, observed: ObservedPayment, *, account_id: str) -> ObservedPayment:
        disputes = await _answer(
            self._client.v1.disputes.list_async(
                params={"payment_intent": str(observed.payment_intent_id), "limit": 100},
                options={"stripe_account": account_id},
            )
        )
        open_, lost = (
            sum(dispute.amount for dispute in disputes.data if dispute.status in statuses)
            for statuses in (DISPUTES_OPEN, DISPUTES_LOST)
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
        return refund_of(refund)

    async def list_refunds(self, payment_intent_id: str, *, account_id: str) -> list[ObservedRefund]:
        """Every refund of a payment."""
        found: list[ObservedRefund] = []
        params: Any = {"payment_intent": payment_intent_id, "limit": 100}
        while True:
            page = await _answer(
                self._client.v1.refunds.list_async(params=params, options={"stripe_account": account_id})
            )
            found += [refund_of(refund) for refund in page.data]
            if not page.has_more:
                return found
            params["starting_after"] = page.data[-1].id

    async def list_news(self, account_id: str, *, after_event_id: str | None) -> tuple[list[News], bool]:
        """What happened on an account after an event, oldest first, at most 100; and whether there is more."""
        params: Any = {"limit": 100, "types": NEWS_TYPES}
        if after_event_id:
            params["ending_before"] = after_event_id
        events = await _answer(self._client.v1.events.list_async(params=params, options={"stripe_account": account_id}))
        return [news_of(event) for event in reversed(events.data)], bool(after_event_id and events.has_more)

    async def expire_checkout(self, session_id: str, *, account_id: str) -> ObservedPayment:
        """End an open checkout, so that nobody can pay it any more; one that ended otherwise is read instead."""
        with suppress(StripeRefused):  # It is complete or has expired already: reading tells which.
            await _answer(
                self._client.v1.checkout.sessions.expire_async(session_id, options={"stripe_account": account_id})
            )
        return await self.read_checkout(session_id, account_id=account_id)

    async def read_movements(self, account_id: str) -> dict[str, Movement]:
        """Every movement of an account's balance, summed by payment intent. Reads all pages: for audits."""
        movements: dict[str, Movement] = {}
        params: Any = {"limit": 100, "expand": ["data.source"]}
        while True:
            page = await _answer(
                self._client.v1.balance_transactions.list_async(params=params, options={"stripe_account": account_id})
            )
            for transaction in page.data:
                add_movement(movements, transaction)
            if not page.has_more:
                return movements
            params["starting_after"] = page.data[-1].id

    async def create_account(self, company_id: UUID, *, idempotency_key: str) -> ObservedAccount:
        """A connected account for a company to onboard with."""
        account = await _answer(
            self._client.v1.accounts.create_async(
                params={"type": "standard", "metadata": {"company_id": str(company_id)}},
                options={"idempotency_key": idempotency_key},
            )
        )
        return account_of(account)

    async def read_account(self, account_id: str) -> ObservedAccount:
        """Whether the connected account is able to charge now."""
        return account_of(await _answer(self._client.v1.accounts.retrieve_async(account_id)))

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
