"""Stripe's HTTP client, which asks no faster than the rate limits allow. Loads Stripe's library at once."""

from collections.abc import Mapping
from typing import Any

import stripe

from gateways.stripe_rate_limits import StripeRateLimits, endpoint_of, retry_after_seconds


class LimitedClient(stripe.HTTPXClient):
    """Stripe's client, which waits for its turn before each request, those included that it repeats by itself."""

    def __init__(self, limits: StripeRateLimits | None, *, timeout: float) -> None:
        super().__init__(timeout=timeout)
        self._limits = limits

    async def request_async(
        self, method: str, url: str, headers: Mapping[str, str], post_data: Any = None
    ) -> tuple[bytes, int, Mapping[str, str]]:  # Any: Stripe's own, passed on.
        """Send the request, or raise the error of a 429 where its turn is too far away."""
        if self._limits is None:
            return await super().request_async(method, url, headers, post_data)
        account = headers.get("Stripe-Account", "platform")
        if seconds := await self._limits.wait(account, endpoint_of(method, url)):
            raise stripe.RateLimitError("It is not our turn.", headers={"retry-after": str(seconds)})
        content, status, answered = await super().request_async(method, url, headers, post_data)
        if status == 429:
            await self._limits.pause(account, retry_after_seconds(answered))
        return content, status, answered
