"""Previews: of the mail and of the invoice, each equal to what the payer then gets."""

from datetime import timedelta
from typing import Any

import httpx
import pytest

from models import Email, Grant, Invoice
from rules import clock
from tests.api.expectations import forbidden, nothing_changes, refused, stands_alone
from tests.world import Api, Json, World

PREVIEW = "emailPreview { to subject message html text link }"


async def preview_of(api: Api, invoice_id: str, arguments: str = "") -> Json:
    selection = PREVIEW.replace("emailPreview", f"emailPreview{arguments}")
    data = await api.read(f"query($id: ID!) {{ invoice(id: $id) {{ {selection} }} }}", id=invoice_id)
    found: Json = data["invoice"]["emailPreview"]
    return found


async def document_url(api: Api, invoice_id: str) -> str:
    data = await api.read("query($id: ID!) { invoice(id: $id) { documentUrl } }", id=invoice_id)
    return str(data["invoice"]["documentUrl"])


async def document(world: World, api: Api, invoice_id: str) -> str:
    answer = await world.http.get(await document_url(api, invoice_id))
    assert answer.status_code == 200
    return answer.text


async def test_preview_tells_recipient_subject_body_and_link(world: World) -> None:
    """The preview tells recipient, subject and body, and where the link leads (S13)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    async with nothing_changes(world):
        preview = await preview_of(job.api, invoice["id"])
    assert preview["to"] == job.email()
    assert preview["subject"] == f"Invoice {invoice['number']} from Lakeside Inspections"
    assert preview["message"] == (
        "Hello Adam Agent,\n\n"
        "Lakeside Inspections asks you to pay $125.00 for the inspection at 12 Shore Road, Lakeside."
    )
    assert preview["link"].startswith(world.settings.payment_portal_url)
    assert preview["message"] in preview["text"]
    assert preview["link"] in preview["text"]
    assert preview["link"] in preview["html"]
    assert await world.count(Email, Grant) == [0, 0]


@pytest.mark.parametrize("draft", [{}, {"subject": "Your <share>", "message": "Dear Adam,\n\npay & be merry"}])
async def test_preview_equals_what_is_sent_apart_from_the_link(world: World, draft: dict[str, Any]) -> None:
    """The preview is what is sent, apart from the link's token (S13)."""
    job = await world.inspection()
    invoice = await job.invoice("400.00", **draft)
    preview = await preview_of(job.api, invoice["id"])
    await job.api.mutate("sendInvoice", invoiceId=invoice["id"])
    await world.deliver_mails()
    (mail,) = await world.mails()
    link = next(word for word in mail["text"].split() if word.startswith(world.settings.payment_portal_url))
    assert mail["to"] == [preview["to"]]
    assert mail["subject"] == preview["subject"]
    for part in ("text", "html"):
        assert tidy(mail[part]) == tidy(preview[part].replace(preview["link"], link))
    for name, words in draft.items():
        assert preview[name] == words


def tidy(text: str) -> list[str]:
    return text.replace("\r\n", "\n").strip().split("\n")


async def test_preview_of_an_edited_letter_changes_nothing(world: World) -> None:
    """Previewing an edited subject and message changes nothing (S13, S14)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    async with nothing_changes(world):
        edited = await preview_of(job.api, invoice["id"], '(subject: "Mine", message: "My words")')
    assert (edited["subject"], edited["message"]) == ("Mine", "My words")
    assert "My words" in edited["text"]
    assert edited["link"] in edited["text"]
    plain = await preview_of(job.api, invoice["id"])
    assert "My words" not in plain["text"]
    sent = await job.api.mutate("sendInvoice", invoiceId=invoice["id"], subject="Mine", message="My words")
    assert sent.codes == []
    await world.deliver_mails()
    (mail,) = await world.mails()
    link = next(word for word in mail["text"].split() if word.startswith(world.settings.payment_portal_url))
    assert tidy(mail["text"]) == tidy(edited["text"].replace(edited["link"], link))


async def test_preview_is_for_staff_alone(world: World) -> None:
    """Only staff can preview a mail (S13, S19)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    for api in (await job.client_portal(), await job.payment_link(invoice["id"])):
        query = "query($id: ID!) { invoice(id: $id) { emailPreview { subject } } }"
        assert "emailPreview" in " ".join(await forbidden(world, api, query, id=invoice["id"]))


async def test_document_of_a_draft_is_what_the_payer_sees(world: World) -> None:
    """The document of a draft is what the payer sees later (S15, S20)."""
    job = await world.inspection()
    invoice = await job.invoice("400.00")
    async with nothing_changes(world):
        draft = await document(world, job.api, invoice["id"])
    payer = await job.payment_link(invoice["id"])
    seen = await document(world, payer, invoice["id"])
    assert seen.replace("Open", "Draft") == draft
    for part in (invoice["number"], "Adam Agent", "12 Shore Road, Lakeside", "$350.00", "$50.00", "$400.00"):
        assert part in seen


async def test_document_and_portal_tell_the_payer_the_same(world: World) -> None:
    """The document and the payment portal tell the payer the same (S15)."""
    job = await world.inspection()
    invoice = await job.invoice("400.00")
    payer = await job.payment_link(invoice["id"])
    shown = (
        await payer.read(
            "{ viewer { ... on PayerViewer { invoice { number companyName propertyAddress billedToName "
            "lines { description amount { formatted } } total { formatted } remaining { formatted } } } } }"
        )
    )["viewer"]["invoice"]
    text = await document(world, payer, invoice["id"])
    for line in shown["lines"]:
        assert f"<td>{line['description']}</td><td>{line['amount']['formatted']}</td>" in text
    for name in ("number", "companyName", "propertyAddress", "billedToName"):
        assert shown[name] in text
    assert shown["total"]["formatted"] in text


async def test_third_party_has_a_document_of_their_own(world: World) -> None:
    """A third party has a document of their own, with nothing of other payers (S20, S19)."""
    people = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))
    job = await world.inspection(people=people)
    other = await job.invoice("111.00", inspectionPersonId=job.entry("LISTING_AGENT"))
    invoice = await job.invoice("125.00")
    await job.paid(await job.payment_link(other["id"]), other["id"])
    payer = await job.payment_link(invoice["id"])
    await job.paid(payer, invoice["id"])
    text = await document(world, payer, invoice["id"])
    assert f"Invoice {invoice['number']}" in text
    assert "Adam Agent" in text
    for secret in ("Clara", "Lisa", "$111.00", "$450.00", "$214.00", other["number"], "people.test"):
        assert secret not in text
    assert not stands_alone("4242", text)


@pytest.mark.parametrize("change", ["signature", "expires", "invoice", "no signature", "expired"])
async def test_document_address_that_was_changed_or_expired_is_not_found(
    world: World, change: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A document address that was changed or has expired is not found (S15, S20)."""
    job = await world.inspection()
    first, second = await job.invoice("125.00"), await job.invoice("50.00")
    url = httpx.URL(await document_url(job.api, first["id"]))
    assert (await world.http.get(url)).status_code == 200
    if change == "signature":
        given = url.params["signature"]
        url = url.copy_set_param("signature", ("0" if given[0] != "0" else "1") + given[1:])
    elif change == "expires":
        url = url.copy_set_param("expires", str(int(url.params["expires"]) + 60))
    elif change == "no signature":
        url = url.copy_remove_param("signature")
    elif change == "invoice":
        other = httpx.URL(await document_url(job.api, second["id"]))
        url = url.copy_with(path=other.path)
    else:
        late = clock.now() + timedelta(minutes=15, seconds=1)
        monkeypatch.setattr(clock, "now", lambda: late)
    answer = await world.http.get(url)
    assert answer.status_code == 404
    assert "Adam" not in answer.text


async def test_texts_are_escaped_in_mail_and_document(world: World) -> None:
    """What people typed is escaped in mails and documents (S13, S15)."""
    hostile = '<script>alert("x")</script>'
    changed = await world.inspector.mutate("updateCompany", "company { id }", name=f"Lake & {hostile}")
    changed.done("company")
    people = (("Clara <i>Client", "CLIENT"), (f"Adam {hostile}", "BUYERS_AGENT"))
    job = await world.inspection(
        people=(("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT")), propertyAddress=f"12 {hostile} Road"
    )
    for (name, _), entry in zip(people, job.created["people"], strict=True):
        await job.api.mutate("updatePerson", "person { id }", personId=entry["person"]["id"], name=name)
    await job.api.mutate("updateLineItem", "lineItem { id }", lineItemId=job.items[0], description=f"Look {hostile}")
    invoice = await job.invoice("125.00", send=True, subject=f"Pay {hostile}", message=f"Dear {hostile}\n</td></tr>")
    await world.deliver_mails()
    (mail,) = await world.mails()
    payer = await job.payment_link(invoice["id"])
    await job.paid(payer, invoice["id"])
    documents = [
        await document(world, payer, invoice["id"]),
        await document(world, await job.client_portal(), job.primary_id),
    ]
    for page in (mail["html"], *documents):
        assert "<script" not in page
        assert "<i>" not in page
        assert "&lt;script&gt;" in page
    assert "&lt;/td&gt;" in mail["html"]
    assert mail["subject"] == f"Pay {hostile}"
    policy = (await world.http.get(await document_url(payer, invoice["id"]))).headers["content-security-policy"]
    assert policy.startswith("default-src 'none'")


async def test_preview_names_what_is_wrong_with_a_letter(world: World) -> None:
    """The preview says what is wrong with an edited subject or message (S13)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    async with nothing_changes(world):
        answer = await job.api.run(
            'query($id: ID!) { invoice(id: $id) { emailPreview(subject: "a\\r\\nBcc: b@c.test") { subject } } }',
            id=invoice["id"],
        )
    assert answer.codes == ["INVALID_INPUT"]
    assert "subject" in answer.body["errors"][0]["message"]
    assert (await refused(world, job.api, "sendInvoice", invoiceId=invoice["id"], subject="")).field == "subject"
    assert (await Invoice.get(kind="SEPARATE")).status == "DRAFT"
