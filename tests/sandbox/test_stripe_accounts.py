"""Connected accounts: onboarding by a person, losing abilities, and keeping to themselves."""

from collections.abc import Coroutine
from typing import Any

import pytest
import stripe

from sandbox.stripe.process import ControlFailed
from tests.sandbox.stripe_shop import CLIENT_WARNING, Shop

pytestmark = CLIENT_WARNING


async def new_account(shop: Shop) -> stripe.Account:
    parameters: Any = {"type": "standard", "email": "owner@example.com", "metadata": {"company_id": "c-1"}}
    return await shop.client.v1.accounts.create_async(parameters)


async def onboarding(shop: Shop, account: str) -> str:
    link = await shop.client.v1.account_links.create_async(
        {
            "account": account,
            "refresh_url": "https://shop.test/refresh",
            "return_url": "https://shop.test/return",
            "type": "account_onboarding",
        }
    )
    return link.url


async def test_new_account_cannot_charge(shop: Shop) -> None:
    account = await new_account(shop)
    assert (account.charges_enabled, account.payouts_enabled, account.details_submitted) == (False, False, False)
    assert account.requirements is not None
    assert account.requirements.disabled_reason == "requirements.past_due"
    with pytest.raises(stripe.InvalidRequestError, match="cannot currently make charges"):
        await shop.client.v1.checkout.sessions.create_async(shop.order(), {"stripe_account": account.id})


async def test_person_completes_onboarding(shop: Shop) -> None:
    account = await new_account(shop)
    url = await onboarding(shop, account.id)
    page = await shop.server.client.get(url)
    assert (page.status_code, account.id in page.text) == (200, True)
    done = await shop.server.client.post(f"{url}/complete")
    assert (done.status_code, done.headers["location"]) == (303, "https://shop.test/return")
    ready = await shop.client.v1.accounts.retrieve_async(account.id)
    assert (ready.charges_enabled, ready.payouts_enabled, ready.details_submitted) == (True, True, True)
    assert ready.capabilities is not None
    assert ready.capabilities.card_payments == "active"
    events = await shop.client.v1.events.list_async({"type": "account.updated"}, {"stripe_account": account.id})
    assert events.data[0].data.previous_attributes is not None


async def test_leaving_onboarding_returns_without_being_able_to_charge(shop: Shop) -> None:
    account = await new_account(shop)
    left = await shop.server.client.post(f"{await onboarding(shop, account.id)}/leave")
    assert left.headers["location"] == "https://shop.test/return"
    assert not (await shop.client.v1.accounts.retrieve_async(account.id)).charges_enabled


async def assert_leads_to_refresh(shop: Shop, url: str) -> None:
    for response in (await shop.server.client.get(url), await shop.server.client.post(f"{url}/complete")):
        assert (response.status_code, response.headers["location"]) == (303, "https://shop.test/refresh")


async def test_used_link_leads_to_its_refresh_url(shop: Shop) -> None:
    account = await new_account(shop)
    url = await onboarding(shop, account.id)
    await shop.server.client.post(f"{url}/leave")
    await assert_leads_to_refresh(shop, url)
    assert not (await shop.client.v1.accounts.retrieve_async(account.id)).charges_enabled


async def test_link_leads_to_its_refresh_url_after_five_minutes(shop: Shop) -> None:
    account = await new_account(shop)
    url = await onboarding(shop, account.id)
    await shop.server.control("clock", advance_seconds=300)
    await assert_leads_to_refresh(shop, url)
    assert not (await shop.client.v1.accounts.retrieve_async(account.id)).charges_enabled


async def test_unknown_link_is_not_found(shop: Shop) -> None:
    assert (await shop.server.client.get("/connect/onboarding/link_none")).status_code == 404


async def test_account_can_lose_its_ability_to_charge(shop: Shop) -> None:
    session = await shop.open()
    assert session.url is not None
    await shop.server.control(f"accounts/{shop.account}", charges_enabled=False)
    account = await shop.client.v1.accounts.retrieve_async(shop.account)
    assert (account.charges_enabled, account.details_submitted) == (False, True)
    assert account.capabilities is not None
    assert account.capabilities.card_payments == "inactive"
    with pytest.raises(stripe.InvalidRequestError, match="cannot currently make charges"):
        await shop.open()
    assert (await shop.server.pay(session.url, card="4242424242424242")).status_code == 400
    assert (await shop.read(session)).payment_status == "unpaid"


async def test_unknown_account_is_refused_like_stripe_does(shop: Shop) -> None:
    with pytest.raises(stripe.PermissionError, match="does not have access to account 'acct_none'") as raised:
        await shop.client.v1.refunds.list_async({}, {"stripe_account": "acct_none"})
    assert raised.value.error is not None
    assert raised.value.error.code == "account_invalid"
    with pytest.raises(stripe.PermissionError):
        await shop.client.v1.accounts.retrieve_async("acct_none")


async def test_objects_are_invisible_to_other_accounts(shop: Shop) -> None:
    session = await shop.paid()
    other: Any = {"stripe_account": await shop.server.ready_account()}
    intent = session.payment_intent.id
    reads = [
        shop.client.v1.checkout.sessions.retrieve_async(session.id, None, other),
        shop.client.v1.payment_intents.retrieve_async(intent, None, other),
        shop.client.v1.checkout.sessions.retrieve_async(session.id),
        shop.client.v1.refunds.create_async({"payment_intent": intent}, other),
    ]
    for read in reads:
        with pytest.raises(stripe.InvalidRequestError) as raised:
            await read
        assert (raised.value.http_status, raised.value.code) == (404, "resource_missing")
    assert (await shop.client.v1.payment_intents.list_async({}, other)).data == []


async def test_platform_lists_its_accounts(shop: Shop) -> None:
    account = await new_account(shop)
    assert [found.id for found in (await shop.client.v1.accounts.list_async()).data] == [account.id, shop.account]


async def assert_revoked(read: Coroutine[Any, Any, object]) -> None:
    with pytest.raises(stripe.PermissionError, match="Application access may have been revoked") as raised:
        await read
    assert raised.value.error is not None
    assert (raised.value.http_status, raised.value.error.code) == (403, "account_invalid")
    assert raised.value.code is None  # Stripe's client leaves it empty for a 403: read `error.error.code`.


async def test_revoked_account_answers_403_whatever_is_asked(shop: Shop) -> None:
    """An account whose owner disconnected the platform cannot be read, listed, linked, charged or refunded."""
    session = await shop.paid()
    await shop.server.revoke_account(shop.account)
    for read in (
        shop.client.v1.accounts.retrieve_async(shop.account),
        shop.client.v1.checkout.sessions.retrieve_async(session.id, None, shop.options),
        shop.client.v1.checkout.sessions.create_async(shop.order(), shop.options),
        shop.client.v1.refunds.create_async({"payment_intent": session.payment_intent.id}, shop.options),
        shop.client.v1.events.list_async({}, shop.options),
        shop.client.v1.balance_transactions.list_async({}, shop.options),
        onboarding(shop, shop.account),
    ):
        await assert_revoked(read)
    assert (await shop.client.v1.accounts.list_async()).data == []
    with pytest.raises(ControlFailed, match=r"no access to acct_.* already"):
        await shop.server.revoke_account(shop.account)


async def test_money_moves_on_a_revoked_account_and_is_seen_once_it_is_restored(shop: Shop) -> None:
    """A checkout of a revoked account can still be paid and refunded; restored, the account shows all of it."""
    session = await shop.open()
    assert session.url is not None
    await shop.server.revoke_account(shop.account)
    assert (await shop.server.pay(session.url, card="4242424242424242")).status_code == 303
    await assert_revoked(shop.read(session))
    await shop.server.restore_account(shop.account)
    assert (await shop.read(session)).payment_status == "paid"
    types = await shop.event_types()
    first, last = (types.index(f"account.application.{what}") for what in ("deauthorized", "authorized"))
    assert first < types.index("checkout.session.completed") < last
    await shop.open()


@pytest.mark.parametrize("reason", ["rejected.fraud", "rejected.terms_of_service", "rejected.listed", "rejected.other"])
async def test_rejected_account_can_be_read_and_cannot_charge(shop: Shop, reason: str) -> None:
    """An account that Stripe rejected says why, asks for nothing more, and takes no money until it is restored."""
    await shop.server.reject_account(shop.account, reason=reason)
    account = await shop.client.v1.accounts.retrieve_async(shop.account)
    assert (account.charges_enabled, account.payouts_enabled, account.details_submitted) == (False, False, True)
    assert account.requirements is not None
    assert (account.requirements.disabled_reason, account.requirements.currently_due) == (reason, [])
    with pytest.raises(stripe.InvalidRequestError, match="cannot currently make charges"):
        await shop.open()
    await shop.server.restore_account(shop.account)
    restored = await shop.client.v1.accounts.retrieve_async(shop.account)
    assert restored.requirements is not None
    assert (restored.charges_enabled, restored.requirements.disabled_reason) == (True, None)
    await shop.open()


async def test_rejection_needs_one_of_the_reasons_that_stripe_has(shop: Shop) -> None:
    """A reason that Stripe does not document is refused, and the account stays as it was."""
    with pytest.raises(ControlFailed, match="reason must be one of"):
        await shop.server.reject_account(shop.account, reason="rejected.whim")
    assert (await shop.client.v1.accounts.retrieve_async(shop.account)).charges_enabled


async def test_account_is_made_by_controller_properties(shop: Shop) -> None:
    """Stripe advises to say who pays fees, bears losses and collects requirements; `type` besides is refused."""
    controller: Any = {
        "fees": {"payer": "account"},
        "losses": {"payments": "stripe"},
        "requirement_collection": "stripe",
        "stripe_dashboard": {"type": "full"},
    }
    account = await shop.client.v1.accounts.create_async({"controller": controller})
    assert account.controller is not None
    assert (account.type, account.controller.requirement_collection) == ("none", "stripe")
    with pytest.raises(stripe.InvalidRequestError, match="only specify one of"):
        await shop.client.v1.accounts.create_async({"controller": controller, "type": "standard"})
