"""A corrected address: what was mailed to the wrong one ends, and can be sent again at once."""

import asyncio
from contextvars import copy_context
from typing import Any

import pytest

from models import Email, Event, Grant
from operations.invoices import invoice_emails
from operations.ledger.open_invoice import open_draft
from rules.states import EmailStatus
from tests.api.test_sending import delivered, link_of
from tests.world import Api, Job, Json, Payload, World

UPDATED = "person { email } sendAgain notices { code message }"


def person_of(job: Job, role: str = "BUYERS_AGENT") -> str:
    return str(next(entry["person"]["id"] for entry in job.created["people"] if entry["role"] == role))


async def correct(job: Job, email: str | None, role: str = "BUYERS_AGENT") -> Payload:
    return await job.api.mutate("updatePerson", UPDATED, personId=person_of(job, role), email=email)


async def opens(api: Api) -> bool:
    answer = await api.run("{ viewer { __typename } }")
    return answer.codes == [] and answer.data["viewer"] is not None


async def sent(world: World, job: Job, **given: str) -> tuple[Json, Api]:
    invoice = await job.invoice("125.00", send=True, **given)
    mail = (await delivered(world))[-1]
    return invoice, world.bearer(link_of(world, mail))


async def test_links_mailed_to_the_wrong_address_end(world: World) -> None:
    """Correcting an address ends the links mailed to the one before, and names the invoices to send again (S68)."""
    job = await world.inspection()
    wrong = job.email()
    invoice, stranger = await sent(world, job)
    by_hand = await job.payment_link(invoice["id"])
    client = await job.client_portal()
    assert await opens(stranger)
    updated = await correct(job, "right@people.test")
    assert updated.done("person") == {"email": "right@people.test"}
    assert updated.content["sendAgain"] == [invoice["id"]]
    assert updated.content["notices"] == [
        {
            "code": "LINKS_ENDED",
            "message": f"The links that were mailed to {wrong} have ended. Send invoice {invoice['number']} again with"
            " sendInvoice.",
        }
    ]
    assert not await opens(stranger)
    assert await opens(by_hand), "nobody mailed it"
    assert await opens(client), "somebody else's"
    (event,) = await Event.filter(name="link.revoked")
    assert event.before == {"reason": "The address was corrected."}


async def test_it_can_be_sent_again_at_once(world: World) -> None:
    """Whatever the wrong address got within the hour, the right one gets the invoice at once (S68)."""
    job = await world.inspection()
    invoice, _ = await sent(world, job)
    for _ in range(3):
        await job.api.mutate("sendInvoice", invoiceId=invoice["id"])
        await world.deliver_mails()
    assert await Email.filter(status=EmailStatus.QUEUED).count() == 1, "the fourth waits"
    (await correct(job, "right@people.test")).done("person")
    again = await job.api.mutate("sendInvoice", "notices { code }", invoiceId=invoice["id"])
    assert (again.codes, again.content["notices"]) == ([], [])
    mail = (await delivered(world))[-1]
    assert mail["recipients"] == ["right@people.test"]
    assert await opens(world.bearer(link_of(world, mail)))
    assert len([mail for mail in await world.mails() if mail["recipients"] == [job.email()]]) == 3


async def test_a_mail_being_sent_to_the_wrong_address_holds_up_nothing(world: World) -> None:
    """A mail that is SENDING to the wrong address is not tried again, and the right one is mailed meanwhile (S68)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await Email.all().update(status=EmailStatus.SENDING)
    (await correct(job, "right@people.test")).done("person")
    assert (await job.api.mutate("sendInvoice", invoiceId=invoice["id"])).codes == []
    await Email.filter(status=EmailStatus.SENDING).update(status=EmailStatus.RETRY)
    assert [mail["recipients"] for mail in await delivered(world)] == [["right@people.test"]]
    assert (await Email.get(sequence=1)).status is EmailStatus.CANCELED


async def test_what_leads_to_the_same_mailbox_stays(world: World) -> None:
    """The same address in other letters, or another phone, ends no link (S68)."""
    job = await world.inspection()
    _, payer = await sent(world, job)
    updated = await job.api.mutate(
        "updatePerson", UPDATED, personId=person_of(job), phone="555 0100", email=job.email().title()
    )
    assert (updated.done("sendAgain"), updated.content["notices"]) == ([], [])
    assert await opens(payer)


async def test_removing_an_address_ends_its_links(world: World) -> None:
    """Somebody without an address any more has no links mailed to one (S68)."""
    job = await world.inspection()
    invoice, payer = await sent(world, job)
    assert (await correct(job, None)).done("sendAgain") == [invoice["id"]]
    assert not await opens(payer)


async def test_paid_invoices_are_not_to_be_sent_again(world: World) -> None:
    """The link to a paid invoice ends as well, but nobody is asked to send it (S68)."""
    job = await world.inspection()
    invoice, payer = await sent(world, job)
    await job.paid(payer, invoice["id"])
    updated = await correct(job, "right@people.test")
    assert updated.done("sendAgain") == []
    assert [notice["code"] for notice in updated.content["notices"]] == ["LINKS_ENDED"]
    assert not await opens(payer)


async def portal_mailed(world: World) -> tuple[Job, Api]:
    """An inspection whose client an automation mailed a portal link, and the API as whoever follows it sees it."""
    automations = await world.inspector.read("{ automations { id trigger } }")
    fee = next(one["id"] for one in automations["automations"] if one["trigger"] == "FEE_ADDED")
    (await world.inspector.mutate("saveAutomation", "automation { id }", automationId=fee, enabled=True)).done(
        "automation"
    )
    job = await world.inspection()
    added = {
        "inspectionId": job.id,
        "kind": "FEE",
        "description": "Radon",
        "amount": "10.00",
        "updateAgreements": False,
    }
    (await job.api.mutate("addLineItem", "lineItem { id }", **added)).done("lineItem")
    await world.run_automations()
    (mail,) = await world.mails()
    portal = next(word for word in mail["text"].split() if word.startswith(world.settings.client_portal_url))
    return job, world.bearer(portal)


async def test_a_portal_link_that_an_automation_mailed_ends(world: World) -> None:
    """The client's portal link ends with their address; the notice says how to make another (S68)."""
    job, client = await portal_mailed(world)
    assert await opens(client)
    updated = await correct(job, "right@people.test", role="CLIENT")
    assert updated.done("sendAgain") == []
    assert updated.content["notices"][0]["message"].endswith(
        "Make another link to the client portal with shareClientPortal."
    )
    assert not await opens(client)


async def test_what_was_shared_from_a_portal_link_ends_with_it(world: World) -> None:
    """A link shared from one that was mailed to the wrong address is not listed as live any more (S68, S25)."""
    job, client = await portal_mailed(world)
    shared = await client.mutate("shareClientPortal", "url", inspectionId=job.id, email="mum@people.test")
    guest = world.bearer(shared.done("url"))
    assert await opens(guest)
    by_staff = await job.client_portal()
    (await correct(job, "right@people.test", role="CLIENT")).done("person")
    assert not await opens(guest)
    listed = (await job.read("grants { personName issuedBy revokedAt }"))["grants"]
    live = [(grant["personName"], grant["issuedBy"]) for grant in listed if grant["revokedAt"] is None]
    assert live == [("Clara Client", "INSPECTOR")], "which nobody mailed"
    assert await opens(by_staff)


async def test_no_link_to_the_wrong_address_survives_a_sending_at_the_same_moment(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A correction between reading the address and writing the mail waits for the mail, and ends its link (S68)."""
    job = await world.inspection()
    invoice = await job.invoice("10.00")
    corrections = []
    outside = copy_context()  # What is started within a transaction would take part in it.

    async def corrected_first(*given: Any, **named: Any) -> None:
        corrections.append(asyncio.create_task(correct(job, "right@people.test"), context=outside))
        await asyncio.wait(corrections, timeout=0.5)
        await open_draft(*given, **named)

    monkeypatch.setattr(invoice_emails, "open_draft", corrected_first)
    assert (await job.api.mutate("sendInvoice", invoiceId=invoice["id"])).codes == []
    (correction,) = corrections
    assert (await correction).done("sendAgain") == [invoice["id"]]
    assert (await Email.get()).status is EmailStatus.CANCELED
    assert (await Grant.get()).revoked_at is not None


async def test_every_link_that_lives_was_mailed_to_the_right_address(world: World) -> None:
    """However a correction and sendings side by side fall, only links to the right address are alive (S68)."""
    job = await world.inspection()
    invoices = [await job.invoice("10.00") for _ in range(8)]
    sent = [job.api.mutate("sendInvoice", invoiceId=invoice["id"]) for invoice in invoices]
    await asyncio.gather(*sent[:2])
    answers = await asyncio.gather(*sent[2:5], correct(job, "right@people.test"), *sent[5:])
    assert [answer.codes for answer in answers] == [[]] * 7
    wrong = await Email.filter(to_address=job.email()).prefetch_related("grant")
    assert len(wrong) >= 2
    for mail in wrong:
        assert mail.grant is not None
        assert mail.grant.revoked_at is not None
        assert mail.status is not EmailStatus.QUEUED
    assert await Grant.filter(revoked_at=None).count() == 8 - len(wrong)
