"""Hearing Stripe's news: nothing keeps an account from being heard."""

import models
from tests.world import World


async def test_a_company_is_heard_after_stripe_forgot_the_event_it_came_to(world: World) -> None:
    job = await world.inspection()
    payment = await job.paid(await job.client_portal(), job.primary_id, bank="succeeds")
    await world.servers.stripe.control("settle")
    await world.hear_news()
    await models.ConnectedAccount.all().update(event_id="evt_of_two_months_ago")
    found = await models.Payment.get()
    await world.servers.stripe.control("returns", payment_intent=found.stripe_payment_intent_id)
    await world.hear_news()
    seen = await job.read("payments { id status }")
    assert seen["payments"] == [{"id": payment["id"], "status": "RETURNED"}]
    account = await models.ConnectedAccount.get()
    asked = len(await world.servers.stripe.requests())
    await world.hear_news()
    (again,) = (await world.servers.stripe.requests())[asked:]
    assert (again["path"], account.event_id != "evt_of_two_months_ago") == ("/v1/events", True)


async def test_an_account_that_stripe_will_not_show_keeps_no_news_back(world: World) -> None:
    job = await world.inspection()
    await job.paid(await job.client_portal(), job.primary_id)
    account = await models.ConnectedAccount.get()
    found = await models.Payment.get()
    await world.hear_news()
    before = (await models.ConnectedAccount.get()).event_id
    await world.servers.stripe.control(f"accounts/{account.account_id}", charges_enabled=False)
    await world.servers.stripe.control("disputes", payment_intent=found.stripe_payment_intent_id)
    await world.servers.stripe.control("faults", match="GET /v1/accounts", kind="status", value=403, count=1)
    await world.hear_news()
    assert (await models.Payment.get()).state == "DISPUTED"
    assert (await models.ConnectedAccount.get()).event_id != before
