"""Stripe, as this product uses it: direct charges through hosted Checkout, answered in our own words."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cached_property, partial
from typing import TYPE_CHECKING
from uuid import UUID

from gateways.lazy_imports import import_when_used
from gateways.stripe_answers import (
    DISPUTES_LOST,
    DISPUTES_OPEN,
    EVENT_TYPES,
    BalanceTransaction,
    CheckoutRequest,
    ProviderAccount,
    ProviderEvent,
    ProviderPayment,
    ProviderRefund,
    account_of,
    add_balance_transaction,
    charge_of,
    event_of,
    ours,
    payment_of,
    refund_of,
)
from gateways.stripe_calls import (
    StripeAccountHidden,
    StripeListTooLong,
    StripeRateLimited,
    StripeRefused,
    StripeUnavailable,
    answer,
    pages,
)
from gateways.stripe_checkouts import checkout_params
from rules.states import PaymentMethod, PaymentState

if TYPE_CHECKING:
    import stripe
    from stripe import RequestOptions
    from stripe.params import AccountCreateParamsController, EventListParams
else:
    stripe = import_when_used("stripe")

__all__ = [
    "StripeAccountHidden",
    "StripeGateway",
    "StripeRateLimited",
    "StripeRefused",
    "StripeUnavailable",
]

PAGE = 100
CHECKOUT_PAGES_MAX = 50
REFUND_PAGES_MAX = 10
DISPUTE_PAGES_MAX = 10
EVENT_PAGES_MAX = 10
ACCOUNT_PAGES_MAX = 10
BALANCE_PAGES_MAX = 10_000
"""How many pages of 100 are read of each list; beyond, StripeListTooLong says that not all was seen."""

CLOCK_DIFFERENCE_MAX = timedelta(minutes=10)
"""How far Stripe's clock and ours may be apart, generously."""

CONTROLLER: AccountCreateParamsController = {
    "fees": {"payer": "account"},
    "losses": {"payments": "stripe"},
    "requirement_collection": "stripe",
    "stripe_dashboard": {"type": "full"},
}
"""Accounts as the deprecated type `standard` made them: Stripe bears their losses, collects what it must know of them
and bills them its fees; the company has Stripe's whole dashboard. See docs/decisions on Accounts v2."""


class StripeGateway:
    """Calls to Stripe. Every method raises StripeUnavailable or StripeRefused and nothing else."""

    def __init__(self, connect: Callable[[], stripe.StripeClient]) -> None:
        self._connect = connect

    @cached_property
    def _client(self) -> stripe.StripeClient:
        """Made with the first call: loading Stripe's library takes a tenth of the memory of a process."""
        return self._connect()

    async def create_checkout(self, request: CheckoutRequest) -> ProviderPayment:
        """Open a hosted checkout. Safe to repeat: the payment's id is the idempotency key.

        An email address that Stripe does not like is left out, under a key of its own: it keeps nobody from paying.
        """
        key = f"payment:{request.payment_id}"
        try:
            return await self._create_checkout(request, email=request.customer_email, key=key)
        except StripeRefused as refused:
            if refused.code != "email_invalid" or request.customer_email is None:
                raise
        return await self._create_checkout(request, email=None, key=f"{key}:no-email")

    async def _create_checkout(self, request: CheckoutRequest, *, email: str | None, key: str) -> ProviderPayment:
        params = checkout_params(request, email=email)
        session = await answer(
            "checkout.sessions.create",
            self._client.v1.checkout.sessions.create_async(
                params=params, options={"stripe_account": request.account_id, "idempotency_key": key}
            ),
        )
        return payment_of(session)

    async def read_checkout(self, session_id: str, *, account_id: str) -> ProviderPayment:
        """What became of a checkout."""
        session = await answer(
            "checkout.sessions.retrieve",
            self._client.v1.checkout.sessions.retrieve_async(
                session_id,
                params={"expand": ["payment_intent.latest_charge"]},
                options={"stripe_account": account_id},
            ),
        )
        fetched = payment_of(session)
        charge = charge_of(session)
        if charge is None or not charge.disputed:
            return fetched
        return await self._with_dispute(fetched, account_id=account_id)

    async def find_checkout(self, payment_id: UUID, *, account_id: str, since: datetime) -> ProviderPayment | None:
        """The checkout that was opened for a payment after `since`, where its creation never got an answer."""
        earliest = int((since - CLOCK_DIFFERENCE_MAX).timestamp())
        listed = partial(
            self._client.v1.checkout.sessions.list_async,
            params={"limit": PAGE, "created": {"gte": earliest}},
            options={"stripe_account": account_id},
        )
        async for session in pages("checkout.sessions", listed, CHECKOUT_PAGES_MAX):
            if session.client_reference_id == str(payment_id) and ours(session, "payment_id") == payment_id:
                return await self.read_checkout(session.id, account_id=account_id)
        return None

    async def _with_dispute(self, fetched: ProviderPayment, *, account_id: str) -> ProviderPayment:
        listed = partial(
            self._client.v1.disputes.list_async,
            params={"payment_intent": str(fetched.payment_intent_id), "limit": PAGE},
            options={"stripe_account": account_id},
        )
        disputes = [dispute async for dispute in pages("disputes", listed, DISPUTE_PAGES_MAX)]
        open_, lost = (
            sum(dispute.amount for dispute in disputes if dispute.status in statuses)
            for statuses in (DISPUTES_OPEN, DISPUTES_LOST)
        )
        taken_back = PaymentState.RETURNED if fetched.method is PaymentMethod.ACH else PaymentState.LOST
        if lost:
            return replace(fetched, state=taken_back, disputed_minor=lost)
        return replace(fetched, state=PaymentState.DISPUTED, disputed_minor=open_) if open_ else fetched

    async def create_refund(
        self, refund_id: UUID, *, payment_intent_id: str, account_id: str, amount_minor: int, tries: int
    ) -> ProviderRefund:
        """Give money back to whoever paid it. Safe to repeat within a day: the refund's id is the idempotency key.

        `tries` counts the keys that were given up; raise it only when certain that nothing was made under those.
        """
        key = f"refund:{refund_id}:{tries}" if tries else f"refund:{refund_id}"
        refund = await answer(
            "refunds.create",
            self._client.v1.refunds.create_async(
                params={
                    "payment_intent": payment_intent_id,
                    "amount": amount_minor,
                    "metadata": {"refund_id": str(refund_id)},
                },
                options={"stripe_account": account_id, "idempotency_key": key},
            ),
        )
        return refund_of(refund)

    async def list_refunds(self, payment_intent_id: str, *, account_id: str) -> list[ProviderRefund]:
        """Every refund of a payment."""
        listed = partial(
            self._client.v1.refunds.list_async,
            params={"payment_intent": payment_intent_id, "limit": PAGE},
            options={"stripe_account": account_id},
        )
        return [refund_of(refund) async for refund in pages("refunds", listed, REFUND_PAGES_MAX)]

    async def list_events(self, account_id: str, *, after_event_id: str | None) -> tuple[list[ProviderEvent], bool]:
        """What happened on an account after an event, oldest first, at most 100; and whether there is more.

        Without an event to begin after, all that Stripe still has, as far as EVENT_PAGES_MAX reach back.
        """
        list_async = self._client.v1.events.list_async
        params: EventListParams = {"limit": PAGE, "types": EVENT_TYPES}
        options: RequestOptions = {"stripe_account": account_id}
        if after_event_id is None:
            found: list[ProviderEvent] = []
            with suppress(StripeListTooLong):  # It is logged; the newest of them say enough of what is older.
                async for event in pages("events", partial(list_async, params, options), EVENT_PAGES_MAX):
                    found.append(event_of(event))  # noqa: PERF401 - what was read before it raises counts
            return found[::-1], False
        params["ending_before"] = after_event_id
        events = await answer("events.list", list_async(params, options))
        return [event_of(event) for event in reversed(events.data)], bool(events.has_more)

    async def expire_checkout(self, session_id: str, *, account_id: str) -> ProviderPayment:
        """End an open checkout, so that nobody can pay it any more; one that ended otherwise is read instead."""
        with suppress(StripeRefused):  # It is complete or has expired already: reading tells which.
            await answer(
                "checkout.sessions.expire",
                self._client.v1.checkout.sessions.expire_async(session_id, options={"stripe_account": account_id}),
            )
        return await self.read_checkout(session_id, account_id=account_id)

    async def read_balance_transactions(self, account_id: str) -> dict[str, BalanceTransaction]:
        """Every transaction of an account's balance, summed by payment intent. Reads all pages: for reconciliation."""
        balance_transactions: dict[str, BalanceTransaction] = {}
        listed = partial(
            self._client.v1.balance_transactions.list_async,
            params={"limit": PAGE, "expand": ["data.source"]},
            options={"stripe_account": account_id},
        )
        async for moved in pages("balance_transactions", listed, BALANCE_PAGES_MAX):
            add_balance_transaction(balance_transactions, moved)
        return balance_transactions

    async def create_account(self, company_id: UUID, *, connection_id: UUID) -> ProviderAccount:
        """A connected account for a company to onboard with. Safe to repeat within a day: the connection is the key."""
        account = await answer(
            "accounts.create",
            self._client.v1.accounts.create_async(
                params={
                    "controller": CONTROLLER,
                    "metadata": {"company_id": str(company_id), "connection_id": str(connection_id)},
                },
                options={"idempotency_key": f"account:{connection_id}"},
            ),
        )
        return account_of(account)

    async def find_account(self, connection_id: UUID, *, since: datetime, until: datetime) -> ProviderAccount | None:
        """The account that was created for a connection between the two, where its creation never got an answer."""
        earliest, latest = (
            int(moment.timestamp()) for moment in (since - CLOCK_DIFFERENCE_MAX, until + CLOCK_DIFFERENCE_MAX)
        )
        listed = partial(
            self._client.v1.accounts.list_async,
            params={"limit": PAGE, "created": {"gte": earliest, "lte": latest}},
        )
        async for account in pages("accounts", listed, ACCOUNT_PAGES_MAX):
            if ours(account, "connection_id") == connection_id:
                return account_of(account)
        return None

    async def read_account(self, account_id: str) -> ProviderAccount:
        """Whether the connected account is able to charge now."""
        return account_of(await answer("accounts.retrieve", self._client.v1.accounts.retrieve_async(account_id)))

    async def create_onboarding_url(self, account_id: str, *, refresh_url: str, return_url: str) -> str:
        """A single-use address at which the company completes its Stripe account."""
        link = await answer(
            "account_links.create",
            self._client.v1.account_links.create_async(
                params={
                    "account": account_id,
                    "refresh_url": refresh_url,
                    "return_url": return_url,
                    "type": "account_onboarding",
                }
            ),
        )
        return str(link.url)
