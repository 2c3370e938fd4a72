"""Provider events: what each account's events at Stripe say of which of our rows to sync again."""

from datetime import datetime, timedelta
from uuid import UUID

import structlog

from gateways.stripe import StripeAccountHidden, StripeGateway, StripeRefused, StripeUnavailable
from gateways.stripe_answers import ProviderEvent
from models import ConnectedAccount, Payment
from operations.leases import claim_due
from operations.payments.checkout_expiry import ProviderUnavailable
from operations.payments.connected_accounts import note_account_hidden
from operations.payments.stripe_accounts import refresh_account
from operations.payments.sync_payments import try_sync_payment
from rules import clock
from rules.errors import Refusal
from rules.states import LIVE_PAYMENTS

EVENTS_DELAY_PAYING = timedelta(seconds=6)
"""While somebody may be paying: one call tells of every open checkout, however old, within ten seconds."""

EVENTS_DELAY_BUSY = timedelta(seconds=30)
EVENTS_DELAY_QUIET = timedelta(minutes=5)
BUSY_FOR = timedelta(days=1)
"""An account is busy while a payment of its was begun within a day: most other events come then."""

FORGOTTEN = "resource_missing"
"""What Stripe answers when asked for what came after an event it no longer has; it keeps events for 30 days."""

PAGES_MAX = 10
EVENTS_AT_ONCE_MAX = 10
"""What is synced before the account's position moves on: little enough for one job, so that each gets ahead."""


log = structlog.get_logger(__name__)


async def claim_accounts_due(*, limit: int) -> list[UUID]:
    """The connected accounts whose events were asked for longest ago, claimed so that no other worker asks now."""
    return await claim_due(ConnectedAccount, "next_sync_at", limit=limit)


async def sync_events_soon(stripe_account_id: str) -> bool:
    """Note that an account has new events, so that the next sweep asks for it; whether the account is one of ours."""
    found = await ConnectedAccount.filter(account_id=stripe_account_id).update(next_sync_at=clock.now())
    return bool(found)


async def sync_events(connected_id: UUID, *, stripe: StripeGateway) -> None:
    """Look again at whatever an account's new events are about. Safe to repeat; stops where Stripe stops answering.

    Accounts that a company no longer charges on are asked too: what they took can still be disputed or given back.
    """
    account = await ConnectedAccount.get_or_none(id=connected_id)
    if account is None or account.account_id is None:
        return
    try:
        await _sync_pages(account, account.account_id, stripe)
    except StripeAccountHidden:
        await note_account_hidden(account.account_id)
    except (StripeUnavailable, StripeRefused, ProviderUnavailable):
        pass  # The gateway has logged it.
    await ConnectedAccount.filter(id=connected_id).update(next_sync_at=await _next_sync_at(connected_id))


async def _sync_pages(account: ConnectedAccount, account_id: str, stripe: StripeGateway) -> None:
    for _ in range(PAGES_MAX):
        events, more = await _list_events(account_id, account.event_id, stripe)
        if account.hidden_since is not None:  # It answers again: what it left unanswered comes first.
            await _try_refresh_account(account_id, stripe)
            account.hidden_since = None
        for start in range(0, len(events), EVENTS_AT_ONCE_MAX):
            await _sync_batch(account, events[start : start + EVENTS_AT_ONCE_MAX], stripe)
        if not more:
            return


async def _list_events(
    account_id: str, after_event_id: str | None, stripe: StripeGateway
) -> tuple[list[ProviderEvent], bool]:
    try:
        return await stripe.list_events(account_id, after_event_id=after_event_id)
    except StripeRefused as refused:
        if after_event_id is None or refused.code != FORGOTTEN:
            raise
        # The account was quiet for so long that Stripe has dropped the event we came to: begin with what it has.
        return await stripe.list_events(account_id, after_event_id=None)


async def _sync_batch(account: ConnectedAccount, events: list[ProviderEvent], stripe: StripeGateway) -> None:
    await _sync_named(account, events, stripe)
    account.event_id = events[-1].event_id
    await ConnectedAccount.filter(id=account.id).update(event_id=account.event_id)


async def _sync_named(account: ConnectedAccount, events: list[ProviderEvent], stripe: StripeGateway) -> None:
    """Each row once, however many events name it; what is not ours has no row. One that can't be taken in is noted."""
    intents = {item.payment_intent_id for item in events if item.payment_intent_id}
    sessions = {item.session_id for item in events if item.session_id}
    payments = Payment.filter(company_id=account.company_id, stripe_account_id=account.account_id)
    found = {payment.id for payment in await payments.filter(stripe_payment_intent_id__in=intents).only("id")}
    found |= {payment.id for payment in await payments.filter(checkout_session_id__in=sessions).only("id")}
    for payment_id in sorted(found):
        await try_sync_payment(payment_id, stripe=stripe)
    if any(item.about_account for item in events):
        await _try_refresh_account(str(account.account_id), stripe)


async def _try_refresh_account(account_id: str, stripe: StripeGateway) -> None:
    """One that Stripe won't show us any more must not keep the other events from being looked at."""
    try:
        await refresh_account(account_id, stripe=stripe)
    except ProviderUnavailable:
        raise
    except Refusal as refused:
        log.warning("account_not_shown", account_id=account_id, reason=refused.message)


async def _next_sync_at(connected_id: UUID) -> datetime:
    now = clock.now()
    account = await ConnectedAccount.get(id=connected_id)
    if account.hidden_since is not None:
        return now + EVENTS_DELAY_QUIET
    payments = Payment.filter(company_id=account.company_id, stripe_account_id=account.account_id)
    if await payments.filter(state__in=LIVE_PAYMENTS).exists():
        return now + EVENTS_DELAY_PAYING
    busy = await payments.filter(created_at__gte=now - BUSY_FOR).exists()
    return now + (EVENTS_DELAY_BUSY if busy else EVENTS_DELAY_QUIET)
