"""Processes that are killed, stopped, or lose Redis: after a restart everything goes on, and happens once."""

import asyncio
import random
import signal
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack
from dataclasses import replace
from datetime import timedelta
from functools import partial
from pathlib import Path

import httpx
import pytest
from arq.connections import ArqRedis

from app.server import create_app
from models import ConnectedAccount, Email, Event, Payment
from rules import clock
from rules.retry import next_poll_delay
from rules.states import EmailStatus, PaymentState
from sandbox import valkey
from sandbox.process import chosen_port
from tests.workers.processes import kill, running, serving, until
from tests.workers.test_outbox import fault as mail_fault
from tests.workers.test_outbox import only_mail
from tests.workers.test_polling import fault, only_payment, opened, posts, seen, start
from tests.world import Api, World, key_of

FLUSHES_MIN = 20
PAID_MIN = 6


@pytest.fixture
def log(tmp_path: Path) -> Path:
    """Where the processes of a test write."""
    return tmp_path / "processes.log"


async def has(status: EmailStatus) -> bool:
    return (await only_mail()).status is status


@pytest.mark.parametrize("stage", ["connect", "rcpt"])
async def test_a_mail_goes_out_once_although_its_worker_was_killed_before_sending(
    world: World, log: Path, stage: str
) -> None:
    """A mail whose worker was killed before sending goes out once (S37)."""
    job = await world.inspection()
    await mail_fault(world, "hang", stage=stage, seconds=60)
    await job.invoice("100.00", send=True)
    async with running(world.settings, "worker", log=log) as worker:
        await until(lambda: has(EmailStatus.SENDING))
        await asyncio.sleep(0.2)
        await kill(worker)
    email = await only_mail()
    assert (email.status, email.transmitting, email.attempts) == (EmailStatus.SENDING, False, 1)
    await Email.all().update(leased_until=clock.now())
    async with running(world.settings, "worker", log=log):
        await until(lambda: has(EmailStatus.ACCEPTED))
        await asyncio.sleep(2.2)  # A sweep more, which finds nothing to do.
    assert (await only_mail()).attempts == 2
    assert [mail["recipients"] for mail in await world.mails()] == [[job.email()]]


async def test_a_mail_whose_worker_was_killed_while_transmitting_is_uncertain(world: World, log: Path) -> None:
    await mail_fault(world, "hang", stage="data", seconds=60)
    await (await world.inspection()).invoice("100.00", send=True)
    async with running(world.settings, "worker", log=log) as worker:
        await until(lambda: Email.exists(transmitting=True))
        await kill(worker)
    await Email.all().update(leased_until=clock.now())
    async with running(world.settings, "worker", log=log):
        await until(lambda: has(EmailStatus.UNCERTAIN))
        await asyncio.sleep(2.2)
    assert await has(EmailStatus.UNCERTAIN)
    assert await world.mails() == []


async def moves() -> int:
    """How often the payment came to be paid."""
    events = await Event.filter(name="payment.moved")
    return sum((event.after or {}).get("state") == "SUCCEEDED" for event in events)


async def test_a_payment_settles_once_although_its_worker_was_killed_before_committing(world: World, log: Path) -> None:
    _, invoice, payer = await opened(world)
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    await fault(world, "GET /v1/checkout/sessions", "latency", 20_000, count=100)
    await Payment.all().update(next_poll_at=clock.now())
    async with running(world.settings, "worker", log=log) as worker:
        await until(lambda: Payment.exists(next_poll_at__gt=clock.now() + timedelta(seconds=30)))
        await asyncio.sleep(0.3)
        await kill(worker)
    assert (await only_payment()).state is PaymentState.REQUIRES_ACTION
    await world.servers.stripe.control("faults", method="DELETE")
    await Payment.all().update(next_poll_at=clock.now())  # As if its lease had ended.
    async with running(world.settings, "worker", log=log):
        await until(lambda: Payment.exists(state="SUCCEEDED"))
        await asyncio.sleep(2.2)
    assert (await seen(payer))["settled"]["formatted"] == "$100.00"
    assert await moves() == 1


async def test_a_checkout_is_opened_once_although_the_api_was_killed_before_committing(world: World, log: Path) -> None:
    _, invoice, payer = await opened(world)
    await fault(world, "POST /v1/checkout/sessions$", "latency", 1_500)
    port = chosen_port(None)
    async with serving(world.settings, port, log=log) as api, httpx.AsyncClient(trust_env=False) as http:
        http.base_url = httpx.URL(f"http://127.0.0.1:{port}")
        asking = asyncio.create_task(start(Api(http, payer.token), invoice))
        await until(lambda: Payment.exists(state="CREATED"))
        await asyncio.sleep(0.4)
        await kill(api)
        with pytest.raises(httpx.TransportError):
            await asking
    assert (await only_payment()).checkout_session_id is None
    await asyncio.sleep(1.5)  # Stripe is done by now.
    await Payment.all().update(next_poll_at=clock.now())
    async with running(world.settings, "worker", log=log):
        await until(lambda: Payment.exists(state="REQUIRES_ACTION"))
        started = await start(payer, invoice)
        await world.pay(started.done("checkoutUrl"))
        await until(lambda: Payment.exists(state="SUCCEEDED"))
    asked = await posts(world)
    assert len(asked) == 2
    assert {entry["idempotency_key"] for entry in asked} == {f"payment:{(await only_payment()).id}"}
    assert {entry["response"]["id"] for entry in asked if entry["response"]} == {
        (await only_payment()).checkout_session_id
    }
    assert await moves() == 1


async def test_emptying_redis_at_any_moment_loses_nothing(world: World, log: Path) -> None:
    moments = random.Random(20)
    flushed = paid = 0

    async def flush() -> None:
        nonlocal flushed
        while flushed < FLUSHES_MIN or paid < PAID_MIN:
            await asyncio.sleep(moments.uniform(0, 0.4))
            await world.held.redis.flushall()
            flushed += 1

    async with running(world.settings, "worker", log=log):
        flushing = asyncio.create_task(flush())
        while not flushing.done():
            job = await world.inspection()
            invoice = await job.invoice("100.00", send=True)
            started = await start(await job.payment_link(invoice["id"]), invoice)
            await world.pay(started.done("checkoutUrl"))
            paid += 1
        await flushing
        await until(lambda: _all_done(paid), seconds=180)
    mails = await world.mails()
    asked = [mail for mail in mails if mail["subject"].startswith("Invoice")]
    # A mail that was still waiting when its invoice was paid is canceled; none goes out twice.
    assert len({mail["headers"]["Message-ID"] for mail in mails}) == len(mails)
    assert len(asked) == await Email.filter(kind="INVOICE", status="ACCEPTED").count()
    assert await moves() == paid


async def _all_done(paid: int) -> bool:
    waiting = await Email.exclude(status__in=["ACCEPTED", "CANCELED"]).count()
    return waiting == 0 and await Payment.filter(state="SUCCEEDED").count() == paid


@pytest.fixture
async def elsewhere(world: World) -> AsyncIterator[tuple[World, int]]:
    """The world with a Redis of its own, not yet running, and its port."""
    port = chosen_port(None)
    settings = world.settings.model_validate(
        {**world.settings.model_dump(), "redis_url": f"redis://127.0.0.1:{port}/0"}
    )
    async with AsyncExitStack() as stack:
        redis = ArqRedis.from_url(f"redis://127.0.0.1:{port}/0", socket_connect_timeout=2, socket_timeout=2)
        stack.push_async_callback(redis.aclose)
        transport = httpx.ASGITransport(create_app(settings, held=replace(world.held, redis=redis)))
        http = await stack.enter_async_context(
            httpx.AsyncClient(transport=transport, base_url=world.settings.public_url)
        )
        world.settings, world.http, world.inspector = settings, http, Api(http, world.inspector.token)
        yield world, port


async def test_redis_may_go_away_and_come_back(elsewhere: tuple[World, int], log: Path) -> None:
    world, port = elsewhere
    async with AsyncExitStack() as stack:
        worker = await stack.enter_async_context(running(world.settings, "worker", log=log))
        with valkey.running(port=port):
            await (await world.inspection()).invoice("100.00", send=True)
            await until(lambda: Email.exists(status="ACCEPTED"))
        job, invoice, payer = await opened(world)
        sent = await world.inspector.mutate("sendInvoice", "invoice { status }", invoiceId=invoice["id"])
        assert sent.done("invoice")["status"] == "OPEN"
        await world.pay((await start(payer, invoice)).done("checkoutUrl"))
        assert (await job.read("paymentStatus"))["paymentStatus"] == "UNPAID"
        await asyncio.sleep(5)
        assert worker.returncode is None
        with valkey.running(port=port):
            await until(lambda: Payment.exists(state="SUCCEEDED"))
            await until(lambda: _all_done(1))
            await (await world.inspection()).invoice("100.00", send=True)
            await until(lambda: _all_done(1))
            assert worker.returncode is None


async def test_a_worker_that_is_asked_to_stop_finishes_its_job(world: World, log: Path) -> None:
    await mail_fault(world, "hang", stage="rcpt", seconds=2)
    await (await world.inspection()).invoice("100.00", send=True)
    async with running(world.settings, "worker", log=log) as worker:
        await until(lambda: has(EmailStatus.SENDING))
        worker.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(worker.wait(), 30) == 0
    assert await has(EmailStatus.ACCEPTED)
    assert len(await world.mails()) == 1
    assert "Traceback" not in await asyncio.to_thread(log.read_text)


async def test_an_idle_worker_stops_at_once(world: World, log: Path) -> None:
    await (await world.inspection()).invoice("100.00", send=True)
    async with running(world.settings, "worker", log=log) as worker:
        await until(lambda: has(EmailStatus.ACCEPTED))
        worker.send_signal(signal.SIGINT)
        assert await asyncio.wait_for(worker.wait(), 15) == 0


async def test_a_payment_is_seen_within_ten_seconds_by_polling_alone(world: World, log: Path) -> None:
    """However long somebody took at the checkout, two minutes included; no nudge and no news from Stripe helps."""
    await ConnectedAccount.all().update(next_sync_at=clock.now() + timedelta(hours=1))
    cases = []
    for age in (timedelta(0), timedelta(seconds=60), timedelta(seconds=90), timedelta(seconds=140)):
        _, invoice, payer = await opened(world)
        cases.append((age, payer, (await start(payer, invoice)).done("checkoutUrl"), key_of(invoice["id"])))
    async with running(world.settings, "worker", log=log):
        await asyncio.sleep(2)
        for age, _, url, key in cases:
            now = clock.now()
            # The worst moment: each was asked about just before it is paid.
            await Payment.filter(invoice_id=key).update(created_at=now - age, next_poll_at=now + next_poll_delay(age))
            await world.pay(url)
        took = await asyncio.gather(*(until(partial(_is_paid, payer)) for _, payer, _, _ in cases))
    assert 1 < max(took) < 10, took


async def test_a_payment_at_an_old_checkout_is_seen_within_ten_seconds_by_stripes_news(world: World, log: Path) -> None:
    _, invoice, payer = await opened(world)
    url = (await start(payer, invoice)).done("checkoutUrl")
    age = timedelta(hours=3)
    now = clock.now()
    await Payment.all().update(created_at=now - age, next_poll_at=now + next_poll_delay(age))
    assert next_poll_delay(age) > timedelta(minutes=5)
    async with running(world.settings, "worker", log=log):
        await until(lambda: ConnectedAccount.exists(next_sync_at__gt=clock.now() + timedelta(seconds=1)))
        await world.pay(url)
        assert await until(partial(_is_paid, payer)) < 10


async def _is_paid(payer: Api) -> bool:
    return bool((await seen(payer))["status"] == "PAID")
