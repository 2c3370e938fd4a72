"""Fixtures that drive the Stripe simulator with Stripe's own client and judge every exchange after each test."""

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import pytest
import stripe
from stripe.checkout import Session

from sandbox.stripe.process import RunningStripe, running
from tests.sandbox.stripe_openapi import validate_log

API_VERSION = "2026-05-27.dahlia"
# Stripe's client hands httpx its form as `data`, which httpx 0.28 calls deprecated; nothing here could do otherwise.
CLIENT_WARNING = pytest.mark.filterwarnings("ignore:Use 'content=<...>' to upload raw bytes:DeprecationWarning")
SECRET_KEY = "sk_test_0123456789abcdef"
VISA, DECLINED = "4242424242424242", "4000000000000002"


@dataclass(frozen=True, slots=True)
class Shop:
    """A connected account that can charge, and Stripe's client to act for it."""

    server: RunningStripe
    client: stripe.StripeClient
    account: str

    @property
    def options(self) -> Any:
        return {"stripe_account": self.account}

    def order(self, amount: int = 12_345, currency: str = "usd", name: str = "Inspection", **changes: Any) -> Any:
        """The parameters of a session, as the gateway sends them."""
        price = {"currency": currency, "unit_amount": amount, "product_data": {"name": name}}
        return {
            "mode": "payment",
            "line_items": [{"price_data": price, "quantity": 1}],
            "success_url": "https://shop.test/paid?session={CHECKOUT_SESSION_ID}",
            "cancel_url": "https://shop.test/back",
            "client_reference_id": "payment-1",
            "metadata": {"payment_id": "payment-1"},
            "payment_intent_data": {"metadata": {"payment_id": "payment-1"}},
            **changes,
        }

    async def open(self, amount: int = 12_345, **changes: Any) -> Session:
        return await self.client.v1.checkout.sessions.create_async(self.order(amount, **changes), self.options)

    async def read(self, session: Session) -> Any:
        """The session with its payment intent and latest charge."""
        expand: Any = {"expand": ["payment_intent.latest_charge"]}
        return await self.client.v1.checkout.sessions.retrieve_async(session.id, expand, self.options)

    async def paid(self, amount: int = 12_345, **form: str) -> Any:
        """A session that somebody paid (by Visa unless told otherwise), as `read` gives it."""
        session = await self.open(amount)
        assert session.url is not None
        response = await self.server.pay(session.url, **(form or {"card": VISA}))
        assert response.status_code == 303, response.text
        return await self.read(session)

    async def refund(self, session: Any, **given: Any) -> stripe.Refund:
        parameters: Any = {"payment_intent": session.payment_intent.id, **given}
        return await self.client.v1.refunds.create_async(parameters, self.options)

    async def event_types(self) -> list[str]:
        """Oldest first."""
        events = await self.client.v1.events.list_async({"limit": 100}, self.options)
        return [event.type for event in reversed(events.data)]


@pytest.fixture(scope="session")
async def stripe_server() -> AsyncIterator[RunningStripe]:
    async with running() as server:
        yield server


@pytest.fixture
async def shop(stripe_server: RunningStripe) -> AsyncIterator[Shop]:
    await stripe_server.control("reset")
    account = await stripe_server.ready_account()
    http = stripe.HTTPXClient(timeout=10)
    client = stripe.StripeClient(
        SECRET_KEY,
        base_addresses={"api": stripe_server.url},
        http_client=http,
        stripe_version=API_VERSION,
        max_network_retries=0,
    )
    yield Shop(stripe_server, client, account)
    await http.close_async()  # type: ignore[no-untyped-call]
    validate_log(await stripe_server.requests(with_bodies=True))
