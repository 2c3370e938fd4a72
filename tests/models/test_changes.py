"""What is told of a commit, to whom, whatever is lost on the way, and what is no change."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Callable
from datetime import timedelta
from uuid import UUID

import asyncpg
import pytest
from redis.asyncio import Redis
from redis.exceptions import RedisError
from tortoise import connections
from tortoise.transactions import in_transaction

import models
from gateways.change_nudges import CHANNEL, ChangeNudges
from models.changes import POLL_SECONDS, ChangeListener, Subscription, clear_changes
from rules import clock
from rules.identifiers import new_id
from sandbox import valkey
from tests.world import Job, World, key_of

SECONDS_MAX = 10.0
UNTOLD = {"events", "automation_events", "inspection_words"}
"""Written only together with what they are about."""


@pytest.fixture
async def changes(world: World) -> AsyncIterator[ChangeListener]:
    """What a process hears without nudges of others; `settled` and `told` need not wait for the next poll."""
    heard = ChangeListener(world.settings.database_url.get_secret_value())
    async with heard.listening(_eager):
        await asyncio.wait_for(heard.connected.wait(), SECONDS_MAX)
        yield heard


async def _eager(hear: Callable[[], None]) -> None:
    while True:
        hear()
        await asyncio.sleep(0.02)


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
        "  AND tgname IN (columns.table_name || '_written', columns.table_name || '_changed')"
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


async def test_asking_stripe_again_is_no_change(world: World, job: Job, changes: ChangeListener) -> None:
    client = await job.client_portal()
    (await client.mutate("startPayment", "checkoutUrl", invoiceId=job.primary_id)).done("checkoutUrl")
    with changes.watch() as watch:
        watch.begin(key_of(job.id))
        await settled(watch)
        await models.Payment.all().update(next_poll_at=clock.now())
        assert not await told(watch, within=0.2)
        await models.Payment.all().update(next_poll_at=clock.now(), reference="12")
        assert await told(watch)


async def rows_of(subject_id: UUID) -> int:
    """How many rows of the change table tell of it."""
    (row,) = await connections.get("default").execute_query_dict(
        "SELECT count(*) AS rows FROM changes WHERE subject_id = $1", [subject_id]
    )
    return int(row["rows"])


async def test_a_change_comes_at_the_commit_once_and_never_after_a_rollback(job: Job, changes: ChangeListener) -> None:
    inspection_id = key_of(job.id)
    with changes.watch() as watch:
        watch.begin(inspection_id)
        await settled(watch)
        written = await rows_of(inspection_id)
        with pytest.raises(RuntimeError):
            await _change(inspection_id, fail=True)
        async with in_transaction():
            await _change(inspection_id, fail=False)
            changes.nudge()
            assert not await told(watch, within=0.2), "neither after a rollback nor before the commit"
        assert await told(watch)
        assert await rows_of(inspection_id) == written + 1, "one row for the whole transaction"


async def test_what_a_savepoint_took_back_is_noted_again(job: Job) -> None:
    """The transaction must not remember that it noted what was rolled back with a savepoint."""
    inspection_id = key_of(job.id)
    written = await rows_of(inspection_id)
    async with in_transaction():
        with pytest.raises(RuntimeError):
            await _change(inspection_id, fail=True)
        await _change(inspection_id, fail=False)
    assert await rows_of(inspection_id) == written + 1


async def _change(inspection_id: UUID, *, fail: bool) -> None:
    async with in_transaction():
        for number in range(5):
            await models.Inspection.filter(id=inspection_id).update(property_address=f"{number} Shore Road")
            await models.LineItem.filter(inspection_id=inspection_id).update(description=f"Service {number}")
        if fail:
            raise RuntimeError("rolled back")


async def test_no_change_is_lost_when_transactions_commit_out_of_order(
    world: World, job: Job, changes: ChangeListener
) -> None:
    """One that began first, and so has the lower number, commits after others were read."""
    early, late = key_of(job.id), key_of((await world.inspection()).id)
    other = await asyncpg.connect(world.settings.database_url.get_secret_value())
    with changes.watch() as watch, changes.watch() as watch_late:
        watch.begin(early)
        watch_late.begin(late)
        await settled(watch)
        await settled(watch_late)
        slow = other.transaction()
        await slow.start()
        await other.execute("UPDATE inspections SET property_address = 'Slow' WHERE id = $1", early)
        for number in range(3):
            async with in_transaction():
                await models.Inspection.filter(id=late).update(property_address=f"{number} Fast Lane")
            changes.nudge()
            assert await told(watch_late)
        assert not await told(watch, within=0.05)
        await slow.commit()
        changes.nudge()
        assert await told(watch), "the reader had passed its number already"
        changes.nudge()
        assert not await told(watch, within=0.1), "and it is told once"
    await other.close()


async def test_every_change_of_many_writers_is_told(world: World, changes: ChangeListener) -> None:
    """Whatever the order in which they commit; the last change of each is told after it was committed."""
    jobs = [key_of((await world.inspection()).id) for _ in range(4)]
    url = world.settings.database_url.get_secret_value()

    async def write(subject_id: UUID, number: int) -> None:
        writer = await asyncpg.connect(url)
        for turn in range(20):
            async with writer.transaction():
                await writer.execute(
                    "UPDATE inspections SET property_address = $2 WHERE id = $1", subject_id, f"{number}.{turn}"
                )
                await asyncio.sleep(0.001 * ((number * turn) % 5))
        await writer.close()

    async def follow(subject_id: UUID) -> str:
        with changes.watch() as watch:
            watch.begin(subject_id)
            while True:
                watch.look()
                seen = (await models.Inspection.get(id=subject_id)).property_address
                if seen.endswith(".19"):
                    return seen
                await asyncio.wait_for(watch.changed(), SECONDS_MAX)

    followed = asyncio.gather(*(follow(subject_id) for subject_id in jobs))
    await asyncio.gather(*(write(subject_id, number) for number, subject_id in enumerate(jobs)))
    assert await followed == [f"{number}.19" for number in range(4)]


async def test_without_a_nudge_a_change_is_told_within_a_second(world: World, job: Job) -> None:
    changes = ChangeListener(world.settings.database_url.get_secret_value())
    async with changes.listening():
        await asyncio.wait_for(changes.connected.wait(), SECONDS_MAX)
        with changes.watch() as watch:
            watch.begin(key_of(job.id))
            await settled(watch)
            await models.Inspection.all().update(property_address="1 Quiet Road")
            assert await told(watch, within=POLL_SECONDS + 1)


async def test_a_nudge_of_another_process_is_heard_at_once(
    world: World, job: Job, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The commit of one process nudges, through Valkey, the reader of another: no poll is needed."""
    monkeypatch.setattr(models.changes, "POLL_SECONDS", 60.0)
    changes = ChangeListener(world.settings.database_url.get_secret_value())
    redis = Redis.from_url(world.settings.redis_url.get_secret_value())
    async with changes.listening(ChangeNudges(redis).listen):
        await asyncio.wait_for(changes.connected.wait(), SECONDS_MAX)
        async with asyncio.timeout(SECONDS_MAX):
            while (await world.held.redis.pubsub_numsub(CHANNEL))[0][1] == 0:  # noqa: ASYNC110 - the server's view
                await asyncio.sleep(0.02)
        with changes.watch() as watch:
            watch.begin(key_of(job.id))
            await settled(watch)
            async with in_transaction():
                await models.Inspection.all().update(property_address="1 Loud Road")
            assert await told(watch)
    await redis.aclose()


async def test_a_valkey_that_dies_costs_a_second_and_no_change(world: World, job: Job) -> None:
    """Neither who writes nor who watches needs it; once it is back it is used again."""
    url = world.settings.database_url.get_secret_value()
    with valkey.running() as redis_url:
        redis = Redis.from_url(redis_url, socket_connect_timeout=1, socket_timeout=1)
        nudges = ChangeNudges(redis)
        changes = ChangeListener(url)
        async with nudges.sending(), changes.listening(nudges.listen):
            await asyncio.wait_for(changes.connected.wait(), SECONDS_MAX)
            with changes.watch() as watch:
                watch.begin(key_of(job.id))
                await settled(watch)
                with contextlib.suppress(RedisError):
                    await redis.execute_command("SHUTDOWN", "NOSAVE")
                for number in range(3):
                    await models.Inspection.all().update(property_address=f"{number} Dark Road")
                    nudges.nudge()
                    assert await told(watch, within=POLL_SECONDS + 1), number
        await redis.aclose()


async def test_a_reader_that_was_away_for_long_makes_everybody_look(
    changes: ChangeListener, monkeypatch: pytest.MonkeyPatch
) -> None:
    """What it missed may be cleared."""
    with changes.watch() as watch:
        watch.begin(new_id())
        await settled(watch)
        monkeypatch.setattr(models.changes, "GAP_MAX", timedelta(0))
        changes.nudge()
        assert await told(watch)


async def test_old_rows_are_cleared_a_bounded_number_at_a_time(job: Job) -> None:
    client = connections.get("default")
    await client.execute_script("TRUNCATE changes")
    for number in range(5):
        await models.Inspection.all().update(property_address=f"{number} Old Road")
    await client.execute_script("UPDATE changes SET noted_at = noted_at - interval '1 hour'")
    await models.Inspection.all().update(property_address="A new road")
    before = clock.now() - timedelta(minutes=1)
    assert [await clear_changes(before=before, limit=3) for _ in range(3)] == [3, 2, 0]
    assert await rows_of(key_of(job.id)) == 1


async def test_whoever_watches_is_woken_once_and_nobody_else(changes: ChangeListener) -> None:
    ours, theirs = new_id(), new_id()
    with changes.watch() as watch, changes.watch() as same, changes.watch() as other:
        watch.begin(ours)
        same.begin(ours)
        other.begin(theirs)
        for _ in range(100):
            await _note(ours)
        await _note(new_id())
        await settled(watch)
        assert not await told(watch, within=0.1)
        assert await told(same)
        assert not await told(same, within=0.1), "a hundred changes, one waking"
        assert not await told(other, within=0.1)
    assert changes.watches == {}


async def _note(subject_id: UUID) -> None:
    await connections.get("default").execute_query(
        "INSERT INTO changes (company_id, subject_id) VALUES ($1, $1)", [subject_id]
    )


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
