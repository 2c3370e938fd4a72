"""Sending an invoice: to exactly one party, with a letter for that sending alone, or not at all."""

import asyncio
from datetime import datetime, timedelta
from typing import Any

import pytest

from models import Email, Grant, Invoice
from operations.messages import outbox
from rules import clock
from tests.api.expectations import Refused, nothing_changes, refused
from tests.world import Json, World

SENT = "invoice { id status sentAt emails { to subject status } emailPreview { subject message } }"
OFF = "All notifications are disabled on this inspection; turn them on to send."


def link_of(world: World, mail: Json) -> str:
    (link,) = [word for word in str(mail["text"]).split() if word.startswith(world.settings.payment_portal_url)]
    return link


async def delivered(world: World) -> list[Json]:
    """The mailbox, oldest first, after the outbox went out."""
    await world.deliver_mails()
    return list(reversed(await world.mails()))


async def test_mail_goes_to_the_chosen_party_alone(world: World) -> None:
    """An invoice's mail goes to the party it bills, without a copy to anybody (S16, S38)."""
    people = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))
    job = await world.inspection(people=people)
    await job.invoice("125.00", send=True, inspectionPersonId=job.entry("LISTING_AGENT"))
    (mail,) = await delivered(world)
    assert mail["recipients"] == [job.email("LISTING_AGENT")]
    assert mail["to"] == [job.email("LISTING_AGENT")]
    assert (mail["cc"], mail["bcc"]) == ([], [])
    names = {name.lower() for name, _ in headers(mail)}
    assert not names & {"cc", "bcc", "resent-to", "resent-cc"}
    raw = str(mail)
    assert job.email("CLIENT") not in raw
    assert job.email("BUYERS_AGENT") not in raw


def headers(mail: Json) -> list[tuple[str, str]]:
    found: Any = mail["headers"]
    return list(found.items()) if isinstance(found, dict) else [tuple(pair) for pair in found]


async def test_link_opens_that_invoice_in_the_payment_portal(world: World) -> None:
    """The mailed link opens that one invoice in the payment portal (S17, S18)."""
    job = await world.inspection()
    other = await job.invoice("50.00")
    invoice = await job.invoice("125.00", send=True)
    (mail,) = await delivered(world)
    link = link_of(world, mail)
    assert link.startswith(f"{world.settings.payment_portal_url}#")
    assert link in mail["html"].replace("&amp;", "&")
    assert world.settings.client_portal_url not in mail["text"] + mail["html"]
    seen = await world.bearer(link).read("{ viewer { __typename ... on PayerViewer { invoice { id } } } }")
    assert seen["viewer"] == {"__typename": "PayerViewer", "invoice": {"id": invoice["id"]}}
    assert other["id"] != invoice["id"]


async def test_stored_mails_hold_no_token(world: World) -> None:
    """Neither stored mails nor links hold a token (S17)."""
    job = await world.inspection()
    await job.invoice("125.00", send=True)
    (mail,) = await delivered(world)
    token = link_of(world, mail).partition("#")[2]
    email, grant = await Email.get(), await Grant.get()
    assert token not in email.text + email.html
    assert token != grant.token_hash


async def test_save_and_send_does_both(world: World) -> None:
    """Save and send makes the invoice and mails it (S51, S12)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True, subject="For you", message="Please pay")
    assert invoice["status"] == "OPEN"
    (mail,) = await delivered(world)
    assert mail["subject"] == "For you"
    assert "Please pay" in mail["text"]


@pytest.mark.parametrize(
    ("draft", "field"),
    [
        ({"subject": ""}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"subject": "Hello\r\nBcc: eve@example.com"}, "subject"),
        ({"message": "x" * 5001}, "message"),
        ({"message": "  "}, "message"),
        ({"message": "a bell \x07"}, "message"),
    ],
)
@pytest.mark.parametrize("send", [True, False])
async def test_save_and_send_with_an_unusable_letter_leaves_no_invoice(
    world: World, draft: dict[str, str], field: str, send: bool
) -> None:
    """Save and send with an unusable subject or message leaves no invoice (S51, S14)."""
    job = await world.inspection()
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "125.00", **draft}
    refusal = await refused(world, job.api, "addInvoice", **given, send=send)
    assert (refusal.code, refusal.field) == ("INVALID_INPUT", field)
    assert refusal.message.startswith(f"{field} must ")
    assert await Invoice.filter(kind="SEPARATE").count() == 0


async def test_save_and_send_while_notifications_are_off_leaves_no_invoice(world: World) -> None:
    """Save and send with notifications disabled leaves no invoice (S51, S45)."""
    job = await world.inspection()
    await job.api.mutate("setNotificationsDisabled", inspectionId=job.id, disabled=True)
    given = {"inspectionId": job.id, "inspectionPersonId": job.entry(), "fixedAmount": "125.00"}
    assert await refused(world, job.api, "addInvoice", **given, send=True) == Refused(
        "NOTIFICATIONS_DISABLED", OFF, "send"
    )
    assert await Invoice.filter(kind="SEPARATE").count() == 0
    assert (await job.primary())["total"]["formatted"] == "$450.00"


async def test_save_and_send_to_somebody_without_an_address_leaves_no_invoice(world: World) -> None:
    """Save and send to somebody without an address leaves no invoice (S51)."""
    job = await world.inspection()
    added = await job.api.mutate(
        "addInspectionPerson",
        "inspectionPerson { id }",
        inspectionId=job.id,
        personId=await world.person("Nora Nomail", email=None),
        role="LISTING_AGENT",
    )
    entry = added.done("inspectionPerson")["id"]
    given = {"inspectionId": job.id, "inspectionPersonId": entry, "fixedAmount": "125.00"}
    assert await refused(world, job.api, "addInvoice", **given, send=True) == Refused(
        "PERSON_HAS_NO_EMAIL", "Nora Nomail has no email address.", "inspectionPersonId"
    )
    draft = await job.invoice("125.00", inspectionPersonId=entry)
    assert await refused(world, job.api, "sendInvoice", invoiceId=draft["id"]) == Refused(
        "PERSON_HAS_NO_EMAIL", "Nora Nomail has no email address.", "invoiceId"
    )


async def test_edited_letter_is_for_that_sending_only(world: World) -> None:
    """An edited subject and message are for that sending only (S14)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    preview = await job.api.read(
        "query($id: ID!) { invoice(id: $id) { emailPreview { subject message } } }", id=invoice["id"]
    )
    defaults = preview["invoice"]["emailPreview"]
    edited = await job.api.mutate("sendInvoice", SENT, invoiceId=invoice["id"], subject="Once", message="Only now")
    assert edited.done("invoice")["emailPreview"] == defaults
    await world.deliver_mails()
    again = await job.api.mutate("sendInvoice", SENT, invoiceId=invoice["id"])
    assert [mail["subject"] for mail in again.done("invoice")["emails"]] == [defaults["subject"], "Once"]
    first, second = await delivered(world)
    assert (first["subject"], second["subject"]) == ("Once", defaults["subject"])
    assert "Only now" in first["text"]
    assert "Only now" not in second["text"]
    assert defaults["message"] in second["text"].replace("\r\n", "\n")


async def test_prepared_letter_is_for_the_next_sending_only(world: World) -> None:
    """A prepared subject and message are for the next sending only (S14, S37)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", subject="Prepared", message="Prepared words")
    for _ in range(2):
        (await job.api.mutate("sendInvoice", SENT, invoiceId=invoice["id"])).done("invoice")
        await world.deliver_mails()
    first, second = await delivered(world)
    assert first["subject"] == "Prepared"
    assert second["subject"] == f"Invoice {invoice['number']} from Lakeside Inspections"
    assert "Prepared words" not in second["text"]


async def test_recipient_can_not_be_changed_for_a_sending(world: World) -> None:
    """A sending takes no other recipient and no copies (S14, S16)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    for name in ("to", "recipient", "email", "cc", "bcc"):
        async with nothing_changes(world):
            answer = await job.api.run(
                "mutation($input: SendInvoiceInput!) { sendInvoice(input: $input) { invoice { id } } }",
                input={"invoiceId": invoice["id"], name: "eve@example.com"},
            )
        assert answer.codes == ["MALFORMED_OPERATION"]
        assert name in answer.body["errors"][0]["message"]


async def test_link_is_in_the_mail_even_if_the_message_leaves_it_out(world: World) -> None:
    """The link is in the mail even when the message does not mention it (S14)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True, message="Pay me.")
    (mail,) = await delivered(world)
    link = link_of(world, mail)
    assert link in mail["html"]
    assert (await world.bearer(link).read("{ viewer { ... on PayerViewer { invoice { id } } } }"))["viewer"][
        "invoice"
    ] == {"id": invoice["id"]}


async def test_sending_again_sends_a_new_link_and_keeps_the_old_one(world: World) -> None:
    """Sending again mails a new link, and the old one keeps working (S17)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    (await job.api.mutate("sendInvoice", SENT, invoiceId=invoice["id"])).done("invoice")
    first, second = [link_of(world, mail) for mail in await delivered(world)]
    assert first != second
    for link in (first, second):
        await world.bearer(link).read("{ viewer { ... on PayerViewer { invoice { id } } } }")


async def test_mail_that_waits_is_not_queued_twice(world: World) -> None:
    """An invoice whose mail is waiting is not mailed again (S16)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    assert await refused(world, job.api, "sendInvoice", invoiceId=invoice["id"]) == Refused(
        "EMAIL_IN_PROGRESS", f"The mail for invoice {invoice['number']} is on its way already.", "invoiceId"
    )
    assert await world.deliver_mails() == 1


async def test_same_key_sends_once(world: World) -> None:
    """Repeating a sending with the same idempotency key mails once (S16)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    given = {"invoiceId": invoice["id"], "idempotencyKey": "send-1"}
    (await job.api.mutate("sendInvoice", SENT, **given)).done("invoice")
    await world.deliver_mails()
    async with nothing_changes(world):
        (await job.api.mutate("sendInvoice", SENT, **given)).done("invoice")
    assert len(await delivered(world)) == 1
    assert (await refused(world, job.api, "sendInvoice", **given, subject="Other")).field == "idempotencyKey"


async def test_more_than_three_link_mails_an_hour_go_out_later(world: World) -> None:
    """The fourth mail for one invoice within an hour is neither refused nor lost: it goes out later (S12, S14)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    selected = "invoice { id } notices { code message }"
    for _ in range(3):
        sent = await job.api.mutate("sendInvoice", selected, invoiceId=invoice["id"])
        assert sent.done("notices") == []
        await world.deliver_mails()
    fourth = await job.api.mutate("sendInvoice", selected, invoiceId=invoice["id"])
    (notice,) = fourth.done("notices")
    assert notice["code"] == "EMAIL_PUT_OFF"
    assert f"the one for invoice {invoice['number']} goes out at" in notice["message"]
    assert await world.deliver_mails() == 0
    assert len(await world.mails()) == 3
    waiting = await Email.get(status="QUEUED")
    first = await Email.get(sequence=1)
    assert waiting.queued_at == waiting.next_attempt_at == first.queued_at + timedelta(hours=1)
    await Email.all().update(next_attempt_at=clock.now())
    assert await world.deliver_mails() == 1
    assert len(await world.mails()) == 4


async def deals(world: World, count: int) -> list[Json]:
    """What `addInvoice` takes to bill one and the same agent for each of so many inspections."""
    agent = await world.person("Adam Agent")
    found = []
    for _ in range(count):
        job = await world.inspection(people=(("Clara Client", "CLIENT"),))
        given = {"inspectionId": job.id, "personId": agent, "role": "BUYERS_AGENT"}
        entry = await job.api.mutate("addInspectionPerson", "inspectionPerson { id }", **given)
        to = entry.done("inspectionPerson")["id"]
        found.append({"inspectionId": job.id, "inspectionPersonId": to, "fixedAmount": "125.00"})
    return found


async def test_an_agent_with_many_deals_gets_every_invoice_at_once(world: World) -> None:
    """Invoices of several inspections to one recipient are sent at once, up to sixty within the hour (S16)."""
    for given in await deals(world, 5):
        added = await world.inspector.mutate("addInvoice", "notices { code }", **given, send=True)
        assert (added.codes, added.content["notices"]) == ([], [])
    assert await world.deliver_mails() == 5


async def test_one_recipient_gets_sixty_link_mails_an_hour_and_the_rest_later(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The sixty-first mail with a link to one recipient waits for its turn; side by side no more slip through (S16)."""
    newest = outbox._newest

    async def slowly(*given: Any) -> list[datetime]:
        found = await newest(*given)
        await asyncio.sleep(0.05)  # So that all have looked before the first has written.
        return found

    monkeypatch.setattr(outbox, "_newest", slowly)
    drafts = []
    for given in await deals(world, 9):
        added = await world.inspector.mutate("addInvoice", "invoice { id }", **given)
        drafts.append(added.done("invoice")["id"])
    assert (await world.inspector.mutate("sendInvoice", invoiceId=drafts[0])).codes == []
    first = await Email.get()
    columns = ("company_id", "inspection_id", "grant_id", "to_name", "to_address", "subject", "text", "html")
    same = {name: getattr(first, name) for name in columns} | {"status": "ACCEPTED", "kind": "AUTOMATION"}
    await Email.bulk_create(Email(**same, message_id=f"<{n}@links.test>", next_attempt_at=None) for n in range(56))
    oldest = first.queued_at - timedelta(minutes=30)
    await Email.filter(id=first.id).update(queued_at=oldest, status="ACCEPTED")
    answers = await asyncio.gather(*(world.inspector.mutate("sendInvoice", invoiceId=draft) for draft in drafts[1:]))
    assert [answer.codes for answer in answers] == [[]] * 8
    mails = await Email.filter(kind="INVOICE").exclude(id=first.id).order_by("queued_at")
    assert [mail.queued_at > oldest + timedelta(minutes=59) for mail in mails] == [False] * 3 + [True] * 5
    assert mails[3].queued_at == oldest + timedelta(hours=1)
    await Email.filter(kind="AUTOMATION").delete()


async def test_what_is_not_open_is_not_sent(world: World) -> None:
    """Void and paid invoices are not sent (S12, S16)."""
    job = await world.inspection()
    voided, paid = await job.invoice("50.00"), await job.invoice("60.00")
    await job.api.mutate("voidInvoice", invoiceId=voided["id"])
    await job.paid(await job.payment_link(paid["id"]), paid["id"])
    for invoice, status in ((voided, "void"), (paid, "paid")):
        assert await refused(world, job.api, "sendInvoice", invoiceId=invoice["id"]) == Refused(
            "INVOICE_NOT_SENDABLE", f"Invoice {invoice['number']} is {status}.", "invoiceId"
        )
    assert (await refused(world, job.api, "sendInvoice", invoiceId=job.primary_id)).code == "INVOICE_IS_PRIMARY"


async def test_waiting_mail_is_canceled_with_its_invoice(world: World) -> None:
    """A waiting mail is canceled when its invoice is voided (S16)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await job.api.mutate("voidInvoice", invoiceId=invoice["id"])
    assert await world.deliver_mails() == 0
    assert await world.mails() == []
    assert [mail["status"] for mail in (await job.read("emails { status }"))["emails"]] == ["CANCELED"]


async def test_invoice_mails_go_out_whatever_the_automation_tier(world: World) -> None:
    """Invoices are mailed with and without the advanced automation tier (S36)."""
    for enabled in (False, True):
        changed = await world.inspector.mutate(
            "updateCompany", "company { advancedAutomationsEnabled }", advancedAutomationsEnabled=enabled
        )
        changed.done("company")
        job = await world.inspection()
        await job.invoice("125.00", send=True)
        await world.deliver_mails()
        assert len(await world.mails(job.email())) == 1


async def test_address_changed_before_sending_is_the_one_that_gets_the_mail(world: World) -> None:
    """A mail goes to the address that its recipient has when it is sent; correcting it calls the mail back (S68)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    person = job.created["people"][1]["person"]["id"]
    await job.api.mutate("updatePerson", "person { id }", personId=person, email="new@people.test")
    await job.api.mutate("sendInvoice", invoiceId=invoice["id"])
    await job.api.mutate("updatePerson", "person { id }", personId=person, email="newer@people.test")
    assert await delivered(world) == []
    (await job.api.mutate("sendInvoice", SENT, invoiceId=invoice["id"])).done("invoice")
    (mail,) = await delivered(world)
    assert mail["recipients"] == ["newer@people.test"]


async def test_an_address_that_is_typed_never_becomes_the_link(world: World) -> None:
    """Whatever is typed into a message stays what it is: the link stands in its own place alone (S14)."""
    job = await world.inspection()
    typed = "Pay at https://link.invalid/payment-link or \N{SYMBOL FOR UNIT SEPARATOR}link\N{SYMBOL FOR UNIT SEPARATOR}"
    await job.invoice("125.00", send=True, message=typed)
    (mail,) = await delivered(world)
    assert mail["text"].startswith(typed)
    assert mail["text"].count(link_of(world, mail)) == 1
    assert mail["html"].count("href=") == 1
    hidden = await job.add_invoice("10.00", message="Pay \x1flink\x1f now")
    assert (hidden.codes, hidden.fields) == (["INVALID_INPUT"], [["message"]])


async def test_names_that_look_like_addresses_are_no_links(world: World) -> None:
    """In HTML our button is the one link: names in our sentences are kept from looking like addresses (S14, S17)."""
    job = await world.inspection(
        people=(("Clara Client", "CLIENT"), ("Visit https://evil.example now", "BUYERS_AGENT")),
        propertyAddress="12 St. Paul's Road, mail eve@evil.example",
    )
    await job.invoice("125.00", send=True)
    (mail,) = await delivered(world)
    assert "https://evil.example" in mail["text"], "plain text is as it was typed"
    html = mail["html"]
    assert "evil.example" not in html
    assert "https://evil" not in html
    assert "eve@evil" not in html
    assert html.replace("\u2060", "").count("https://evil.example") == 1
    assert "12 St. Paul" in html
    assert html.count("href=") == 1


async def test_addresses_in_a_letter_stay_as_they_were_typed(world: World) -> None:
    """A letter that somebody typed may name an address; it is text, and no link of ours (S14)."""
    job = await world.inspection()
    await job.invoice("125.00", send=True, message="Ask at https://lakeside.example/help.")
    (mail,) = await delivered(world)
    assert "https://lakeside.example/help." in mail["html"]
    assert mail["html"].count("href=") == 1
