"""Who is billed on PRIMARY: another client takes over, names are corrected, and who owes is in the People box."""

import asyncio
from typing import Any

import models
from operations.ledger.reconciliation import reconcile_ledgers
from rules.limits import PEOPLE_MAX
from tests.api.expectations import nothing_changes, refused
from tests.world import NOTICES, Job, World, key_of

TWO_CLIENTS = (("Clara Client", "CLIENT"), ("Carl Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"))
PORTAL = "{ viewer { ... on ClientViewer { inspection { id } } } }"
BILLED = "primaryInvoice { billedToName billedTo { id } revision }"


async def two_clients(world: World) -> tuple[Job, str, str, str]:
    """A job with two clients and an agent, and their entries of the People box."""
    job = await world.inspection(people=TWO_CLIENTS)
    clara, carl, adam = (entry["id"] for entry in job.created["people"])
    return job, clara, carl, adam


async def bill(world: World, job: Job, entry: str) -> Any:
    return await world.inspector.mutate(
        "setPrimaryClient", f"inspection {{ {BILLED} }} {NOTICES}", inspectionId=job.id, inspectionPersonId=entry
    )


async def test_another_client_is_billed_and_the_first_may_then_leave(world: World) -> None:
    """Another CLIENT is made the primary client, and the one before may then be removed from the box (S58)."""
    job, clara, carl, _ = await two_clients(world)
    done = await bill(world, job, carl)
    billed = done.done("inspection")["primaryInvoice"]
    assert (billed["billedToName"], billed["billedTo"]["id"]) == ("Carl Client", carl)
    assert done.notices == []
    assert (await bill(world, job, carl)).codes == [], "it is safe to repeat"
    assert (await refused(world, world.inspector, "removeInspectionPerson", inspectionPersonId=carl)).code == (
        "CLIENT_REQUIRED"
    )
    (await world.inspector.mutate("removeInspectionPerson", inspectionPersonId=clara)).done("userErrors")
    await job.paid(await portal_of(job, 1), job.primary_id)
    assert (await job.primary())["payments"][0]["payerName"] == "Carl Client"
    events = await models.Event.filter(name="inspection.primary_client_set")
    assert [(event.before, event.after) for event in events] == [
        ({"billed_to": "Clara Client"}, {"billed_to": "Carl Client"})
    ]
    assert [str(discrepancy) async for discrepancy in reconcile_ledgers()] == []


async def portal_of(job: Job, place: int) -> Any:
    person = job.created["people"][place]["person"]["id"]
    made = await job.api.mutate("shareClientPortal", "url", inspectionId=job.id, personId=person)
    return job.world.bearer(made.done("url"))


async def test_the_former_clients_checkout_ends_and_their_portal_is_told_of(world: World) -> None:
    """The old checkout can't be paid any more; portal links stay until their bearer leaves the box (S58)."""
    job, clara, carl, _ = await two_clients(world)
    former = await portal_of(job, 0)
    url = (await former.mutate("startPayment", "checkoutUrl", invoiceId=job.primary_id)).done("checkoutUrl")
    ((code, sentence),) = (await bill(world, job, carl)).notices
    assert code == "FORMER_CLIENT_KEEPS_PORTAL"
    assert sentence == (
        "Clara Client is still in the People box, with links to the client portal. Remove them from it to end those."
    )
    assert await world.pay(url) == 410
    assert (await former.run(PORTAL)).codes == []
    (await world.inspector.mutate("removeInspectionPerson", inspectionPersonId=clara)).done("userErrors")
    assert (await former.run(PORTAL)).codes == ["UNAUTHENTICATED"]


async def test_nobody_takes_over_what_is_paid_or_under_way(world: World) -> None:
    """Once something of PRIMARY is paid or in flight, its client stays (S58)."""
    job, _, carl, _ = await two_clients(world)
    client = await job.client_portal()
    await job.paid(client, job.primary_id, "100.00", bank="succeeds")
    given = {"inspectionId": job.id, "inspectionPersonId": carl}
    refusal = await refused(world, world.inspector, "setPrimaryClient", **given)
    assert (refusal.code, refusal.field) == ("PAYMENT_IN_PROGRESS", "inspectionId")
    await world.servers.stripe.control("settle")
    await world.poll()
    refusal = await refused(world, world.inspector, "setPrimaryClient", **given)
    assert (refusal.code, refusal.message, refusal.field) == (
        "PRIMARY_INVOICE_PAID",
        "$100.00 of the primary invoice is paid already; refund it before another client is billed.",
        "inspectionId",
    )


async def test_once_all_is_given_back_another_client_may_take_over(world: World) -> None:
    """What was paid and given back in full is not paid: another client is billed for it (S58)."""
    job, _, carl, _ = await two_clients(world)
    payment = await job.paid(await job.client_portal(), job.primary_id)
    refund = {"paymentId": payment["id"], "disposition": "REOPEN"}
    (await world.inspector.mutate("refundPayment", **refund)).done("userErrors")
    assert (await bill(world, job, carl)).codes == []
    assert (await job.primary())["payments"][0]["payerName"] == "Clara Client"


async def test_only_a_client_of_this_box_is_billed_on_primary(world: World) -> None:
    """An agent, a stranger, somebody removed, and anybody of a canceled job are refused by name (S58)."""
    job, _, carl, adam = await two_clients(world)
    other = await world.inspection()
    refusal = await refused(world, world.inspector, "setPrimaryClient", inspectionId=job.id, inspectionPersonId=adam)
    assert (refusal.code, refusal.field) == ("CLIENT_REQUIRED", "inspectionPersonId")
    for entry in (other.entry("CLIENT"), carl):
        if entry == carl:
            (await world.inspector.mutate("removeInspectionPerson", inspectionPersonId=carl)).done("userErrors")
        given = {"inspectionId": job.id, "inspectionPersonId": entry}
        refusal = await refused(world, world.inspector, "setPrimaryClient", **given)
        assert (refusal.code, refusal.field) == ("NOT_FOUND", "inspectionPersonId")
    _, stranger = await world.new_company("Elsewhere", "owner@elsewhere.test")
    given = {"inspectionId": job.id, "inspectionPersonId": carl}
    refusal = await refused(world, stranger, "setPrimaryClient", **given)
    assert (refusal.code, refusal.field) == ("NOT_FOUND", "inspectionId")
    second, _, carl, _ = await two_clients(world)
    (await world.inspector.mutate("cancelInspection", inspectionId=second.id)).done("userErrors")
    given = {"inspectionId": second.id, "inspectionPersonId": carl}
    assert (await refused(world, world.inspector, "setPrimaryClient", **given)).code == "INSPECTION_CANCELED"


async def test_two_who_take_over_at_once_leave_one_client_billed(world: World) -> None:
    """However many clients are set at the same moment, PRIMARY bills one of them, by their own name (S58)."""
    job, clara, carl, _ = await two_clients(world)
    await asyncio.gather(*(bill(world, job, entry) for entry in (carl, clara, carl, clara)))
    invoice = await models.Invoice.get(id=key_of(job.primary_id)).prefetch_related("billed_to__person")
    assert invoice.billed_to_name == invoice.billed_to.person.name


async def test_a_corrected_name_shows_on_what_is_not_yet_paid(world: World) -> None:
    """PRIMARY, drafts and open invoices show the new name; paid and void ones keep what they were made with (S58)."""
    job, *_ = await two_clients(world)
    paid = await job.invoice("50.00")
    await job.paid(await job.payment_link(paid["id"]), paid["id"])
    void = await job.invoice("40.00")
    (await world.inspector.mutate("voidInvoice", invoiceId=void["id"])).done("userErrors")
    draft, opened = await job.invoice("30.00"), await job.invoice("20.00")
    await job.payment_link(opened["id"])
    empty = await world.inspection(lineItems=[])
    for place, name in ((2, "Ada Agent"), (0, "Clara Bell")):
        person = job.created["people"][place]["person"]["id"]
        (await world.inspector.mutate("updatePerson", personId=person, name=name)).done("userErrors")
    person = empty.created["people"][0]["person"]["id"]
    (await world.inspector.mutate("updatePerson", personId=person, name="Emma Empty")).done("userErrors")
    found = (await job.read("invoices { id billedToName revision }"))["invoices"]
    assert {one["id"]: (one["billedToName"], one["revision"]) for one in found} == {
        job.primary_id: ("Clara Bell", 1),
        paid["id"]: ("Adam Agent", 1),
        void["id"]: ("Adam Agent", 1),
        draft["id"]: ("Ada Agent", 1),
        opened["id"]: ("Ada Agent", 2),
    }
    assert (await empty.primary())["billedToName"] == "Emma Empty"
    assert await models.Event.filter(name="invoice.updated").count() == 4
    async with nothing_changes(world):
        person = job.created["people"][2]["person"]["id"]
        (await world.inspector.mutate("updatePerson", personId=person, name="Ada Agent")).done("userErrors")


async def test_a_name_corrected_while_invoices_are_made_reaches_them_all(world: World) -> None:
    """No draft made in the moment of a correction keeps the old name (S58)."""
    job, *_ = await two_clients(world)
    person = job.created["people"][2]["person"]["id"]
    answers = await asyncio.gather(
        *(job.add_invoice(f"{amount}.00") for amount in (11, 12, 13)),
        world.inspector.mutate("updatePerson", personId=person, name="Ada Agent"),
        *(job.add_invoice(f"{amount}.00") for amount in (14, 15, 16)),
    )
    # On a busy machine somebody may wait for their turn longer than anybody waits for a lock.
    assert {code for answer in answers for code in answer.codes} <= {"BUSY"}
    corrected = not answers[3].codes
    made = await models.Invoice.filter(kind="SEPARATE")
    assert len(made) == sum(not answer.codes for answer in (*answers[:3], *answers[4:])) >= 2
    assert len({invoice.billed_to_name for invoice in made}) == 1
    assert ({invoice.billed_to_name for invoice in made} == {"Ada Agent"}) is corrected


async def test_a_reopened_invoice_puts_its_payer_back_into_the_box(world: World) -> None:
    """Who was removed and owes again after a refund is in the People box, and can't be removed then (S7)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payment = await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    (await world.inspector.mutate("removeInspectionPerson", inspectionPersonId=job.entry())).done("userErrors")
    assert job.entry() not in {entry["id"] for entry in (await job.read("people { id }"))["people"]}
    reopen = {"paymentId": payment["id"], "amount": "25.00", "disposition": "REOPEN"}
    (await world.inspector.mutate("refundPayment", **reopen)).done("userErrors")
    assert job.entry() in {entry["id"] for entry in (await job.read("people { id }"))["people"]}
    refusal = await refused(world, world.inspector, "removeInspectionPerson", inspectionPersonId=job.entry())
    assert refusal.code == "PERSON_HAS_LIVE_INVOICE"
    (event,) = await models.Event.filter(name="inspection.person_put_back")
    assert event.after == {"role": "Buyer's agent", "invoice": invoice["number"]}


async def test_who_came_back_meanwhile_is_in_the_box_once(world: World) -> None:
    """A reopened invoice finds its payer under a newer entry, which can't be removed while it is live (S7)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payment = await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    (await world.inspector.mutate("removeInspectionPerson", inspectionPersonId=job.entry())).done("userErrors")
    person = job.created["people"][1]["person"]["id"]
    again = await world.inspector.mutate(
        "addInspectionPerson",
        "inspectionPerson { id }",
        inspectionId=job.id,
        personId=person,
        role="LISTING_AGENT",
    )
    reopen = {"paymentId": payment["id"], "disposition": "REOPEN"}
    (await world.inspector.mutate("refundPayment", **reopen)).done("userErrors")
    box = (await job.read("people { id person { id } }"))["people"]
    assert [entry["person"]["id"] for entry in box].count(person) == 1
    newer = again.done("inspectionPerson")["id"]
    refusal = await refused(world, world.inspector, "removeInspectionPerson", inspectionPersonId=newer)
    assert refusal.code == "PERSON_HAS_LIVE_INVOICE"


async def test_the_box_holds_twenty_who_are_in_it(world: World) -> None:
    """Whoever was removed takes no place in the People box (S6)."""
    job = await world.inspection()
    entries = []
    for n in range(PEOPLE_MAX - 2):
        added = await world.inspector.mutate(
            "addInspectionPerson",
            "inspectionPerson { id }",
            inspectionId=job.id,
            personId=await world.person(f"Person {chr(97 + n)}"),
            role="LISTING_AGENT",
        )
        entries.append(added.done("inspectionPerson")["id"])
    late = {"inspectionId": job.id, "personId": await world.person("Late"), "role": "LISTING_AGENT"}
    assert (await refused(world, world.inspector, "addInspectionPerson", **late)).field == "personId"
    (await world.inspector.mutate("removeInspectionPerson", inspectionPersonId=entries[0])).done("userErrors")
    (await world.inspector.mutate("addInspectionPerson", **late)).done("userErrors")
    assert await refused(world, world.inspector, "addInspectionPerson", **{**late, "personId": await world.person()})
