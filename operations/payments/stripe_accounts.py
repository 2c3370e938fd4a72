"""Connecting a company with an account at Stripe, and disconnecting it: the same one again, or another."""

from datetime import timedelta
from uuid import UUID

from gateways.stripe import StripeAccountHidden, StripeGateway, StripeRefused, StripeUnavailable
from gateways.stripe_answers import ProviderAccount
from models import Company, ConnectedAccount, StripeStatus
from operations.payments.checkout_expiry import ProviderUnavailable
from operations.payments.connected_accounts import (
    CONNECTED,
    note_account_hidden,
    note_account_shown,
    note_account_status,
    note_stripe_account,
)
from operations.transactions import transaction
from rules import clock
from rules.access import Principal, require_owner
from rules.errors import ErrorCode, Refusal
from rules.retry import LOOK_AFTER

BY_OWNER = "The owner disconnected it."

CALL_MARGIN = timedelta(minutes=1)
"""How much longer than asked a call may take to have its effect."""


async def connect_stripe(principal: Principal, *, stripe: StripeGateway, portal_url: str, another: bool = False) -> str:
    """Begin or go on connecting a Stripe account; returns the address to onboard at. Safe to repeat.

    A company that has none connected gets its last one back where Stripe shows it and it wasn't rejected, unless it
    asks for `another`; else a new one. Raises Refusal, also when asked for another while one is connected.
    """
    require_owner(principal)
    company = await Company.get(id=principal.company_id)
    if another and company.stripe_status in CONNECTED:
        raise Refusal("another: disconnect the present account first.", field=("another",))
    try:
        return await _onboarding_url(company, another=another, stripe=stripe, portal_url=portal_url)
    except StripeUnavailable:
        raise ProviderUnavailable from None
    except StripeRefused as refused:
        raise Refusal(f"Stripe refused: {refused.message}", code=ErrorCode.PAYMENT_PROVIDER_REFUSED) from None


async def _onboarding_url(company: Company, *, another: bool, stripe: StripeGateway, portal_url: str) -> str:
    account = None if another else await _last_account(company, stripe=stripe)
    if account is None:
        account_id = await _create_account(company.id, stripe=stripe)
    else:
        account_id = await note_stripe_account(company.id, account)
    return await stripe.create_onboarding_url(account_id, refresh_url=portal_url, return_url=portal_url)


async def _last_account(company: Company, *, stripe: StripeGateway) -> ProviderAccount | None:
    """The account to go on with: the present one, or the last; None where Stripe hides or rejected it."""
    account_id = company.stripe_account_id
    if account_id is None:
        former = ConnectedAccount.filter(company_id=company.id, account_id__isnull=False)
        newest = await former.order_by("-id").first()
        account_id = newest.account_id if newest else None
    if account_id is None:
        return None
    account = await _read(account_id, stripe=stripe)
    return None if account is None or account.rejected else account


async def _read(account_id: str, *, stripe: StripeGateway) -> ProviderAccount | None:
    """What Stripe says of an account now, None where it hides it; either is noted. Raises as the gateway."""
    try:
        account = await stripe.read_account(account_id)
    except StripeAccountHidden:
        await note_account_hidden(account_id)
        return None
    await note_account_status(account)
    if await ConnectedAccount.exists(account_id=account_id, hidden_since__isnull=False):
        await note_account_shown(account_id)
    return account


async def _create_account(company_id: UUID, *, stripe: StripeGateway) -> str:
    """A new account, made once however often this is begun again: while a try is young, its key is used again.

    Later Stripe is asked what it has: it repeats a fault for as long as it keeps the key, and forgets keys.
    """
    begun = await _begin(company_id)
    if begun.account_id is not None:
        return begun.account_id
    account = None
    if clock.now() - begun.created_at >= LOOK_AFTER:
        until = begun.created_at + LOOK_AFTER + CALL_MARGIN
        account = await stripe.find_account(begun.id, since=begun.created_at, until=until)
        if account is None:
            begun = await _begin(company_id, instead_of=begun.id)
            if begun.account_id is not None:
                return begun.account_id
    if account is None:
        account = await stripe.create_account(company_id, connection_id=begun.id)
    return await note_stripe_account(company_id, account, connection_id=begun.id)


@transaction
async def _begin(company_id: UUID, *, instead_of: UUID | None = None) -> ConnectedAccount:
    """The connection that is begun and has no account yet; a new one where there is none, or that is given up.

    It has an account where somebody else has connected the company since it was read: then that one is gone on with.
    """
    company = await Company.filter(id=company_id).select_for_update(no_key=True).get()
    if company.stripe_status in CONNECTED:
        return await ConnectedAccount.get(account_id=company.stripe_account_id)
    await ConnectedAccount.filter(id=instead_of, account_id=None).delete()
    begun = await ConnectedAccount.get_or_none(company_id=company_id, account_id=None)
    return begun or await ConnectedAccount.create(company_id=company_id)


async def refresh_stripe_connection(company_id: UUID, *, stripe: StripeGateway) -> None:
    """Ask Stripe whether the company's account can charge now, and note it. Safe to repeat."""
    company = await Company.get(id=company_id)
    if company.stripe_account_id is not None:
        await refresh_account(company.stripe_account_id, stripe=stripe)


async def refresh_account(account_id: str, *, stripe: StripeGateway) -> None:
    """Ask Stripe what has become of one account, and note it. Raises Refusal. Safe to repeat."""
    try:
        await _read(account_id, stripe=stripe)
    except StripeUnavailable:
        raise ProviderUnavailable from None
    except StripeRefused as refused:
        raise Refusal(f"Stripe refused: {refused.message}", code=ErrorCode.PAYMENT_PROVIDER_REFUSED) from None


@transaction
async def disconnect_stripe(principal: Principal) -> UUID:
    """Let the company charge on no account; for the owner. Safe to repeat; returns the company's key.

    Payments stay with the account that took them: it is still asked about them, and they can be refunded there.
    """
    require_owner(principal)
    company = await Company.filter(id=principal.company_id).select_for_update(no_key=True).get()
    if company.stripe_status is StripeStatus.NOT_CONNECTED:
        raise Refusal("There is no Stripe account to disconnect.", code=ErrorCode.STRIPE_NOT_CONNECTED)
    company.stripe_account_id, company.stripe_status = None, StripeStatus.DISCONNECTED
    company.stripe_reason = BY_OWNER
    await company.save(update_fields=["stripe_account_id", "stripe_status", "stripe_reason"])
    return company.id
