"""Subscriptions over a real websocket: what each scope hears, when, and for how long."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import asyncpg
import pytest
from tortoise import connections
from tortoise.transactions import in_transaction

import models
from graphql_server.websocket.session import PAUSE_SECONDS
from models.changes import ChangeListener
from rules.access import Scope
from sandbox.process import chosen_port
from schema.root import build_api
from tests.app.serving import Serving, serving
from tests.graphql_server.sockets import SECONDS_MAX, opened
from tests.workers import processes
from tests.world import World, key_of

INVOICE = """subscription($id: ID!) {
    invoiceChanged(invoiceId: $id) { id status paymentStatus remaining { formatted } payments { status } } }"""
INSPECTION = """subscription($id: ID!) {
    inspectionChanged(inspectionId: $id) { id paymentStatus remaining { formatted } invoices { status } } }"""
STATUS = "subscription($id: ID!) { invoiceChanged(invoiceId: $id) { status } }"


@pytest.fixture
async def served(world: World) -> AsyncIterator[Serving]:
    async with serving(world) as running:
        yield running


async def test_an_inspector_sees_an_invoice_go_from_open_to_paid(world: World, served: Serving) -> None:
    """A subscription shows an inspector an invoice going from open to paid (S27)."""
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    payer = await job.payment_link(invoice["id"])
    async with served.socket(world.inspector) as socket:
        watched = await socket.subscribe(INVOICE, id=invoice["id"])
        first = await watched.value()
        assert (first["id"], first["status"], first["payments"]) == (invoice["id"], "OPEN", [])
        await job.paid(payer, invoice["id"])
        last = await watched.until(status="PAID")
    assert last["paymentStatus"] == "PAID"
    assert last["remaining"] == {"formatted": "$0.00"}
    assert last["payments"] == [{"status": "SUCCEEDED"}]


async def test_an_inspection_is_sent_again_after_each_kind_of_change(world: World, served: Serving) -> None:
    """A subscription sends the inspection again after each kind of change (S27, S28, S29, S30)."""
    job = await world.inspection()
    selection = """id emails { id } lineItems { id } people { id } invoices { id } agreements { id } grants { id }
        payments { id status refunds { status } }"""
    query = f"subscription($id: ID!) {{ inspectionChanged(inspectionId: $id) {{ {selection} }} }}"
    async with served.socket(world.inspector) as socket:
        watched = await socket.subscribe(query, id=job.id)
        seen = [await watched.value()]

        async def differs(*, in_field: str) -> None:
            async with asyncio.timeout(SECONDS_MAX):
                while (value := await watched.value())[in_field] == seen[-1][in_field]:
                    pass
            seen.append(value)

        invoice = await job.invoice("100.00")
        await differs(in_field="invoices")
        await world.inspector.mutate("sendInvoice", invoiceId=invoice["id"])
        await differs(in_field="emails")
        recorded = await world.inspector.mutate(
            "recordPayment", "payment { id }", invoiceId=job.primary_id, amount="10.00", method="CASH"
        )
        await differs(in_field="payments")
        payment = recorded.done("payment")["id"]
        await world.inspector.mutate("refundPayment", paymentId=payment, amount="5.00")
        await differs(in_field="payments")
        await job.client_portal()
        await differs(in_field="grants")


async def test_a_payer_hears_of_their_invoice_and_of_nothing_else(world: World, served: Serving) -> None:
    """A payer's subscription tells of their invoice, and of no other (S19)."""
    job = await world.inspection()
    invoice, other = await job.invoice("100.00"), await job.invoice("50.00")
    payer, stranger = await job.payment_link(invoice["id"]), await job.payment_link(other["id"])
    async with served.socket(payer) as socket:
        watched = await socket.subscribe(STATUS, id=invoice["id"])
        assert await watched.value() == {"status": "OPEN"}
        await job.paid(stranger, other["id"])
        await world.inspector.mutate("updateInspection", inspectionId=job.id, scheduledAt="2026-12-01T10:00:00Z")
        assert await socket.hears_nothing()
        await job.paid(payer, invoice["id"])
        assert (await watched.until(status="PAID")) == {"status": "PAID"}


async def test_a_client_is_not_told_of_what_they_may_not_see(world: World, served: Serving) -> None:
    """A client's subscription does not tell of changes that a client may not see (S22)."""
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    payer, client = await job.payment_link(invoice["id"]), await job.client_portal()
    async with served.socket(client) as socket:
        watched = await socket.subscribe(
            "subscription($id: ID!) { inspectionChanged(inspectionId: $id) { payments { status } } }", id=job.id
        )
        assert await watched.value() == {"payments": []}
        started = await payer.mutate("startPayment", "checkoutUrl", invoiceId=invoice["id"])
        await world.pay(started.done("checkoutUrl"), card="4000000000000002")
        await world.poll()
        assert await socket.hears_nothing()
        await world.pay(started.done("checkoutUrl"))
        await world.poll()
        assert await watched.value() == {"payments": [{"status": "SUCCEEDED"}]}


async def test_each_scope_watches_what_the_matrix_lets_it(world: World, served: Serving) -> None:
    """Each scope can subscribe to what it may read, and to nothing else (S19, S21, S23)."""
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    apis = {
        Scope.INSPECTOR: world.inspector,
        Scope.CLIENT: await job.client_portal(),
        Scope.PAYER: await job.payment_link(invoice["id"]),
    }
    asked = {
        "Subscription.inspectionChanged": ("inspectionId", job.id),
        "Subscription.invoiceChanged": ("invoiceId", invoice["id"]),
    }
    matrix = {name: readers for name, readers in build_api().matrix.items() if name.startswith("Subscription.")}
    assert matrix.keys() == asked.keys()
    for name, readers in matrix.items():
        argument, global_id = asked[name]
        field = name.partition(".")[2]
        query = f"subscription($id: ID!) {{ {field}({argument}: $id) {{ __typename }} }}"
        for scope, api in apis.items():
            async with served.socket(api) as socket:
                watched = await socket.subscribe(query, id=global_id)
                if isinstance(readers, frozenset) and scope in readers:
                    assert (await watched.value())["__typename"] in field.title()
                else:
                    assert await watched.errors() == [("FORBIDDEN", f"{name} may not be read with scope {scope}.")]


@pytest.mark.parametrize("scope", ["payer", "client"])
async def test_a_field_that_a_scope_may_not_read_refuses_the_subscription(
    world: World, served: Serving, scope: str
) -> None:
    """A subscription that selects a field its scope may not read is refused (S19, S22)."""
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    api = await (job.payment_link(invoice["id"]) if scope == "payer" else job.client_portal())
    query = "subscription($id: ID!) { invoiceChanged(invoiceId: $id) { id emails { toAddress: to } } }"
    async with served.socket(api) as socket:
        watched = await socket.subscribe(query, id=invoice["id"])
        errors = await watched.errors()
        assert errors[0] == ("FORBIDDEN", f"Invoice.emails may not be read with scope {scope.upper()}.")
        assert served.changes.watches == {}


async def test_what_is_not_yours_is_not_found(world: World, served: Serving) -> None:
    job, elsewhere = await world.inspection(), await world.inspection()
    invoice, foreign = await job.invoice("100.00"), await elsewhere.invoice("100.00")
    _, stranger = await world.new_company("Other Inspections", "owner@other.test")
    payer, client = await job.payment_link(invoice["id"]), await job.client_portal()
    asked = [
        (stranger, INSPECTION, job.id, "inspectionId"),
        (stranger, INVOICE, invoice["id"], "invoiceId"),
        (client, INSPECTION, elsewhere.id, "inspectionId"),
        (client, INVOICE, foreign["id"], "invoiceId"),
        (payer, INVOICE, foreign["id"], "invoiceId"),
        (payer, INVOICE, job.primary_id, "invoiceId"),
        (world.inspector, INVOICE, job.id, "invoiceId"),
        (world.inspector, INVOICE, "nonsense", "invoiceId"),
    ]
    for api, query, global_id, argument in asked:
        async with served.socket(api) as socket:
            await socket.subscribe(query, id=global_id)
            message = await socket.hear()
            assert message["type"] == "error"
            assert [error["extensions"] for error in message["payload"]] == [{"code": "NOT_FOUND", "field": [argument]}]
    assert served.changes.watches == {}


async def test_a_revoked_link_ends_the_subscription_at_once(world: World, served: Serving) -> None:
    """Revoking a link ends its subscription at once (S25)."""
    job = await world.inspection()
    client = await job.client_portal()
    grant = (await job.read("grants { id }"))["grants"][0]["id"]
    async with served.socket(client) as socket:
        watched = await socket.subscribe(INSPECTION, id=job.id)
        await watched.value()
        (await world.inspector.mutate("revokeGrant", grantId=grant)).done("userErrors")
        ((code, message),) = await watched.errors()
        assert (code, message.startswith("This link is not valid, or not any more.")) == ("UNAUTHENTICATED", True)
        closed, reason = await socket.closed()
        assert (closed, reason) == (4403, message.encode()[:123].decode(errors="ignore"))


async def test_every_subscription_of_a_revoked_link_ends_with_one_error(world: World, served: Serving) -> None:
    """Each subscription of a revoked link ends with one error (S25)."""
    job = await world.inspection()
    client = await job.client_portal()
    grant = (await job.read("grants { id }"))["grants"][0]["id"]
    async with served.socket(client) as socket:
        watched = [await socket.subscribe(INSPECTION, id=job.id) for _ in range(6)]
        assert {(await socket.hear())["type"] for _ in watched} == {"next"}
        (await world.inspector.mutate("revokeGrant", grantId=grant)).done("userErrors")
        ended = [await socket.hear() for _ in watched]
        assert {message["type"] for message in ended} == {"error"}
        assert sorted(message["id"] for message in ended) == [each.name for each in watched]
        assert (await socket.closed())[0] == 4403


async def test_voiding_an_invoice_ends_its_payers_subscription(world: World, served: Serving) -> None:
    job = await world.inspection()
    invoice = await job.invoice("100.00")
    payer = await job.payment_link(invoice["id"])
    async with served.socket(payer) as socket:
        watched = await socket.subscribe(STATUS, id=invoice["id"])
        await watched.value()
        (await world.inspector.mutate("voidInvoice", invoiceId=invoice["id"])).done("userErrors")
        assert [code for code, _ in await watched.errors()] == ["UNAUTHENTICATED"]
        assert (await socket.closed())[0] == 4403


async def test_signing_out_ends_every_subscription_without_anything_happening(world: World, served: Serving) -> None:
    _limit(served, ping_seconds=0.3)
    job = await world.inspection()
    other = await world.signed_in("owner@lakeside.test")
    async with served.socket(other) as socket:
        await (await socket.subscribe(INSPECTION, id=job.id)).value()
        await (await socket.subscribe(INVOICE, id=job.primary_id)).value()
        await other.mutate("signOut")
        ended = [await socket.hear(), await socket.hear()]
        assert [message["type"] for message in ended] == ["error", "error"]
        assert {message["payload"][0]["extensions"]["code"] for message in ended} == {"UNAUTHENTICATED"}
        assert await socket.closed() == (4403, "This session has ended; sign in again.")


async def test_many_changes_are_few_values_with_a_pause_between(world: World, served: Serving) -> None:
    job = await world.inspection()
    loop = asyncio.get_running_loop()

    async def change(seconds: float) -> None:
        started = loop.time()
        while loop.time() - started < seconds:
            address = f"{loop.time()} Shore Road"
            async with in_transaction():
                await models.Inspection.filter(id=key_of(job.id)).update(property_address=address)

    async with served.socket(world.inspector) as socket:
        watched = await socket.subscribe(INSPECTION, id=job.id)
        await watched.value()
        started = loop.time()
        changing = asyncio.create_task(change(0.6))
        values = 0
        while not changing.done():
            await watched.value()
            values += 1
    assert 2 <= values <= (loop.time() - started) / PAUSE_SECONDS + 2


async def test_what_was_missed_while_the_connection_was_cut_is_seen_after_it(
    world: World, served: Serving, monkeypatch: pytest.MonkeyPatch
) -> None:
    over, connect = asyncio.Event(), ChangeListener._connect

    async def connect_after_the_gap(listener: ChangeListener) -> asyncpg.Connection:
        """However slow the machine is, the change falls into the gap."""
        await over.wait()
        return await connect(listener)

    job = await world.inspection()
    changes = served.changes
    async with served.socket(world.inspector) as socket:
        watched = await socket.subscribe(INVOICE, id=job.primary_id)
        assert (await watched.value())["status"] == "OPEN"
        monkeypatch.setattr(ChangeListener, "_connect", connect_after_the_gap)
        await _cut(served)
        await world.inspector.mutate("recordPayment", invoiceId=job.primary_id, amount="450.00", method="CASH")
        assert not changes.connected.is_set(), "the change must fall into the gap"
        over.set()
        await watched.until(status="PAID")
        assert changes.connected.is_set()


async def _cut(served: Serving) -> None:
    """End the connection that listens, and wait until its process has noticed."""
    ended = await connections.get("default").execute_query_dict(
        "SELECT pg_terminate_backend(pid) AS ended FROM pg_stat_activity"
        " WHERE application_name = 'inspectpay changes' AND datname = current_database()"
    )
    assert [row["ended"] for row in ended] == [True]
    async with asyncio.timeout(SECONDS_MAX):
        while served.changes.connected.is_set():
            served.changes.nudge()
            await asyncio.sleep(0)


async def test_two_processes_hear_alike(world: World, served: Serving) -> None:
    job = await world.inspection()
    async with (
        serving(world) as another,
        served.socket(world.inspector) as here,
        another.socket(world.inspector) as there,
    ):
        both = [await socket.subscribe(INVOICE, id=job.primary_id) for socket in (here, there)]
        assert [(await watched.value())["status"] for watched in both] == ["OPEN", "OPEN"]
        await world.inspector.mutate("recordPayment", invoiceId=job.primary_id, amount="450.00", method="CASH")
        for watched in both:
            await watched.until(status="PAID")


def _limit(served: Serving, **changed: Any) -> None:
    served.shared.limits = replace(served.shared.limits, **changed)


async def test_processes_hear_of_each_others_writes_and_say_goodbye(world: World, tmp_path: Path) -> None:
    job = await world.inspection()
    ports = (chosen_port(None), chosen_port(None))
    async with (
        processes.serving(world.settings, ports[0], log=tmp_path / "first.log") as first,
        processes.serving(world.settings, ports[1], log=tmp_path / "second.log"),
        opened(ports[0], world.inspector) as here,
        opened(ports[1], world.inspector) as there,
    ):
        both = [await socket.subscribe(INVOICE, id=job.primary_id) for socket in (here, there)]
        assert [(await watched.value())["status"] for watched in both] == ["OPEN", "OPEN"]
        await world.inspector.mutate("recordPayment", invoiceId=job.primary_id, amount="450.00", method="CASH")
        for watched in both:
            await watched.until(status="PAID")
        loop = asyncio.get_running_loop()
        started = loop.time()
        first.terminate()
        assert await here.closed() == (1001, "The server stops; connect again.")
        assert loop.time() - started < 1.5
        assert await asyncio.wait_for(first.wait(), SECONDS_MAX) == 0
        assert await there.hears_nothing()
