"""One call to Stripe: bounded in time, logged without its contents, and failing in our own words."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from time import monotonic
from typing import TYPE_CHECKING, TypeVar

import structlog

from gateways.lazy_imports import import_when_used
from gateways.metrics import STRIPE_CALL_SECONDS
from gateways.stripe_rate_limits import retry_after_seconds

if TYPE_CHECKING:
    import stripe
else:
    stripe = import_when_used("stripe")

ACCOUNT_HIDDEN = "account_invalid"
"""Stripe's code where an account revoked our access, was closed, or never existed; the status is 403, and stays."""

HIDDEN = "Stripe no longer shows us this account: it took back our access, or was closed."

CALL_SECONDS_MAX = 20.0

Answer = TypeVar("Answer")
Item = TypeVar("Item", bound="stripe.StripeObject")

log = structlog.get_logger(__name__)


class StripeUnavailable(Exception):
    """No usable answer: a time-out, a lost connection, a rate limit or a fault at Stripe. The call may have worked."""


class StripeRateLimited(StripeUnavailable):
    """Stripe was asked too often; it did nothing, and says, or we guess, when to ask again."""

    def __init__(self, retry_after_seconds: float) -> None:
        super().__init__("RateLimitError")
        self.retry_after_seconds = retry_after_seconds


class StripeListTooLong(StripeUnavailable):
    """A list at Stripe went on beyond what we read of it, so that nothing can be said of all of it."""

    def __init__(self, what: str, pages: int) -> None:
        super().__init__(f"more than {pages} pages of {what}")


class StripeRefused(Exception):
    """Stripe said no; repeating the same call would not help. The message is Stripe's, for people."""

    def __init__(self, message: str, code: str | None) -> None:
        super().__init__(message)
        self.message = message
        self.code = code


class StripeAccountHidden(StripeRefused):
    """Stripe doesn't show us the account, nor anything on it: it revoked our access, or was closed."""


async def answer(endpoint: str, call: Awaitable[Answer]) -> Answer:
    """What Stripe answers; one line of log says how it went. Raises StripeUnavailable or StripeRefused."""
    started = monotonic()
    try:
        async with asyncio.timeout(CALL_SECONDS_MAX):
            answered = await call
    except (TimeoutError, stripe.StripeError) as error:
        ours = _in_our_words(error)
        _log(endpoint, type(ours).__name__, started, getattr(error, "request_id", None), fault=type(error).__name__)
        raise ours from error
    response = getattr(answered, "last_response", None)
    _log(endpoint, "ok", started, getattr(response, "request_id", None))
    return answered


def _log(endpoint: str, outcome: str, started: float, request_id: str | None, **more: str) -> None:
    seconds = monotonic() - started
    STRIPE_CALL_SECONDS.labels(endpoint, outcome).observe(seconds)
    duration_ms = round(seconds * 1000)
    level = log.info if outcome == "ok" else log.warning
    level("stripe_call", endpoint=endpoint, outcome=outcome, duration_ms=duration_ms, request_id=request_id, **more)


def _in_our_words(error: Exception) -> StripeUnavailable | StripeRefused:
    """A refusal only where Stripe understood and said no; what is wrong with our own key is no answer to the call."""
    if isinstance(error, stripe.RateLimitError):
        return StripeRateLimited(retry_after_seconds(error.headers or {}))
    unanswered = (TimeoutError, stripe.APIConnectionError, stripe.AuthenticationError)
    if isinstance(error, unanswered) or not isinstance(error, stripe.StripeError):
        return StripeUnavailable(type(error).__name__)
    if error.http_status is None or error.http_status >= 500 or error.http_status == 409:
        return StripeUnavailable(type(error).__name__)
    code = error.code or (error.error.code if error.error else None)  # The client leaves it out of a 403.
    if error.http_status == 403 and code == ACCOUNT_HIDDEN:
        return StripeAccountHidden(HIDDEN, code)  # Stripe's own sentence quotes our key.
    return StripeRefused(error.user_message or "Stripe refused the request.", code)


async def pages(
    what: str, first: Callable[[], Awaitable[stripe.ListObject[Item]]], pages_max: int
) -> AsyncIterator[Item]:
    """Every object of a list, page by page. Raises StripeListTooLong beyond `pages_max`: what follows is not seen."""
    ask = first
    for _ in range(pages_max):
        page = await answer(f"{what}.list", ask())
        for item in page.data:
            yield item
        if not page.has_more:
            return
        ask = page.next_page_async
    log.warning("stripe_list_too_long", what=what, pages_max=pages_max)
    raise StripeListTooLong(what, pages_max)
