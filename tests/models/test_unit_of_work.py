"""The unit of work: rows written together, once, and nothing of it lost in silence."""

from uuid import UUID

import asyncpg
import pytest
from tortoise.exceptions import IntegrityError

from models import AutomationEvent, AutomationTrigger, Inspection, LineItem, LineItemKind, Person
from models.unit_of_work import UnitOfWork
from operations.transactions import insert, transaction, unit_of_work
from tests.sent_statements import sent_statements
from tests.world import World


def _person(world: World, name: str) -> Person:
    return Person(company_id=world.company_key, name=name, email=f"{name}@people.test")


async def test_what_was_added_changed_and_removed_is_one_statement(world: World) -> None:
    stays, goes = _person(world, "stays"), _person(world, "goes")
    await insert(stays, goes)
    unit = UnitOfWork()
    unit.track([stays, goes])
    stays.name, stays.phone = "Stays \u2013 \\ \u00fc \U0001f3e0", "1"
    unit.remove(goes)
    unit.add(_person(world, "comes"))
    with sent_statements() as sent:
        await unit.flush()
    assert len(sent) == 1
    found = {person.email: (person.name, person.phone) for person in await Person.all()}
    assert found == {
        "stays@people.test": ("Stays \u2013 \\ \u00fc \U0001f3e0", "1"),
        "comes@people.test": ("comes", None),
    }


async def test_only_what_is_different_is_written(world: World) -> None:
    person = _person(world, "Pat")
    unit = UnitOfWork()
    unit.add(person)
    await unit.flush()
    with sent_statements() as sent:
        await unit.flush()
        person.name = "Patricia"
        person.name = "Pat"
        await unit.flush()
    assert sent == []
    person.name = "Patricia"
    with sent_statements() as sent:
        await unit.flush()
    assert len(sent) == 1
    assert "SET name = given.name FROM" in sent[0]
    assert (await Person.get()).name == "Patricia"


async def test_new_row_that_is_removed_again_is_not_written(world: World) -> None:
    person = _person(world, "Pat")
    unit = UnitOfWork()
    unit.add(person)
    unit.remove(person)
    await unit.flush()
    assert await Person.all().count() == 0


async def test_row_that_is_gone_or_of_another_company_is_no_silent_loss(world: World) -> None:
    person = _person(world, "Pat")
    await insert(person)
    stranger = _person(world, "Pat")
    stranger.id, stranger.company_id = person.id, UUID(int=1)
    unit = UnitOfWork()
    unit.track([stranger])
    stranger.name = "Mallory"
    with pytest.raises(AssertionError, match="0 of 1 rows written"):
        await unit.flush()
    assert (await Person.get()).name == "Pat"


async def test_what_may_happen_once_is_written_once(world: World) -> None:
    job = await world.inspection()
    inspection = await Inspection.get()
    await AutomationEvent.all().delete()

    def event() -> AutomationEvent:
        return AutomationEvent(
            company_id=inspection.company_id,
            inspection_id=inspection.id,
            trigger=AutomationTrigger.REPORT_PUBLISHED,
            subject_id=inspection.id,
        )

    await insert(event(), event(), once=True)
    await insert(event(), once=True)
    assert await AutomationEvent.all().count() == 1
    with pytest.raises(IntegrityError):
        await insert(event())
    assert job.created["number"] == inspection.number


async def test_constraints_of_the_database_hold_for_what_is_written_together(world: World) -> None:
    await world.inspection()
    item = await LineItem.all().first()
    assert item is not None

    @transaction
    async def misprice() -> None:
        unit_of_work().track([item])
        item.amount_minor += 1

    with pytest.raises(asyncpg.CheckViolationError, match="is billed"):
        await misprice()
    await item.refresh_from_db()
    item.kind = LineItemKind.DISCOUNT
    unit = UnitOfWork()
    unit.add(item)
    with pytest.raises(IntegrityError, match="line_items_sign"):
        await unit.flush()


async def test_transaction_writes_nothing_when_it_fails(world: World) -> None:
    @transaction
    async def fail() -> None:
        await insert(_person(world, "Pat"))
        raise ValueError("no")

    with pytest.raises(ValueError, match="no"):
        await fail()
    assert await Person.all().count() == 0


async def test_transaction_within_another_sees_what_that_has_gathered(world: World) -> None:
    @transaction
    async def inner() -> int:
        await insert(_person(world, "inner"))
        return await Person.all().count()

    @transaction
    async def outer() -> int:
        await insert(_person(world, "outer"))
        return await inner()

    assert await outer() == 1
    assert await Person.all().count() == 2


async def test_row_is_not_changed_by_way_of_two_copies(world: World) -> None:
    person = _person(world, "Pat")
    await insert(person)
    unit = UnitOfWork()
    unit.track([person])
    with pytest.raises(AssertionError, match="loaded twice"):
        unit.track([await Person.get()])
