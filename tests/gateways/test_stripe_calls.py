"""Calls to Stripe: each leaves one line of log, which says how it went and holds nothing of what was said."""

import json
from collections.abc import MutableMapping, Sequence
from typing import Any

import pytest
from structlog.testing import capture_logs

import models
from gateways.stripe import StripeAccountHidden, StripeRefused, StripeUnavailable
from tests.api.expectations import stands_alone
from tests.world import Job, Json, World


async def started(world: World) -> tuple[Job, Json]:
    job = await world.inspection(people=(("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT")))
    client = await job.client_portal()
    payment = await client.mutate("startPayment", "payment { id } checkoutUrl", invoiceId=job.primary_id)
    return job, payment.content


def calls(logs: Sequence[MutableMapping[str, Any]]) -> list[MutableMapping[str, Any]]:
    return [entry for entry in logs if entry["event"] == "stripe_call"]


async def test_each_call_says_what_it_was_how_it_went_and_how_long_it_took(world: World) -> None:
    """An operator sees endpoint, outcome, duration and Stripe's id of the request; never amounts or people (S27)."""
    with capture_logs() as logs:
        job, payment = await started(world)
        await world.pay(payment["checkoutUrl"])
        await world.poll()
        refunded = await world.inspector.mutate("refundPayment", "refund { id }", paymentId=payment["payment"]["id"])
        refunded.done("refund")
    made = {entry["endpoint"] for entry in calls(logs)}
    assert {"checkout.sessions.create", "checkout.sessions.retrieve", "refunds.list", "refunds.create"} <= made
    for entry in calls(logs):
        assert entry["outcome"] == "ok"
        assert 0 <= entry["duration_ms"] < 20_000
        assert entry["request_id"].startswith("req_")
    moved = [(entry["event"], entry["before"], entry["after"]) for entry in logs if entry["event"].endswith("_moved")]
    assert ("payment_moved", "REQUIRES_ACTION", "SUCCEEDED") in moved
    assert ("refund_moved", "REQUESTED", "SUCCEEDED") in moved
    told = json.dumps(logs, default=str)
    for secret in ("sk_test", "Clara", job.email("CLIENT")):
        assert secret not in told
    assert not stands_alone("45000", told)
    assert not stands_alone("4242", told)


@pytest.mark.parametrize(
    ("status", "outcome"), [(500, "StripeUnavailable"), (429, "StripeRateLimited"), (404, "StripeRefused")]
)
async def test_a_call_that_fails_is_a_warning_with_its_outcome(world: World, status: int, outcome: str) -> None:
    """A fault at Stripe and a refusal are told apart, and neither passes unseen."""
    (account,) = await models.ConnectedAccount.all()
    await world.servers.stripe.control("faults", match="GET /v1/events", kind="status", value=status, count=10)
    with capture_logs() as logs, pytest.raises((StripeUnavailable, StripeRefused)):
        await world.held.stripe.list_events(str(account.account_id), after_event_id=None)
    (entry,) = calls(logs)
    assert (entry["log_level"], entry["outcome"], entry["endpoint"]) == ("warning", outcome, "events.list")


async def test_a_key_of_ours_that_stripe_refuses_is_no_answer_about_an_account(world: World) -> None:
    """401 is our configuration at fault: nothing may be given up for it; 403 `account_invalid` is the account."""
    (account,) = await models.ConnectedAccount.all()
    await world.servers.stripe.control("faults", match="GET /v1/events", kind="status", value=401, count=1)
    with pytest.raises(StripeUnavailable):
        await world.held.stripe.list_events(str(account.account_id), after_event_id=None)
    with pytest.raises(StripeAccountHidden) as hidden:
        await world.held.stripe.list_events("acct_nobody", after_event_id=None)
    assert "sk_test" not in hidden.value.message
