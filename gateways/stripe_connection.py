"""Connecting to Stripe: one gateway for a process, with its own connections."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from gateways.lazy_imports import import_when_used
from gateways.stripe import StripeGateway
from gateways.stripe_calls import CALL_SECONDS_MAX
from gateways.stripe_rate_limits import StripeRateLimits

if TYPE_CHECKING:
    import stripe
else:
    stripe = import_when_used("stripe")

API_VERSION = "2026-05-27.dahlia"
"""The version of the official OpenAPI description that tests validate every exchange against."""

NETWORK_RETRIES_MAX = 2


@asynccontextmanager
async def stripe_gateway(
    api_key: str, *, base_url: str, limits: StripeRateLimits | None = None
) -> AsyncIterator[StripeGateway]:
    """A gateway with its own connection pool, for as long as the block runs; it asks no faster than `limits` allow."""
    opened: list[stripe.HTTPXClient] = []

    def connect() -> stripe.StripeClient:
        from gateways.stripe_http import LimitedClient

        http = LimitedClient(limits, timeout=CALL_SECONDS_MAX)
        opened.append(http)
        return stripe.StripeClient(
            api_key,
            stripe_version=API_VERSION,
            base_addresses={"api": base_url},
            http_client=http,
            max_network_retries=NETWORK_RETRIES_MAX,
        )

    try:
        yield StripeGateway(connect)
    finally:
        for http in opened:
            await http.close_async()  # type: ignore[no-untyped-call]
