"""Several requests at the same moment: one effect, one truth, and never more than what is owed."""

import asyncio
from contextvars import copy_context
from datetime import UTC, datetime
from decimal import Decimal
from typing import Any

import asyncpg
import pytest
from tortoise import connections

from models import Email, IdempotencyKey, InspectionPerson, Invoice, InvoiceLine, LineItemKind, Payment
from operations import transactions
from operations.inspections import inspections
from operations.inspections.checks import NewPerson
from operations.inspections.line_items import NewLineItem
from operations.invoices import drafts
from operations.transactions import Busy, transaction
from rules.access import Principal, Scope
from rules.identifiers import global_id
from rules.roles import PersonRole
from rules.states import LIVE_PAYMENTS, PaymentState
from tests.world import Api, Job, Json, Payload, World, key_of

ROUNDS = 200
SESSIONS = "/v1/checkout/sessions"


async def _principal(world: World) -> Principal:
    viewer = await world.inspector.read("{ viewer { ... on InspectorViewer { user { id } } } }")
    return Principal(Scope.INSPECTOR, world.company_key, user_id=key_of(viewer["viewer"]["user"]["id"]), owner=True)


async def test_the_last_hundred_dollars_are_invoiced_once(world: World) -> None:
    """Of two invoices saved at once, the last hundred dollars are on one (S41, S43)."""
    principal = await _principal(world)
    people = [
        NewPerson(key_of(await world.person("Clara Client")), PersonRole.CLIENT),
        NewPerson(key_of(await world.person("Adam Agent")), PersonRole.BUYERS_AGENT),
    ]
    for _ in range(ROUNDS):
        inspection = await _hundred_dollars(principal, people)
        entries = [entry.id for entry in await InspectionPerson.filter(inspection_id=inspection)]
        given = [
            {
                "inspectionId": global_id("Inspection", inspection),
                "inspectionPersonId": global_id("InspectionPerson", entry),
                "fixedAmount": "100.00",
            }
            for entry in entries
        ]
        saved = await asyncio.gather(
            *(world.inspector.mutate("addInvoice", "invoice { total { formatted } }", **each) for each in given)
        )
        won, lost = sorted(saved, key=lambda payload: len(payload.messages))
        assert won.done("invoice")["total"]["formatted"] == "$100.00"
        assert lost.messages == ["Fixed amount cannot exceed $0.00"]
        assert lost.codes == ["AMOUNT_EXCEEDS_INVOICEABLE"]
        assert await Invoice.filter(inspection_id=inspection, kind="SEPARATE").count() == 1
    assert await Invoice.filter(kind="SEPARATE").count() == ROUNDS


async def _hundred_dollars(principal: Principal, people: list[NewPerson]) -> Any:
    return await inspections.create_inspection(
        principal,
        inspections.CreateInspection(
            property_address="12 Shore Road",
            scheduled_at=datetime(2026, 11, 23, tzinfo=UTC),
            people=people,
            line_items=[NewLineItem(kind=LineItemKind.SERVICE, description="Inspection", amount=Decimal(100))],
        ),
    )


async def _opened(world: World, amount: str = "100.00") -> tuple[Job, Json, Api]:
    job = await world.inspection()
    invoice = await job.invoice(amount)
    return job, invoice, await job.payment_link(invoice["id"])


async def _start(payer: Api, invoice_id: str, **given: Any) -> Payload:
    return await payer.mutate(
        "startPayment", "payment { id status amount { formatted } } checkoutUrl", invoiceId=invoice_id, **given
    )


async def _session_posts(world: World) -> list[Json]:
    return [
        entry
        for entry in await world.servers.stripe.requests(with_bodies=True)
        if (entry["method"], entry["path"]) == ("POST", SESSIONS)
    ]


@pytest.mark.parametrize("round_number", range(5))
async def test_five_starts_at_once_open_one_checkout(world: World, round_number: int) -> None:
    _, invoice, payer = await _opened(world)
    started = await asyncio.gather(*(_start(payer, invoice["id"]) for _ in range(5)))
    assert len({payload.done("checkoutUrl") for payload in started}) == 1
    assert len({payload.content["payment"]["id"] for payload in started}) == 1
    assert {payload.content["payment"]["status"] for payload in started} == {"REQUIRES_ACTION"}
    assert await Payment.all().count() == 1
    opened = {entry["response"]["id"] for entry in await _session_posts(world) if entry["status"] == 200}
    assert len(opened) == 1, f"round {round_number}"


async def _add(world: World) -> tuple[Api, str, str, Json, Json]:
    job = await world.inspection()
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "100.00"}
    return world.inspector, "addInvoice", "invoice { id }", given, {"fixedAmount": "101.00"}


async def _send(world: World) -> tuple[Api, str, str, Json, Json]:
    job = await world.inspection()
    given = {"invoiceId": (await job.invoice("100.00"))["id"]}
    return world.inspector, "sendInvoice", "invoice { id }", given, {"subject": "Another subject"}


async def _begin(world: World) -> tuple[Api, str, str, Json, Json]:
    _, invoice, payer = await _opened(world)
    return payer, "startPayment", "payment { id } checkoutUrl", {"invoiceId": invoice["id"]}, {"amount": "50.00"}


async def _take(world: World) -> tuple[Api, str, str, Json, Json]:
    _, invoice, _ = await _opened(world)
    given = {"invoiceId": invoice["id"], "amount": "60.00", "method": "CASH"}
    return world.inspector, "recordPayment", "payment { id }", given, {"amount": "30.00"}


@pytest.mark.parametrize("prepare", [_add, _send, _begin, _take])
async def test_one_key_has_one_effect_however_often_it_comes(world: World, prepare: Any) -> None:
    api, name, selection, given, other = await prepare(world)
    before = await world.count(Invoice, InvoiceLine, Payment, Email)
    first = await asyncio.gather(
        *(api.mutate(name, selection, **given, idempotencyKey="one and the same") for _ in range(4))
    )
    after = await world.count(Invoice, InvoiceLine, Payment, Email)
    created = selection.split()[0]
    results = [payload.done(created) for payload in first]
    assert results == [results[0]] * 4
    assert len({payload.content.get("checkoutUrl") for payload in first}) == 1
    assert max(now - then for now, then in zip(after, before, strict=True)) == 1

    again = await api.mutate(name, selection, **given, idempotencyKey="one and the same")
    assert again.done(created) == results[0]
    reused = await api.mutate(name, selection, **{**given, **other}, idempotencyKey="one and the same")
    assert reused.codes == ["IDEMPOTENCY_KEY_REUSED"]
    assert reused.fields == [["idempotencyKey"]]
    assert await world.count(Invoice, InvoiceLine, Payment, Email) == after


async def test_a_key_belongs_to_the_actor_who_used_it(world: World) -> None:
    job = await world.inspection()
    colleague = {"name": "Ina Inspector", "email": "ina@lakeside.test", "password": "long enough a password"}
    (await world.inspector.mutate("createUser", "user { id }", role="INSPECTOR", **colleague)).done("user")
    ina = await world.signed_in(colleague["email"], colleague["password"])
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "100.00"}
    made = [
        (await api.mutate("addInvoice", "invoice { id }", **given, idempotencyKey="k")).done("invoice")["id"]
        for api in (world.inspector, ina)
    ]
    assert made[0] != made[1]
    assert await IdempotencyKey.filter(key="k").count() == 2


async def test_a_refused_mutation_leaves_its_key_free(world: World) -> None:
    job = await world.inspection()
    refused = await job.add_invoice("9999.00", idempotencyKey="k")
    assert refused.codes == ["AMOUNT_EXCEEDS_INVOICEABLE"]
    assert await IdempotencyKey.all().count() == 0
    assert (await job.add_invoice("100.00", idempotencyKey="k")).codes == []


@pytest.mark.parametrize("round_number", range(6))
async def test_an_invoice_is_voided_or_paid_but_never_both(world: World, round_number: int) -> None:
    job, invoice, payer = await _opened(world)
    url = (await _start(payer, invoice["id"])).done("checkoutUrl")

    async def pay() -> int:
        await asyncio.sleep(0.004 * round_number)
        return await world.pay(url)

    voided, status = await asyncio.gather(
        world.inspector.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"]), pay()
    )
    await world.poll()
    row = await Invoice.get(id=key_of(invoice["id"]))
    payment = await Payment.get(invoice_id=row.id)
    if status == 303:
        assert voided.codes in (["INVOICE_NOT_VOIDABLE"], ["PAYMENT_IN_PROGRESS"])
        assert (row.status, payment.state) == ("PAID", PaymentState.SUCCEEDED)
    else:
        assert voided.codes == []
        assert (row.status, payment.state) == ("VOID", PaymentState.CANCELED)
    assert row.overpaid_minor == 0
    inspection = await job.read("settled { formatted } remaining { formatted }")
    settled = "$100.00" if status == 303 else "$0.00"
    assert inspection["settled"]["formatted"] == settled


@pytest.mark.parametrize("round_number", range(6))
async def test_no_open_checkout_asks_for_more_than_remains(world: World, round_number: int) -> None:
    job = await world.inspection("100.00", "200.00")
    client = await job.client_portal()

    async def start() -> Payload:
        await asyncio.sleep(0.006 * round_number)
        return await _start(client, job.primary_id)

    edited, started = await asyncio.gather(
        world.inspector.mutate("updateLineItem", "lineItem { id }", lineItemId=job.items[1], amount="50.00"), start()
    )
    assert edited.codes == []
    assert started.codes in ([], ["PAYMENT_IN_PROGRESS"], ["PAYMENT_PROVIDER_UNAVAILABLE"])
    primary = await Invoice.get(id=key_of(job.primary_id))
    assert (primary.total_minor, primary.remaining_minor) == (15000, 15000)
    for payment in await Payment.all():
        assert payment.stripe_account_id
        if payment.checkout_session_id is None:
            assert payment.state not in LIVE_PAYMENTS
            continue
        seen = await world.held.stripe.read_checkout(payment.checkout_session_id, account_id=payment.stripe_account_id)
        if payment.amount_minor > primary.remaining_minor:
            assert seen.state is PaymentState.CANCELED
            assert payment.state is PaymentState.CANCELED


async def _lock(first: str, second: str, together: asyncio.Barrier, tries: list[str]) -> None:
    """Lock two rows in that order, meeting the other transaction between them the first time round."""

    @transaction
    async def work() -> None:
        tries.append(first)
        connection = connections.get("default")
        await connection.execute_query("SELECT 1 FROM companies WHERE name = $1 FOR UPDATE", [first])
        if tries.count(first) == 1:
            await together.wait()
        await connection.execute_query("SELECT 1 FROM companies WHERE name = $1 FOR UPDATE", [second])
        await connection.execute_query("UPDATE companies SET name = name WHERE name IN ($1, $2)", [first, second])

    await work()


async def test_a_deadlock_is_repeated_until_it_is_gone(world: World) -> None:
    await world.new_company("Harbor Inspections", "owner@harbor.test", connected=False)
    one, other = "Lakeside Inspections", "Harbor Inspections"
    together, tries = asyncio.Barrier(2), list[str]()
    await asyncio.gather(_lock(one, other, together, tries), _lock(other, one, together, tries))
    assert len(tries) == 3, "one of the two was chosen as the victim, and ran again"


@pytest.mark.parametrize("fault", [asyncpg.DeadlockDetectedError, asyncpg.SerializationError])
async def test_a_deadlock_is_repeated_at_most_three_times(
    world: World, monkeypatch: pytest.MonkeyPatch, fault: type[Exception]
) -> None:
    monkeypatch.setattr(transactions, "JITTER_SECONDS_MAX", 0.001)
    runs = 0

    @transaction
    async def doomed() -> None:
        nonlocal runs
        runs += 1
        await connections.get("default").execute_query("UPDATE companies SET name = name || '!'")
        raise fault("always")

    with pytest.raises(Busy) as busy:
        await doomed()
    assert busy.value.code == "BUSY"
    assert runs == transactions.TRIES_MAX == 4
    name = (await world.inspector.read("{ viewer { ... on InspectorViewer { company { name } } } }"))["viewer"]
    assert name == {"company": {"name": "Lakeside Inspections"}}


async def test_deferred_payments_turned_on_meanwhile_refuses_the_invoice(world: World) -> None:
    """Deferred Payments turned on while an invoice is being saved refuses it (S3)."""
    job = await world.inspection()
    owner = await asyncpg.connect(world.settings.database_url.get_secret_value())
    async with owner.transaction():
        await owner.execute("SELECT 1 FROM companies FOR UPDATE")  # As updateCompany does.
        await owner.execute("UPDATE companies SET deferred_payments_enabled = true")
        adding = asyncio.create_task(job.add_invoice("100.00"))
        await asyncio.sleep(0.3)
        assert not adding.done()
    await owner.close()
    assert (await adding).codes == ["DEFERRED_PAYMENTS_ENABLED"]
    assert await Invoice.filter(kind="SEPARATE").count() == 0


async def test_deferred_payments_wait_for_an_invoice_that_is_being_saved(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invoice that is being saved keeps Deferred Payments from being turned on (S3)."""
    job = await world.inspection()
    find_bill_to = drafts._bill_to
    deferring: list[asyncio.Task[Payload]] = []
    outside = copy_context()  # A task that is made inside a transaction would be part of it.

    async def bill_to_while_deferring(*given: Any) -> InspectionPerson:
        change = world.inspector.mutate("updateCompany", "company { id }", deferredPaymentsEnabled=True)
        deferring.append(asyncio.create_task(change, context=outside))
        await asyncio.sleep(0.3)
        return await find_bill_to(*given)

    monkeypatch.setattr(drafts, "_bill_to", bill_to_while_deferring)
    assert (await job.add_invoice("100.00")).codes == []
    assert (await deferring[0]).codes == ["INVOICES_ARE_LIVE"]
