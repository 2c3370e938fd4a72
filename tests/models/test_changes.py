"""What PostgreSQL tells at a commit, to whom it is passed on, and what is no change."""

import asyncio
from collections.abc import AsyncIterator
from uuid import UUID

import asyncpg
import pytest
from tortoise import connections
from tortoise.transactions import in_transaction

import models
from models.changes import ChangeListener, Subscription
from rules import clock
from rules.identifiers import new_id
from tests.world import Job, World, key_of

SECONDS_MAX = 10.0
UNTOLD = {"events", "automation_events"}
"""Written only together with what they are about."""


@pytest.fixture
async def changes(world: World) -> AsyncIterator[ChangeListener]:
    heard = ChangeListener(world.settings.database_url.get_secret_value())
    async with heard.listening():
        await asyncio.wait_for(heard.connected.wait(), SECONDS_MAX)
        yield heard


@pytest.fixture
async def job(world: World) -> Job:
    return await world.inspection()


async def told(watch: Subscription, *, within: float = SECONDS_MAX) -> bool:
    """Whether the watch is woken in time; it has looked again when this returns."""
    try:
        await asyncio.wait_for(watch.changed(), within)
    except TimeoutError:
        return False
    watch.look()
    return True


async def settled(watch: Subscription) -> None:
    """Until the changes that the test made before have come and gone."""
    while await told(watch, within=0.2):
        pass


async def test_every_table_of_an_inspection_tells_of_its_changes(changes: ChangeListener) -> None:
    found = await connections.get("default").execute_query_dict(
        "SELECT columns.table_name AS name, count(DISTINCT tgname) AS triggers FROM information_schema.columns"
        " LEFT JOIN pg_trigger ON tgrelid = columns.table_name::regclass"
        "  AND tgname IN (columns.table_name || '_news', columns.table_name || '_changed')"
        " WHERE table_schema = 'public' AND column_name IN ('inspection_id', 'payment_id') GROUP BY 1"
    )
    assert {row["name"] for row in found if row["triggers"] != 2} == UNTOLD & {row["name"] for row in found}
    assert {"invoices", "payments", "refunds", "emails", "line_items", "inspection_people"} <= {
        row["name"] for row in found
    }


async def test_each_row_leads_to_its_inspection(world: World, job: Job, changes: ChangeListener) -> None:
    invoice = await job.invoice("100.00")
    await world.inspector.mutate("sendInvoice", invoiceId=invoice["id"])
    given = {"invoiceId": job.primary_id, "amount": "10.00", "method": "CASH"}
    payment = (await world.inspector.mutate("recordPayment", "payment { id }", **given)).done("payment")["id"]
    await world.inspector.mutate("refundPayment", paymentId=payment, amount="5.00")
    await job.client_portal()
    inspection_id = key_of(job.id)
    for table, column in (
        ("inspections", "property_address"),
        ("inspection_people", "role_name"),
        ("line_items", "description"),
        ("invoices", "billed_to_name"),
        ("payments", "payer_name"),
        ("refunds", "reason"),
        ("emails", "subject"),
        ("grants", "person_name"),
    ):
        with changes.watch() as watch:
            watch.begin(inspection_id)
            await settled(watch)
            await connections.get("default").execute_script(f"UPDATE {table} SET {column} = 'Something else'")
            assert await told(watch), table
            await connections.get("default").execute_script(f"UPDATE {table} SET {column} = {column}")
            assert not await told(watch, within=0.1), f"nothing changed in {table}"


async def test_an_invoice_hears_of_its_own_payments_alone(world: World, job: Job, changes: ChangeListener) -> None:
    mine, others = await job.invoice("100.00"), await job.invoice("50.00")
    payer = await job.payment_link(others["id"])
    with changes.watch() as watch:
        watch.begin(key_of(mine["id"]))
        await settled(watch)
        await job.paid(payer, others["id"])
        await models.Email.all().update(subject="Something else")
        assert not await told(watch, within=0.3)
        await models.Payment.all().update(invoice_id=key_of(mine["id"]))
        assert await told(watch)


async def test_asking_stripe_again_is_no_news(world: World, job: Job, changes: ChangeListener) -> None:
    client = await job.client_portal()
    (await client.mutate("startPayment", "checkoutUrl", invoiceId=job.primary_id)).done("checkoutUrl")
    with changes.watch() as watch:
        watch.begin(key_of(job.id))
        await settled(watch)
        await models.Payment.all().update(next_poll_at=clock.now())
        assert not await told(watch, within=0.2)
        await models.Payment.all().update(next_poll_at=clock.now(), reference="12")
        assert await told(watch)


async def test_news_comes_at_the_commit_once_and_never_after_a_rollback(world: World, job: Job) -> None:
    heard: list[str] = []
    inspection_id = key_of(job.id)
    listener = await asyncpg.connect(world.settings.database_url.get_secret_value())
    await listener.add_listener("inspection_changed", lambda *given: heard.append(given[-1]))
    try:
        with pytest.raises(RuntimeError):
            await _change(inspection_id, fail=True)
        async with in_transaction():
            await _change(inspection_id, fail=False)
            await asyncio.sleep(0.2)
            assert heard == [], "neither after a rollback nor before the commit"
        await asyncio.sleep(0.2)
        assert heard == [str(inspection_id)]
    finally:
        await listener.close()


async def _change(inspection_id: UUID, *, fail: bool) -> None:
    async with in_transaction():
        for number in range(5):
            await models.Inspection.filter(id=inspection_id).update(property_address=f"{number} Shore Road")
            await models.LineItem.filter(inspection_id=inspection_id).update(description=f"Service {number}")
        if fail:
            raise RuntimeError("rolled back")


async def test_whoever_watches_is_woken_once_and_nobody_else(changes: ChangeListener) -> None:
    ours, theirs = new_id(), new_id()
    with changes.watch() as watch, changes.watch() as same, changes.watch() as other:
        watch.begin(ours)
        same.begin(ours)
        other.begin(theirs)
        for _ in range(1000):
            await connections.get("default").execute_query("SELECT pg_notify('inspection_changed', $1)", [str(ours)])
        await connections.get("default").execute_query("SELECT pg_notify('inspection_changed', 'nonsense')")
        await settled(watch)
        assert not await told(watch, within=0.1)
        assert await told(same)
        assert not await told(same, within=0.1), "a thousand changes, one waking"
        assert not await told(other, within=0.1)
    assert changes.watches == {}


async def test_listening_begins_again_until_postgresql_is_back(world: World) -> None:
    url = world.settings.database_url.get_secret_value()
    changes = ChangeListener(url.replace("test_", "absent_"))
    async with changes.listening():
        await asyncio.sleep(0.3)
        assert not changes.connected.is_set()
        changes._url = url
        with changes.watch() as watch:
            watch.begin(new_id())
            await asyncio.wait_for(changes.connected.wait(), SECONDS_MAX)
            assert await told(watch), "something may have been missed"
    listening = "SELECT 1 FROM pg_stat_activity WHERE application_name = 'inspectpay changes'"
    async with asyncio.timeout(SECONDS_MAX):
        while await connections.get("default").execute_query_dict(listening):  # noqa: ASYNC110 - the server's view
            await asyncio.sleep(0.02)
