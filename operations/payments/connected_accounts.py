"""What Stripe says of a company's accounts, stored: which one it charges on, and which Stripe no longer shows us."""

from uuid import UUID

import structlog

from gateways.stripe_answers import ProviderAccount
from gateways.stripe_calls import HIDDEN
from models import Company, ConnectedAccount, Payment, Refund, StripeStatus
from operations.ledger.due_dates import see_reminders_anew
from operations.transactions import transaction
from rules import clock
from rules.states import RefundStatus

CONNECTED = (StripeStatus.PENDING, StripeStatus.READY)

REASON_LENGTH_MAX = 500

log = structlog.get_logger(__name__)


@transaction
async def note_stripe_account(company_id: UUID, account: ProviderAccount, *, connection_id: UUID | None = None) -> str:
    """Let a company charge on this account, unless another is connected already; returns the id of the one that is.

    `connection_id` is the connection for which the account was created. Safe to repeat.
    """
    company = await _lock(company_id)
    known = await ConnectedAccount.get_or_none(account_id=account.account_id)
    if known is None:
        begun = await ConnectedAccount.get_or_none(id=connection_id, account_id=None) if connection_id else None
        known = begun or ConnectedAccount(company_id=company_id)
        known.account_id, known.next_sync_at = account.account_id, clock.now()
        await known.save()
    assert known.company_id == company_id, "an account belongs to one company"
    if company.stripe_status in CONNECTED and company.stripe_account_id not in (None, account.account_id):
        return str(company.stripe_account_id)
    company.stripe_account_id = account.account_id
    await _store(company, *_status(account))
    return account.account_id


@transaction
async def note_account_status(account: ProviderAccount) -> None:
    """Store what Stripe says of an account that a company charges on; of former ones nothing is kept. Repeatable."""
    known = await ConnectedAccount.get(account_id=account.account_id)
    company = await _lock(known.company_id)
    if company.stripe_account_id == account.account_id:
        await _store(company, *_status(account))


@transaction
async def note_account_hidden(account_id: str) -> None:
    """Note that Stripe no longer shows us an account; its company can't charge on it until it does. Safe to repeat."""
    known = await ConnectedAccount.get_or_none(account_id=account_id)
    if known is None:
        return
    company = await _lock(known.company_id)
    hidden = ConnectedAccount.filter(id=known.id, hidden_since=None)
    if await hidden.update(hidden_since=clock.now()):
        log.warning("stripe_account_hidden", company_id=str(company.id), account_id=account_id)
    if company.stripe_account_id == account_id:
        await _store(company, StripeStatus.DISCONNECTED, HIDDEN)


async def note_account_shown(account_id: str) -> None:
    """Note that Stripe shows us an account again, and let all that it left unanswered be asked again. Repeatable."""
    now = clock.now()
    log.info("stripe_account_shown", account_id=account_id)
    payments = Payment.filter(stripe_account_id=account_id)
    await payments.filter(unanswered_since__isnull=False).update(next_poll_at=now)
    await payments.filter(next_poll_at__gt=now).update(next_poll_at=now)
    open_ = Refund.filter(
        payment__stripe_account_id=account_id, status__in=[RefundStatus.REQUESTED, RefundStatus.PENDING]
    )
    await Refund.filter(id__in=[refund.id for refund in await open_.only("id")]).update(next_poll_at=now)
    # Last: whoever dies before begins again.
    await ConnectedAccount.filter(account_id=account_id).update(hidden_since=None, next_sync_at=now)


async def _lock(company_id: UUID) -> Company:
    return await Company.filter(id=company_id).select_for_update(no_key=True).get()


async def _store(company: Company, status: StripeStatus, reason: str | None) -> None:
    before = company.stripe_status
    company.stripe_status, company.stripe_reason = status, reason[:REASON_LENGTH_MAX] if reason else None
    await company.save(update_fields=["stripe_account_id", "stripe_status", "stripe_reason"])
    if status is not before:
        log.info("stripe_account_moved", company_id=str(company.id), before=before, after=status, reason=reason)
        if status is StripeStatus.READY:
            await see_reminders_anew(company.id)


def _status(account: ProviderAccount) -> tuple[StripeStatus, str | None]:
    """Whether an account can charge, and in a sentence why not."""
    if account.rejected:
        return StripeStatus.DISCONNECTED, f"Stripe rejected the account ({account.disabled_reason})."
    if account.charges_enabled:
        return StripeStatus.READY, None
    if not account.details_submitted:
        return StripeStatus.PENDING, "Its onboarding at Stripe is not finished."
    why = f" ({account.disabled_reason})" if account.disabled_reason else ""
    return StripeStatus.PENDING, f"Stripe restricts the account{why}; Stripe's dashboard says what it needs."
