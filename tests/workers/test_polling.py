"""What Stripe reports becomes what we say, whatever is lost, late, twice or out of order on the way."""

import asyncio
import itertools
from collections.abc import AsyncIterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest

from models import Company, Event, Inspection, Invoice, Payment, Refund
from operations.leases import LEASE
from operations.payments import checkout, stripe_events, sync_payments
from operations.payments.checkout import InvoiceNotPayable
from operations.payments.fetch_payments import fetch_payment
from rules import clock
from rules.access import Principal, Scope
from rules.retry import POLL_DELAY_MAX, POLL_DELAY_MIN, next_poll_delay
from rules.states import PaymentState
from tests.sandbox.stripe_openapi import validate_log
from tests.world import Api, Job, Json, Payload, World, key_of

SESSIONS = "/v1/checkout/sessions"
DECLINED = "4000000000000002"


@pytest.fixture(autouse=True)
async def _stripe_is_spoken_properly(world: World) -> AsyncIterator[None]:
    """Every exchange of these tests is one that Stripe documents."""
    yield
    validate_log(await world.servers.stripe.requests(with_bodies=True))


async def opened(world: World, amount: str = "100.00") -> tuple[Job, Json, Api]:
    """An inspection with an open separate invoice, and its payer."""
    job = await world.inspection()
    invoice = await job.invoice(amount)
    return job, invoice, await job.payment_link(invoice["id"])


async def start(payer: Api, invoice: Json, **given: Any) -> Payload:
    selection = "payment { id status failureMessage } checkoutUrl"
    return await payer.mutate("startPayment", selection, invoiceId=invoice["id"], **given)


async def fault(world: World, match: str, kind: str, value: int = 0, **given: Any) -> None:
    """Let Stripe misbehave."""
    await world.servers.stripe.control("faults", match=match, kind=kind, value=value, **given)


async def posts(world: World) -> list[Json]:
    """The requests that asked for a checkout."""
    return [
        entry
        for entry in await world.servers.stripe.requests(with_bodies=True)
        if (entry["method"], entry["path"]) == ("POST", SESSIONS)
    ]


async def only_payment() -> Payment:
    return await Payment.get()


async def seen(payer: Api) -> Json:
    """The invoice as its payer sees it."""
    data = await payer.read(
        "{ viewer { ... on PayerViewer { invoice { status paymentStatus remaining { formatted } inFlight { formatted }"
        " settled { formatted } payments { status failureMessage method cardBrand cardLast4 } } } } }"
    )
    invoice: Json = data["viewer"]["invoice"]
    return invoice


async def grow_old(payment: Payment, **age: float) -> None:
    """Let the payment have been started that long ago."""
    await Payment.filter(id=payment.id).update(created_at=clock.now() - timedelta(**age))


_STORED = ("state", "method", "card_brand", "card_last4", "failure_message", "stripe_payment_intent_id", "next_poll_at")


async def test_news_may_come_in_any_order_late_and_twice(world: World) -> None:
    """What Stripe says may come in any order, late and twice (S27)."""
    job, invoice, payer = await opened(world)
    url = (await start(payer, invoice)).done("checkoutUrl")
    payment = await only_payment()
    stripe = world.held.stripe
    untouched = await fetch_payment(payment, stripe=stripe)
    await world.pay(url, card=DECLINED)
    declined = await fetch_payment(payment, stripe=stripe)
    await world.pay(url)
    paid = await fetch_payment(payment, stripe=stripe)
    canceled = replace(untouched, state=PaymentState.CANCELED)
    assert [news.state for news in (untouched, declined, paid)] == ["REQUIRES_ACTION", "REQUIRES_ACTION", "SUCCEEDED"]
    for order in itertools.permutations((untouched, declined, canceled, paid)):
        await Payment.filter(id=payment.id).update(
            state=PaymentState.CREATED,
            card_brand=None,
            card_last4=None,
            failure_message=None,
            settled_at=None,
            next_poll_at=clock.now(),
        )
        await Invoice.filter(id=payment.invoice_id).update(
            status="OPEN", paid_at=None, settled_minor=0, remaining_minor=10000, payment_status="UNPAID"
        )
        for news in (*order, *order):
            await sync_payments.apply_payment(payment.id, news)
        row = await only_payment()
        assert [getattr(row, name) for name in _STORED] == [
            PaymentState.SUCCEEDED,
            "CARD",
            "visa",
            "4242",
            None,
            paid.payment_intent_id,
            None,
        ], [news.state for news in order]
        assert await seen(payer) | {"payments": []} == {
            "status": "PAID",
            "paymentStatus": "PAID",
            "remaining": {"formatted": "$0.00"},
            "inFlight": {"formatted": "$0.00"},
            "settled": {"formatted": "$100.00"},
            "payments": [],
        }
    inspection = await Inspection.get(id=key_of(job.id))
    assert (inspection.settled_minor, inspection.in_flight_minor) == (10000, 0)


async def test_applying_the_same_news_again_writes_no_history(world: World) -> None:
    _, invoice, payer = await opened(world)
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    await world.poll()
    payment, events = await only_payment(), await Event.all().count()
    for _ in range(3):
        await sync_payments.sync_payment(payment.id, stripe=world.held.stripe)
    assert await Event.all().count() == events
    assert (await only_payment()).settled_at == payment.settled_at


async def test_a_lost_reply_opens_one_checkout(world: World) -> None:
    _, invoice, payer = await opened(world)
    await fault(world, f"POST {SESSIONS}$", "lost_reply")
    started = await start(payer, invoice)
    assert started.done("payment")["status"] == "REQUIRES_ACTION"
    payment = await only_payment()
    lost, answered = await posts(world)
    assert (lost["reply_lost"], answered["reply_lost"], answered["replayed"]) == (True, False, True)
    assert {lost["idempotency_key"], answered["idempotency_key"]} == {f"payment:{payment.id}"}
    assert {lost["response"]["id"], answered["response"]["id"]} == {payment.checkout_session_id}
    await world.pay(started.content["checkoutUrl"])
    await world.poll()
    assert (await seen(payer))["status"] == "PAID"
    assert await Payment.all().count() == 1


async def start_unanswered(world: World, payer: Api, invoice: Json, patch: pytest.MonkeyPatch) -> None:
    """Start a payment whose checkout Stripe opens, but later than we wait for."""
    with patch.context() as impatient:
        impatient.setattr("gateways.stripe_calls.CALL_SECONDS_MAX", 0.3)
        await fault(world, f"POST {SESSIONS}$", "latency", 600)
        assert (await start(payer, invoice)).codes == ["PAYMENT_PROVIDER_UNAVAILABLE"]
    assert (await only_payment()).state is PaymentState.UNKNOWN
    shown = await seen(payer)
    assert (shown["inFlight"]["formatted"], shown["remaining"]["formatted"]) == ("$100.00", "$0.00")
    await asyncio.sleep(0.5)


async def test_an_answer_that_takes_too_long_is_unknown_until_asked_again(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    _, invoice, payer = await opened(world)
    await start_unanswered(world, payer, invoice, monkeypatch)
    await world.poll()
    payment = await only_payment()
    assert payment.state is PaymentState.REQUIRES_ACTION
    asked = await posts(world)
    assert {entry["idempotency_key"] for entry in asked} == {f"payment:{payment.id}"}
    assert len({str(entry["params"]) for entry in asked}) == 1
    assert payment.checkout_session_id == asked[-1]["response"]["id"]
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    await world.poll()
    assert (await seen(payer))["status"] == "PAID"
    assert await Payment.all().count() == 1


async def test_asking_to_pay_again_resolves_an_unknown_attempt(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    _, invoice, payer = await opened(world)
    await start_unanswered(world, payer, invoice, monkeypatch)
    again = await start(payer, invoice)
    assert again.done("payment")["status"] == "REQUIRES_ACTION"
    assert await Payment.all().count() == 1


@pytest.mark.parametrize("status", [429, 500, 502, 503])
async def test_a_faulty_stripe_changes_nothing_while_polling(world: World, status: int) -> None:
    _, invoice, payer = await opened(world)
    url = (await start(payer, invoice)).done("checkoutUrl")
    await world.pay(url)
    await fault(world, f"GET {SESSIONS}", "status", status, count=10)
    await world.poll()
    payment = await only_payment()
    assert payment.state is PaymentState.REQUIRES_ACTION
    assert payment.next_poll_at is not None
    assert payment.next_poll_at > clock.now()
    await world.servers.stripe.control("faults", method="DELETE")
    await world.poll()
    assert (await seen(payer))["status"] == "PAID"


async def test_a_rate_limit_on_starting_is_waited_out(world: World) -> None:
    _, invoice, payer = await opened(world)
    await fault(world, f"POST {SESSIONS}$", "status", 429, count=10)
    assert (await start(payer, invoice)).codes == ["PAYMENT_PROVIDER_UNAVAILABLE"]
    await world.servers.stripe.control("faults", method="DELETE")
    await world.poll()
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    await world.poll()
    assert (await seen(payer))["status"] == "PAID"
    assert await Payment.all().count() == 1


async def test_a_fault_that_stripe_keeps_for_its_key_ends_the_attempt(world: World) -> None:
    """Stripe replays a saved 500 for a day: the payer gets a new attempt, with a new key, much sooner."""
    _, invoice, payer = await opened(world)
    await fault(world, f"POST {SESSIONS}$", "status", 500)
    assert (await start(payer, invoice)).codes == ["PAYMENT_PROVIDER_UNAVAILABLE"]
    await world.poll()
    assert (await only_payment()).state is PaymentState.UNKNOWN
    await grow_old(await only_payment(), minutes=3)
    await world.poll()
    given_up = await only_payment()
    assert (given_up.state, given_up.next_poll_at) == (PaymentState.FAILED, None)
    assert given_up.failure_message
    assert (await seen(payer))["inFlight"]["formatted"] == "$0.00"
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    await world.poll()
    assert (await seen(payer))["status"] == "PAID"
    assert await Payment.all().count() == 2


async def test_a_checkout_that_was_opened_after_all_is_found(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """Stripe opened it, forgot the key, and answers each repetition with a fault."""
    _, invoice, payer = await opened(world)
    await start_unanswered(world, payer, invoice, monkeypatch)
    await world.servers.stripe.control("forget_idempotency_keys")
    await fault(world, f"POST {SESSIONS}$", "status", 503, count=100)
    await world.poll()
    assert (await only_payment()).state is PaymentState.UNKNOWN
    await grow_old(await only_payment(), minutes=3)
    await world.poll()
    payment = await only_payment()
    assert payment.state is PaymentState.REQUIRES_ACTION
    await world.pay(payment.checkout_url or "")
    await world.poll()
    assert (await seen(payer))["status"] == "PAID"


async def test_a_decline_leaves_the_checkout_open_and_tells_the_payer(world: World) -> None:
    """A decline leaves the checkout open and tells the payer why (S19)."""
    _, invoice, payer = await opened(world)
    url = (await start(payer, invoice)).done("checkoutUrl")
    assert await world.pay(url, card=DECLINED) == 402
    await world.poll()
    (shown,) = (await seen(payer))["payments"]
    assert (shown["status"], shown["failureMessage"]) == ("REQUIRES_ACTION", "Your card was declined.")
    again = await start(payer, invoice)
    assert again.done("checkoutUrl") == url
    assert await world.pay(url, card="4000000000009995") == 402
    await world.poll()
    assert "insufficient funds" in (await seen(payer))["payments"][0]["failureMessage"]
    assert await world.pay(url) == 303
    await world.poll()
    (shown,) = (await seen(payer))["payments"]
    assert (shown["status"], shown["failureMessage"], shown["cardLast4"]) == ("SUCCEEDED", None, "4242")


async def test_a_checkout_that_expired_is_canceled_and_the_invoice_payable_again(world: World) -> None:
    _, invoice, payer = await opened(world)
    url = (await start(payer, invoice)).done("checkoutUrl")
    await world.servers.stripe.control("clock", advance_seconds=13 * 3600)
    assert await world.pay(url) >= 400
    await world.poll()
    payment = await only_payment()
    assert (payment.state, payment.next_poll_at) == (PaymentState.CANCELED, None)
    assert (await seen(payer))["status"] == "OPEN"
    await world.servers.stripe.control("reset")  # The clock again, and with it the account.
    account = (await Company.get(id=world.company_key)).stripe_account_id
    await world.servers.stripe.ready_account(id=account)
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    await world.poll()
    assert (await seen(payer))["status"] == "PAID"


async def test_what_is_canceled_here_and_paid_there_is_paid(world: World) -> None:
    _, invoice, payer = await opened(world)
    await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    payment = await only_payment()
    await Payment.filter(id=payment.id).update(state=PaymentState.CANCELED, next_poll_at=None)
    await world.hear_news()
    assert (await only_payment()).state is PaymentState.SUCCEEDED
    assert (await seen(payer))["status"] == "PAID"


@pytest.mark.parametrize(("bank", "state", "status"), [("succeeds", "SUCCEEDED", "PAID"), ("fails", "FAILED", "OPEN")])
async def test_a_bank_debit_is_under_way_until_the_bank_answers(
    world: World, bank: str, state: str, status: str
) -> None:
    _, invoice, payer = await opened(world)
    await world.pay((await start(payer, invoice)).done("checkoutUrl"), bank=bank)
    await world.poll()
    shown = await seen(payer)
    assert (shown["status"], shown["paymentStatus"]) == ("OPEN", "PROCESSING")
    assert (shown["inFlight"]["formatted"], shown["remaining"]["formatted"]) == ("$100.00", "$0.00")
    assert shown["payments"][0]["method"] == "ACH"
    refused = await start(payer, invoice)
    assert refused.codes == ["PAYMENT_IN_PROGRESS"]
    voided = await world.inspector.mutate("voidInvoice", "invoice { id }", invoiceId=invoice["id"])
    assert voided.codes == ["PAYMENT_IN_PROGRESS"]
    await world.poll()
    await world.servers.stripe.control("settle")
    await world.poll()
    shown = await seen(payer)
    assert (shown["status"], shown["payments"][0]["status"]) == (status, state)
    assert shown["inFlight"]["formatted"] == "$0.00"
    if bank == "fails":
        assert shown["payments"][0]["failureMessage"]
        await world.pay((await start(payer, invoice)).done("checkoutUrl"))
        await world.poll()
        assert (await seen(payer))["status"] == "PAID"


def test_polling_slows_down_as_a_payment_ages() -> None:
    minutes = [timedelta(minutes=minute) for minute in range(24 * 60)]
    delays = [next_poll_delay(age) for age in minutes]
    assert delays[:3] == [timedelta(seconds=5)] * 3, "people who pay within two minutes are seen at once"
    assert delays == sorted(delays)
    assert (
        (min(delays), max(delays)) == (POLL_DELAY_MIN, POLL_DELAY_MAX) == (timedelta(seconds=5), timedelta(minutes=15))
    )


@pytest.mark.parametrize("age", [timedelta(0), timedelta(minutes=1), timedelta(hours=1), timedelta(hours=11)])
async def test_an_open_payment_is_asked_about_again_and_again(world: World, age: timedelta) -> None:
    _, invoice, payer = await opened(world)
    await start(payer, invoice)
    payment = await only_payment()
    first = payment.next_poll_at
    assert first is not None
    assert timedelta(seconds=4) < first - payment.created_at < timedelta(seconds=6)
    assert await checkout.claim_payments_due(limit=10) == []
    await Payment.all().update(created_at=clock.now() - age)
    await world.poll()
    again = (await only_payment()).next_poll_at
    assert again is not None
    assert abs(again - clock.now() - next_poll_delay(age)) < timedelta(seconds=2)


async def test_a_payment_is_taken_by_one_poller_at_a_time(world: World) -> None:
    _, invoice, payer = await opened(world)
    await start(payer, invoice)
    await Payment.all().update(next_poll_at=clock.now())
    assert len(await checkout.claim_payments_due(limit=10)) == 1
    assert await checkout.claim_payments_due(limit=10) == []
    due = (await only_payment()).next_poll_at
    assert due is not None
    assert timedelta(seconds=50) < due - clock.now() <= LEASE


async def test_a_void_invoice_takes_no_payment(world: World) -> None:
    _, invoice, payer = await opened(world)
    await world.inspector.mutate("voidInvoice", "invoice { id }", invoiceId=invoice["id"])
    refused = await payer.run("{ viewer { ... on PayerViewer { invoice { id } } } }")
    assert refused.codes == ["UNAUTHENTICATED"], "its links ended with it"
    row = await Invoice.get(id=key_of(invoice["id"]))
    principal = Principal(
        Scope.PAYER, world.company_key, grant_id=row.id, inspection_id=row.inspection_id, invoice_id=row.id
    )
    with pytest.raises(InvoiceNotPayable, match="is void"):
        await checkout.start_payment(
            principal,
            checkout.StartPayment(invoice_id=row.id),
            portals=world.settings.portals,
            stripe=world.held.stripe,
        )
    assert await Payment.all().count() == 0
    assert await posts(world) == []


async def test_money_that_lands_on_a_void_invoice_is_recorded_and_given_back(world: World) -> None:
    """Money that lands on a void invoice is recorded and given back (S40)."""
    job, invoice, payer = await opened(world)
    url = (await start(payer, invoice)).done("checkoutUrl")
    # A checkout that escaped its expiry, as after a restore of the database.
    await Payment.all().update(state=PaymentState.CANCELED, next_poll_at=None)
    voided = await world.inspector.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"])
    assert voided.done("invoice")["status"] == "VOID"
    assert await world.pay(url) == 303
    await world.hear_news()
    row = await Invoice.get(id=key_of(invoice["id"]))
    assert (row.status, row.payment_status, row.overpaid_minor) == ("VOID", "OVERPAID", 10000)
    shown = await job.read("paymentStatus settled { formatted } payments { id status refundable { formatted } }")
    assert shown["paymentStatus"] == "OVERPAID", "it is no part payment of what the client owes"
    assert shown["settled"]["formatted"] == "$100.00"
    assert shown["payments"][0]["refundable"]["formatted"] == "$100.00"
    assert await Refund.all().count() == 0


async def test_a_checkout_whose_time_is_over_is_never_handed_out_again(world: World) -> None:
    _, invoice, payer = await opened(world)
    old = (await start(payer, invoice)).done("checkoutUrl")
    await Payment.all().update(checkout_expires_at=clock.now())
    fresh = (await start(payer, invoice)).done("checkoutUrl")
    assert fresh != old
    assert [await world.pay(old), await world.pay(fresh)] == [410, 303]
    await world.poll()
    assert (await seen(payer))["status"] == "PAID"


async def test_hearing_goes_on_where_it_stopped(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    for _ in range(2):
        _, invoice, payer = await opened(world)
        await world.pay((await start(payer, invoice)).done("checkoutUrl"))
    monkeypatch.setattr(stripe_events, "EVENTS_AT_ONCE_MAX", 1)
    heard: list[Any] = []

    async def settle(payment_id: Any, **_: Any) -> None:
        if len(heard) == 1:
            raise asyncio.CancelledError  # The job's time is over.
        heard.append(payment_id)

    with monkeypatch.context() as patch:
        patch.setattr(stripe_events, "try_sync_payment", settle)
        with pytest.raises(asyncio.CancelledError):
            await world.hear_news()
    await world.hear_news()
    states = {payment.id: payment.state for payment in await Payment.all()}
    assert states.pop(heard[0]) is PaymentState.REQUIRES_ACTION, "what was heard is not heard again"
    assert list(states.values()) == [PaymentState.SUCCEEDED]
