"""Hearing Stripe's news: each account's events say which of our rows to look at again."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from gateways.stripe import StripeGateway, StripeRefused, StripeUnavailable
from gateways.stripe_answers import News
from models import Company, Payment
from operations.attempts import ProviderUnavailable
from operations.companies import refresh_stripe_connection
from operations.leasing import take_due
from operations.settling import settle_payment
from rules import clock
from rules.errors import Refusal
from rules.states import LIVE_ATTEMPTS

HEARING_DELAY_PAYING = timedelta(seconds=6)
"""While somebody may be paying: one call hears of every open checkout, however old, within ten seconds."""

HEARING_DELAY_BUSY = timedelta(seconds=30)
HEARING_DELAY_QUIET = timedelta(minutes=5)
BUSY_FOR = timedelta(days=1)
"""An account is busy while a payment of its was begun within a day: most other news comes then."""

FORGOTTEN = "resource_missing"
"""What Stripe answers when asked for what came after an event it no longer has; it keeps events for 30 days."""

PAGES_MAX = 10
EVENTS_AT_ONCE_MAX = 10
"""What is looked into before it is noted as heard: little enough for one job, so that each gets ahead."""


log = structlog.get_logger(__name__)


async def take_accounts_due(*, limit: int) -> list[UUID]:
    """The companies whose Stripe accounts were asked for news longest ago, taken so that no other worker asks now."""
    return await take_due(Company.filter(stripe_account_id__isnull=False), "next_hearing_at", limit=limit)


async def hear_soon(stripe_account_id: str) -> bool:
    """Note that an account has news, so that the next sweep asks for it; whether the account is one of ours."""
    found = await Company.filter(stripe_account_id=stripe_account_id).update(next_hearing_at=clock.now())
    return bool(found)


async def hear_account(company_id: UUID, *, stripe: StripeGateway) -> None:
    """Look again at whatever an account's new events are about. Safe to repeat; stops where Stripe stops answering."""
    company = await Company.get(id=company_id)
    if company.stripe_account_id is None:
        return
    for _ in range(PAGES_MAX):
        try:
            news, more = await _list_news(company.stripe_account_id, company.stripe_event_id, stripe)
            for start in range(0, len(news), EVENTS_AT_ONCE_MAX):
                await _hear(company, news[start : start + EVENTS_AT_ONCE_MAX], stripe)
        except (StripeUnavailable, StripeRefused, ProviderUnavailable):
            break
        if not more:
            break
    await Company.filter(id=company_id).update(next_hearing_at=await _next_hearing(company_id))


async def _list_news(account_id: str, after_event_id: str | None, stripe: StripeGateway) -> tuple[list[News], bool]:
    try:
        return await stripe.list_news(account_id, after_event_id=after_event_id)
    except StripeRefused as refused:
        if after_event_id is None or refused.code != FORGOTTEN:
            raise
        # The account was quiet for so long that Stripe has dropped the event we came to: begin with what it has.
        return await stripe.list_news(account_id, after_event_id=None)


async def _hear(company: Company, news: list[News], stripe: StripeGateway) -> None:
    await _look_again(company, news, stripe)
    company.stripe_event_id = news[-1].event_id
    await Company.filter(id=company.id).update(stripe_event_id=company.stripe_event_id)


async def _look_again(company: Company, news: list[News], stripe: StripeGateway) -> None:
    """Each row once, however many events name it."""
    intents = {item.payment_intent_id for item in news if item.payment_intent_id}
    sessions = {item.session_id for item in news if item.session_id}
    payments = Payment.filter(company_id=company.id)
    found = {payment.id for payment in await payments.filter(stripe_payment_intent_id__in=intents).only("id")}
    found |= {payment.id for payment in await payments.filter(checkout_session_id__in=sessions).only("id")}
    for payment_id in sorted(found):
        await settle_payment(payment_id, stripe=stripe)
    if any(item.about_account for item in news):
        await _look_at_account(company.id, stripe)


async def _look_at_account(company_id: UUID, stripe: StripeGateway) -> None:
    """One that Stripe won't show us any more must not keep the rest of the news from being heard."""
    try:
        await refresh_stripe_connection(company_id, stripe=stripe)
    except ProviderUnavailable:
        raise
    except Refusal as refused:
        log.warning("account_not_shown", company_id=str(company_id), reason=refused.message)


async def _next_hearing(company_id: UUID) -> datetime:
    now = clock.now()
    if await Payment.exists(company_id=company_id, state__in=LIVE_ATTEMPTS):
        return now + HEARING_DELAY_PAYING
    busy = await Payment.exists(company_id=company_id, created_at__gte=now - BUSY_FOR)
    return now + (HEARING_DELAY_BUSY if busy else HEARING_DELAY_QUIET)
