"""Stripe repeats the fault it first answered with: what it made is found, and what it did not is asked for anew."""

from datetime import timedelta

import pytest

import models
from operations.ledger.reconciliation import reconcile_stripe
from rules import clock
from tests.world import Job, Json, World

REFUNDS = "POST /v1/refunds$"
ACCOUNTS = "POST /v1/accounts$"


async def paid(world: World) -> tuple[Job, Json]:
    job = await world.inspection()
    return job, await job.paid(await job.client_portal(), job.primary_id)


async def keys(world: World, path: str) -> list[str]:
    """The idempotency keys under which something was asked for, in their order."""
    return [
        entry["idempotency_key"]
        for entry in await world.servers.stripe.requests()
        if (entry["method"], entry["path"]) == ("POST", path)
    ]


async def age(**by: float) -> None:
    """Let the refund have been asked for that long ago."""
    await models.Refund.all().update(asked_at=clock.now() - timedelta(**by))


@pytest.mark.parametrize("after_effect", [False, True])
async def test_a_refund_answered_by_a_saved_fault_is_done_once_within_minutes(world: World, after_effect: bool) -> None:
    """After two minutes we look: what was made is taken up, else it is asked for under a new key; never twice (S30)."""
    job, payment = await paid(world)
    await world.servers.stripe.save_500(REFUNDS, after_effect=after_effect)
    asked = await world.inspector.mutate("refundPayment", "refund { status }", paymentId=payment["id"], amount="25.00")
    assert asked.done("refund") == {"status": "REQUESTED"}
    if not after_effect:
        await world.poll()
        assert len(set(await keys(world, "/v1/refunds"))) == 1, "the same key while a call may still have its effect"
        await age(seconds=90)
        before = len(await keys(world, "/v1/refunds"))
        await world.poll()
        assert len(await keys(world, "/v1/refunds")) == before, "between the two, nothing is asked for"
    await age(minutes=3)
    await world.poll()
    seen = await job.read("payments { refunded { formatted } refunds { status amount { formatted } } }")
    assert seen["payments"] == [
        {"refunded": {"formatted": "$25.00"}, "refunds": [{"status": "SUCCEEDED", "amount": {"formatted": "$25.00"}}]}
    ]
    assert len(set(await keys(world, "/v1/refunds"))) == (1 if after_effect else 2)
    assert [discrepancy async for discrepancy in reconcile_stripe(stripe=world.held.stripe)] == []


async def test_a_refund_answered_by_fault_after_fault_goes_on_with_key_after_key(world: World) -> None:
    """However often Stripe fails, the refund is made once it doesn't, and once only (S30)."""
    job, payment = await paid(world)
    await world.servers.stripe.save_500(REFUNDS, count=2)
    await world.inspector.mutate("refundPayment", paymentId=payment["id"], amount="25.00")
    for _ in range(3):
        await age(minutes=3)
        await world.poll()
    refund = await models.Refund.get()
    assert (refund.status, refund.tries) == ("SUCCEEDED", 2)
    used = await keys(world, "/v1/refunds")
    assert sorted(set(used)) == [f"refund:{refund.id}", f"refund:{refund.id}:1", f"refund:{refund.id}:2"]
    seen = await job.read("payments { refunded { formatted } }")
    assert seen["payments"] == [{"refunded": {"formatted": "$25.00"}}]


async def test_a_refund_whose_reply_is_lost_after_a_day_is_not_made_twice(world: World) -> None:
    """Stripe forgets keys after a day: we look before we ask again (S30)."""
    job, payment = await paid(world)
    await world.servers.stripe.save_500(REFUNDS, after_effect=True)
    await world.inspector.mutate("refundPayment", paymentId=payment["id"], amount="25.00")
    await world.servers.stripe.control("forget_idempotency_keys")
    await age(hours=25)
    await world.poll()
    seen = await job.read("payments { refunded { formatted } refunds { status } }")
    assert seen["payments"] == [{"refunded": {"formatted": "$25.00"}, "refunds": [{"status": "SUCCEEDED"}]}]
    assert len(await keys(world, "/v1/refunds")) == 1


@pytest.mark.parametrize("after_effect", [False, True])
async def test_an_account_answered_by_a_saved_fault_is_connected_within_minutes(
    world: World, after_effect: bool
) -> None:
    """The owner who tries again after two minutes gets the account that was made, else another; never two (S4)."""
    key, api = await world.new_company("Hillside Inspections", "owner@hillside.test", connected=False)
    before = await accounts(world)
    await world.servers.stripe.save_500(ACCOUNTS, after_effect=after_effect)
    for _ in range(2):
        assert (await api.mutate("connectStripe")).codes == ["PAYMENT_PROVIDER_UNAVAILABLE"]
    assert len(set(await keys(world, "/v1/accounts"))) == 1
    begun = models.ConnectedAccount.filter(company_id=key)
    await begun.update(created_at=clock.now() - timedelta(minutes=3))
    connected = await api.mutate("connectStripe", "onboardingUrl company { stripe { status accountId } }")
    assert connected.done("company")["stripe"]["status"] == "PENDING"
    made = await accounts(world) - before
    assert {connected.content["company"]["stripe"]["accountId"]} == made
    assert [row.account_id for row in await models.ConnectedAccount.filter(company_id=key)] == list(made)


async def accounts(world: World) -> set[str]:
    found = await world.servers.stripe.client.get("/v1/accounts", headers={"Authorization": "Bearer sk_test_x"})
    return {account["id"] for account in found.json()["data"]}
