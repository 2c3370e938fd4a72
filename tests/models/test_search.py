"""The words that inspections are found by: they follow everybody involved, whatever happens in whichever order."""

import asyncio

import pytest
from tortoise import connections

import models
from operations.transactions import transaction
from tests.world import Job, World, key_of


async def found(world: World, sought: str) -> set[str]:
    """The numbers of the company's inspections that the words find."""
    rows = await connections.get("default").execute_query_dict(
        "SELECT number FROM inspections JOIN inspection_words ON inspection_id = id, search_plan($1, $2) plan"
        " WHERE inspections.company_id = $1 AND words @@ plan.terms AND words @@ plan.seek",
        [world.company_key, sought],
    )
    return {row["number"] for row in rows}


async def stale() -> list[str]:
    """The inspections whose stored words or client's name are not what they should be."""
    rows = await connections.get("default").execute_query_dict(
        "SELECT inspections.number FROM inspections LEFT JOIN inspection_words ON inspection_id = inspections.id"
        " LEFT JOIN invoices ON invoices.inspection_id = inspections.id AND invoices.kind = 'PRIMARY'"
        " WHERE words IS DISTINCT FROM words_of_inspection(inspections.id) OR client_name <> billed_to_name"
    )
    return [row["number"] for row in rows]


async def rename(job: Job, role: str, **given: str) -> None:
    entry = await models.InspectionPerson.get(id=key_of(job.entry(role))).prefetch_related("person")
    person_id = (await job.read("people { id person { id } }"))["people"]
    (one,) = [member["person"]["id"] for member in person_id if key_of(member["id"]) == entry.id]
    (await job.api.mutate("updatePerson", "person { id }", personId=one, **given)).done("person")


async def test_words_follow_everybody_involved(world: World) -> None:
    """An inspection is found by number, address, and the names and emails that everybody involved has now (S54)."""
    job = await world.inspection(propertyAddress="77 Élysée Street, Springfield")
    number = (await job.read("number"))["number"]
    for sought in (number, number[:2], "77 elysee", "ÉLYSÉE", "spring street 77", job.email(), job.email()[:6]):
        assert number in await found(world, sought), sought
    for sought in ("78", "lysee", "@", "!?", "elysee nowhere"):
        assert number not in await found(world, sought), sought
    await rename(job, "BUYERS_AGENT", name="Zoltán Kovács", email="zoltan@kovacs.test")
    assert await found(world, "kovacs zol") == {number}
    assert await found(world, "zoltan@kovacs.test") == {number}
    await rename(job, "CLIENT", name="Clara O'Hara")
    assert await found(world, "o'hara") == {number}
    changed = {"inspectionId": job.id, "propertyAddress": "9 Quay"}
    (await job.api.mutate("updateInspection", "inspection { id }", **changed)).done("inspection")
    assert await found(world, "elysee") == set()
    assert await found(world, "9 quay") == {number}
    assert await stale() == []


async def test_who_is_taken_out_is_found_no_more_unless_they_are_billed(world: World) -> None:
    """Somebody who was taken out of the People box is found only while an invoice bills them (S54)."""
    job = await world.inspection()
    number = (await job.read("number"))["number"]
    invoice = await job.invoice("125.00")
    (await job.api.mutate("voidInvoice", "invoice { id }", invoiceId=invoice["id"])).done("invoice")
    person = await world.person("Quentin Quiet")
    given = {"inspectionId": job.id, "personId": person, "role": "LISTING_AGENT"}
    entry = (await job.api.mutate("addInspectionPerson", "inspectionPerson { id }", **given)).done("inspectionPerson")
    assert await found(world, "quentin") == {number}
    for one in (entry["id"], job.entry()):
        (await job.api.mutate("removeInspectionPerson", "inspection { id }", inspectionPersonId=one)).done("inspection")
    assert await found(world, "quentin") == set()
    assert await found(world, job.email()) == {number}
    assert await stale() == []


@pytest.mark.parametrize("first", ["rename", "add"])
async def test_words_are_right_whoever_commits_first(world: World, first: str) -> None:
    """Somebody who is renamed while another is added: the words have both (S54)."""
    job = await world.inspection()
    entry = await models.InspectionPerson.get(id=key_of(job.entry())).prefetch_related("person")
    other = await models.Person.create(company_id=world.company_key, name="Olaf Other")

    async def rename() -> None:
        await models.Person.filter(id=entry.person_id).update(name="Renate Renamed")

    async def add() -> None:
        await models.InspectionPerson.create(
            company_id=world.company_key,
            inspection_id=entry.inspection_id,
            person_id=other.id,
            role="LISTING_AGENT",
            role_name="Listing agent",
            position=9,
        )

    written = asyncio.Event()
    early, late = (rename, add) if first == "rename" else (add, rename)

    @transaction
    async def before() -> None:
        await early()
        written.set()
        await asyncio.sleep(0.3)

    @transaction
    async def after() -> None:
        await written.wait()
        await late()

    await asyncio.gather(before(), after())
    assert await stale() == []
    assert len(await found(world, "renate renamed olaf")) == 1


async def test_the_clients_name_follows_whom_the_client_invoice_bills(world: World) -> None:
    """A list of inspections knows its clients' present names (S54)."""
    job = await world.inspection()
    await rename(job, "CLIENT", name="Clara Corrected")
    assert (await models.Inspection.get(id=key_of(job.id))).client_name == "Clara Corrected"
    assert await stale() == []


async def test_words_lead_to_ones_own_inspections_alone(world: World) -> None:
    """The words of two companies differ, so that looking one up never reads what others' lead to (S54)."""
    await world.new_company("Other Inspections", "other@other.test")
    job = await world.inspection()
    number = (await job.read("number"))["number"]
    rows = await connections.get("default").execute_query_dict(
        "SELECT companies.id FROM inspection_words, companies, search_plan(companies.id, $1) plan"
        " WHERE words @@ plan.terms",
        [number],
    )
    assert [row["id"] for row in rows] == [world.company_key]
