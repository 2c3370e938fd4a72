"""Adding an invoice: who may be billed, and what a draft is before anybody hears of it."""

import pytest

from models import Email, Grant, Invoice
from tests.api.expectations import Refused, forbidden, missing, nothing_changes, refused
from tests.world import Job, World

NOT_IN_BOX = Refused("NOT_FOUND", "InspectionPerson not found.", "inspectionPersonId")


async def refusal_of(world: World, job: Job, entry: str) -> Refused:
    given = {"inspectionId": job.id, "inspectionPersonId": entry, "fixedAmount": "125.00"}
    return await refused(world, job.api, "addInvoice", **given, send=True)


async def test_payee_comes_from_the_people_box_of_the_same_inspection(world: World) -> None:
    """Only an entry of the inspection's own People box can be billed (S6, S7)."""
    job, other = await world.inspection(), await world.inspection()
    stranger = await world.person("Sam Stranger")
    assert await refusal_of(world, job, other.entry()) == NOT_IN_BOX
    assert await refusal_of(world, job, stranger) == NOT_IN_BOX
    person = job.created["people"][1]["person"]["id"]
    assert await refusal_of(world, job, person) == NOT_IN_BOX
    invoice = await job.invoice("125.00")
    assert invoice["billedToName"] == "Adam Agent"


async def test_payee_of_another_company_is_refused(world: World) -> None:
    """Nobody in another company's People box can be billed (S7)."""
    _, api = await world.new_company("Hillside Inspections", "owner@hillside.test")
    job, foreign = await world.inspection(), await world.inspection(api=api)
    assert await refusal_of(world, job, foreign.entry()) == NOT_IN_BOX


async def test_person_who_left_the_box_is_refused_until_put_back(world: World) -> None:
    """Somebody who left the People box can be billed again once put back (S7)."""
    job = await world.inspection()
    await job.api.mutate("removeInspectionPerson", inspectionPersonId=job.entry())
    assert await refusal_of(world, job, job.entry()) == NOT_IN_BOX
    back = await job.api.mutate(
        "addInspectionPerson",
        "inspectionPerson { id }",
        inspectionId=job.id,
        personId=job.created["people"][1]["person"]["id"],
        role="BUYERS_AGENT",
    )
    await job.invoice("125.00", inspectionPersonId=back.done("inspectionPerson")["id"])


@pytest.mark.parametrize("send", [False, True])
async def test_person_with_a_live_invoice_stays_in_the_box(world: World, send: bool) -> None:
    """Somebody with a live invoice stays in the People box until it is void (S7)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=send)
    assert await refused(world, job.api, "removeInspectionPerson", inspectionPersonId=job.entry()) == Refused(
        "PERSON_HAS_LIVE_INVOICE",
        f"This person has a live invoice: {invoice['number']}. Void it first.",
        "inspectionPersonId",
    )
    (await job.api.mutate("voidInvoice", "invoice { status }", invoiceId=invoice["id"])).done("invoice")
    await removed(job)


async def test_person_may_leave_the_box_once_they_paid(world: World) -> None:
    """Whoever paid may leave the People box, and their invoice and payment keep their name (S7)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    await removed(job)
    found = await job.read("invoices { billedToName status } payments { payerName }")
    assert found["invoices"][1] == {"billedToName": "Adam Agent", "status": "PAID"}
    assert found["payments"] == [{"payerName": "Adam Agent"}]


async def removed(job: Job) -> None:
    done = await job.api.mutate(
        "removeInspectionPerson", "inspection { people { id } }", inspectionPersonId=job.entry()
    )
    assert job.entry() not in [person["id"] for person in done.done("inspection")["people"]]


async def test_client_of_the_primary_invoice_stays_in_the_box(world: World) -> None:
    """The client who is billed on the primary invoice cannot leave the People box (S7)."""
    job = await world.inspection()
    assert await refused(world, job.api, "removeInspectionPerson", inspectionPersonId=job.entry("CLIENT")) == Refused(
        "CLIENT_REQUIRED", "This client is billed on the primary invoice.", "inspectionPersonId"
    )


async def test_everybody_in_the_box_is_eligible(world: World) -> None:
    """Clients, agents and additional people can all be billed (S8, S32)."""
    await world.inspector.mutate("updateCompany", "company { id }", additionalRoles=["Attorney"])
    job = await world.inspection(
        people=(
            ("Clara Client", "CLIENT"),
            ("Carl Client", "CLIENT"),
            ("Adam Agent", "BUYERS_AGENT"),
            ("Lisa Lister", "LISTING_AGENT"),
        )
    )
    attorney = await job.api.mutate(
        "addInspectionPerson",
        "inspectionPerson { id roleName }",
        inspectionId=job.id,
        personId=await world.person("Ann Attorney"),
        role="ADDITIONAL",
        roleName="Attorney",
    )
    entries = [*(person["id"] for person in job.created["people"]), attorney.done("inspectionPerson")["id"]]
    billed = [(await job.invoice("20.00", inspectionPersonId=entry))["billedToName"] for entry in entries]
    assert billed == ["Clara Client", "Carl Client", "Adam Agent", "Lisa Lister", "Ann Attorney"]
    assert (await job.primary())["total"]["formatted"] == "$350.00"


async def test_second_client_gets_payment_scope_only(world: World) -> None:
    """A second client who is billed sees that invoice and nothing else (S8, S19)."""
    people = (("Clara Client", "CLIENT"), ("Carl Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"))
    job = await world.inspection(people=people)
    second = job.created["people"][1]["id"]
    invoice = await job.invoice("125.00", inspectionPersonId=second)
    payer = await job.payment_link(invoice["id"])
    seen = await payer.read("{ viewer { __typename ... on PayerViewer { invoice { billedToName } } } }")
    assert seen["viewer"] == {"__typename": "PayerViewer", "invoice": {"billedToName": "Carl Client"}}
    await forbidden(world, payer, "query($id: ID!) { inspection(id: $id) { number } }", id=job.id)
    await missing(world, payer, "query($id: ID!) { invoice(id: $id) { number } }", id=job.primary_id)


async def test_save_makes_a_draft_and_mails_nobody(world: World) -> None:
    """Saving makes a draft: no mail, no link, no call to Stripe (S11)."""
    job = await world.inspection()
    before = await world.count(Email, Grant)
    invoice = await job.invoice("125.00", subject="Your share", message="Dear Adam")
    assert (invoice["status"], invoice["paymentStatus"], invoice["revision"]) == ("DRAFT", "UNPAID", 1)
    assert await world.count(Email, Grant) == before
    assert await world.deliver_mails() == 0
    assert await world.mails() == []
    assert await world.servers.stripe.requests() == []
    (kept,) = await Invoice.filter(kind="SEPARATE")
    assert (kept.sent_at, kept.send_count) == (None, 0)


async def test_draft_can_be_sent_later(world: World) -> None:
    """A draft can be sent later, and then goes to the person billed (S12, S11)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    sent = await job.api.mutate("sendInvoice", "invoice { id number status sentAt }", invoiceId=invoice["id"])
    found = sent.done("invoice")
    assert (found["id"], found["number"], found["status"]) == (invoice["id"], invoice["number"], "OPEN")
    assert found["sentAt"]
    assert await world.deliver_mails() == 1
    assert [mail["recipients"] for mail in await world.mails()] == [[job.email()]]


async def test_creating_prepares_the_mail_and_sending_dispatches_it(world: World) -> None:
    """Saving prepares the mail and sends nothing; sending queues what was prepared (S37, S12)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", subject="Your share", message="Dear Adam")
    async with nothing_changes(world):
        data = await job.api.read(
            "query($id: ID!) { invoice(id: $id) { emailPreview { to subject message } emails { id } } }",
            id=invoice["id"],
        )
    prepared = {"to": job.email(), "subject": "Your share", "message": "Dear Adam"}
    assert data["invoice"] == {"emailPreview": prepared, "emails": []}
    sent = await job.api.mutate(
        "sendInvoice", "invoice { emails { kind to subject status attempts } }", invoiceId=invoice["id"]
    )
    (mail,) = sent.done("invoice")["emails"]
    assert mail == {
        "kind": "INVOICE",
        "to": job.email(),
        "subject": "Your share",
        "status": "QUEUED",
        "attempts": 0,
    }
    assert await world.mails() == []
    await world.deliver_mails()
    (arrived,) = await world.mails()
    assert (arrived["subject"], arrived["recipients"]) == ("Your share", [job.email()])
    assert "Dear Adam" in arrived["text"]


async def test_draft_may_be_edited_until_it_is_sent(world: World) -> None:
    """A draft can be edited until it is sent, and not afterwards (S12, S41)."""
    job = await world.inspection(
        people=(("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))
    )
    invoice = await job.invoice("125.00")
    changed = await job.api.mutate(
        "updateInvoice",
        "invoice { number status billedToName total { formatted } revision emailPreview { to subject } }",
        invoiceId=invoice["id"],
        inspectionPersonId=job.entry("LISTING_AGENT"),
        fixedAmount="450.00",
        subject="MutationResult",
    )
    assert changed.done("invoice") == {
        "number": invoice["number"],
        "status": "DRAFT",
        "billedToName": "Lisa Lister",
        "total": {"formatted": "$450.00"},
        "revision": 1,
        "emailPreview": {"to": job.email("LISTING_AGENT"), "subject": "MutationResult"},
    }
    assert (await job.primary())["total"]["formatted"] == "$0.00"
    assert await refused(world, job.api, "updateInvoice", invoiceId=invoice["id"], fixedAmount="450.01") == Refused(
        "AMOUNT_EXCEEDS_INVOICEABLE", "Fixed amount cannot exceed $450.00", "fixedAmount"
    )
    await job.api.mutate("sendInvoice", invoiceId=invoice["id"])
    assert await refused(world, job.api, "updateInvoice", invoiceId=invoice["id"], fixedAmount="1.00") == Refused(
        "INVOICE_NOT_DRAFT", f"Only a draft can be edited; invoice {invoice['number']} is open.", "invoiceId"
    )


async def test_draft_changes_from_an_amount_to_services_and_back(world: World) -> None:
    """A draft can change from an amount to services and back, and returns what it no longer bills (S9, S41)."""
    job = await world.inspection()
    invoice = await job.invoice("400.00")
    for share, total, left in (
        ({"lineItemIds": job.items[1:]}, "$100.00", "$350.00"),
        ({"lineItemIds": job.items}, "$450.00", "$0.00"),
        ({"fixedAmount": "1.00"}, "$1.00", "$449.00"),
    ):
        changed = await job.api.mutate(
            "updateInvoice", "invoice { total { formatted } }", invoiceId=invoice["id"], **share
        )
        assert changed.done("invoice")["total"]["formatted"] == total
        assert (await job.primary())["total"]["formatted"] == left


async def test_numbers_are_unique_and_never_used_again(world: World) -> None:
    job, other = await world.inspection(), await world.inspection()
    first = await job.invoice("10.00")
    await job.api.mutate("voidInvoice", invoiceId=first["id"])
    numbers = [first["number"], *[(await job.invoice("10.00"))["number"] for _ in range(2)]]
    numbers.append((await other.invoice("10.00"))["number"])
    numbers += [(await job.primary())["number"], (await other.primary())["number"]]
    assert len(set(numbers)) == len(numbers)
    assert numbers[0].startswith(f"{job.created['number']}-")


async def test_only_staff_add_invoices(world: World) -> None:
    """Payers, clients and people without a token cannot add invoices (S19)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    query = "mutation($input: AddInvoiceInput!) { addInvoice(input: $input) { invoice { id } } }"
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "1.00"}
    for api in (await job.payment_link(invoice["id"]), await job.client_portal()):
        await forbidden(world, api, query, input=given)
    async with nothing_changes(world):
        answer = await world.anybody.run(query, input=given)
    assert set(answer.codes) <= {"UNAUTHENTICATED", "FORBIDDEN"}
    assert answer.codes
