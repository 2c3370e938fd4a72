"""Polling many payments: what brought nothing new is written together, what did is taken in as ever."""

from datetime import timedelta

import pytest

from gateways.stripe import StripeGateway, StripeRateLimited
from models import Event, Payment
from operations.payments import poll_payments
from operations.payments.poll_payments import poll_due_payments
from operations.payments.sync_payments import take_in
from rules import clock
from rules.retry import next_poll_delay
from rules.states import PaymentState
from tests.workers.test_polling import opened, seen, start
from tests.world import World


async def poll(world: World) -> int:
    await Payment.filter(next_poll_at__isnull=False).update(next_poll_at=clock.now())
    return await poll_due_payments(stripe=world.held.stripe, limit=100, at_once=8, claim_seconds_max=30)


async def test_payments_without_news_are_put_off_in_one_statement(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """No ledger is loaded and nothing is written of them but when they are asked about next."""
    payers = []
    for _ in range(3):
        _, invoice, payer = await opened(world)
        payers.append((payer, (await start(payer, invoice)).done("checkoutUrl")))
    before = await Payment.all().order_by("id").values()
    events = await Event.all().count()
    with monkeypatch.context() as watched:
        watched.setattr(poll_payments, "take_in", None)
        assert await poll(world) == 3
    after = await Payment.all().order_by("id").values()
    for row in (*before, *after):
        row.pop("next_poll_at")
    assert after == before
    assert await Event.all().count() == events
    for payment in await Payment.all():
        assert payment.next_poll_at is not None
        assert abs(payment.next_poll_at - clock.now() - next_poll_delay(timedelta(0))) < timedelta(seconds=4)


async def test_one_that_was_paid_is_taken_in_among_many(world: World) -> None:
    """Polling alone settles it."""
    _, _, waiting = first = await opened(world)
    await start(waiting, first[1])
    _, invoice, payer = await opened(world)
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    assert await poll(world) == 2
    assert (await seen(payer))["status"] == "PAID"
    assert (await seen(waiting))["status"] == "OPEN"


async def test_a_payment_that_the_rate_limit_leaves_no_room_for_is_put_off(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """For as long as Stripe, or our own count, says; it stays what it was."""
    _, invoice, payer = await opened(world)
    await start(payer, invoice)

    async def limited(*_: object, **__: object) -> None:
        raise StripeRateLimited(20)

    with monkeypatch.context() as patch:
        patch.setattr(StripeGateway, "read_checkout", limited)
        assert await poll(world) == 1
    payment = await Payment.get()
    assert payment.state is PaymentState.REQUIRES_ACTION
    assert payment.next_poll_at is not None
    assert timedelta(seconds=10) < payment.next_poll_at - clock.now() <= timedelta(seconds=20)


async def test_one_that_cannot_be_taken_in_is_noted_and_stops_no_other(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, invoice, payer = await opened(world)
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    poisoned = await Payment.get()
    _, invoice, other = await opened(world)
    await world.pay((await start(other, invoice)).done("checkoutUrl"))

    async def fail(payment: Payment, *given: object, **named: object) -> None:
        if payment.id == poisoned.id:
            raise KeyError("what is wrong stays in the log")
        await take_in(payment, *given, **named)  # type: ignore[arg-type]

    with monkeypatch.context() as patch:
        patch.setattr(poll_payments, "take_in", fail)
        assert await poll(world) == 2
    assert (await Payment.get(id=poisoned.id)).unread_reason == "KeyError"
    assert (await seen(other))["status"] == "PAID"
    await poll(world)
    settled = await Payment.get(id=poisoned.id)
    assert (settled.state, settled.unread_reason) == (PaymentState.SUCCEEDED, None)
