"""The invoice's document: as a page, as a PDF and with the mail, the same for whoever looks."""

import email
import re
from datetime import timedelta
from email.message import EmailMessage
from email.policy import default
from typing import Any
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx
import pytest

import operations.messages.delivery
from operations.documents.invoice_document import InvoiceDocument, as_data, as_pdf, data_as_pdf, invoice_document
from operations.documents.pdf import NotPrinted
from rules import clock
from tests.api.expectations import stands_alone
from tests.world import Api, Job, World, key_of


async def address(api: Api, invoice_id: str) -> httpx.URL:
    data = await api.read("query($id: ID!) { invoice(id: $id) { documentUrl } }", id=invoice_id)
    return httpx.URL(data["invoice"]["documentUrl"])


def as_file(url: httpx.URL) -> httpx.URL:
    return url.copy_with(path=f"{url.path}.pdf")


async def the_document(invoice_id: str) -> InvoiceDocument:
    return await invoice_document(key_of(invoice_id))


def words(rows: Any) -> list[tuple[str, str, str]]:
    return [(row.label, row.detail, row.amount) for row in rows]


def today() -> str:
    """As the company's zone, America/Chicago, has it."""
    local = clock.now().astimezone(ZoneInfo("America/Chicago"))
    return f"{local:%B} {local.day}, {local.year}"


async def test_one_signature_opens_the_page_and_the_pdf(world: World) -> None:
    """One signed address opens an invoice as a page and as a PDF (S15, S20)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    url = await address(payer, invoice["id"])
    page, file = await world.http.get(url), await world.http.get(as_file(url))
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert (file.status_code, file.headers["content-type"]) == (200, "application/pdf")
    assert file.headers["content-disposition"] == f'inline; filename="Invoice {invoice["number"]}.pdf"'
    assert file.headers["cache-control"] == "no-store"
    assert file.content == await as_pdf(await the_document(invoice["id"]))


@pytest.mark.parametrize("change", ["invoice", "signature", "late", "twice", "case"])
async def test_a_changed_address_opens_no_pdf(world: World, change: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """An address that was changed or is too old opens no PDF (S20)."""
    job = await world.inspection()
    url = as_file(await address(job.api, (await job.invoice("125.00"))["id"]))
    changed = {
        "invoice": url.copy_with(path=f"/documents/invoices/{uuid4()}.pdf"),
        "signature": url.copy_remove_param("signature"),
        "late": url,
        "twice": url.copy_with(path=f"{url.path}.pdf"),
        "case": url.copy_with(path=url.path.upper()),
    }[change]
    if change == "late":
        later = clock.now() + timedelta(minutes=15, seconds=1)
        monkeypatch.setattr(clock, "now", lambda: later)
    answer = await world.http.get(changed)
    assert answer.status_code == 404
    assert b"%PDF" not in answer.content


async def test_the_preview_of_a_draft_is_what_its_payer_will_see(world: World) -> None:
    """The preview of a draft, as page and PDF, is byte for byte what its payer sees later (S15, S20)."""
    job = await world.inspection()
    invoice = await job.invoice("400.00")
    url = await address(job.api, invoice["id"])
    preview = [(await world.http.get(url)).text, (await world.http.get(as_file(url))).content]
    (await world.inspector.mutate("sendInvoice", "invoice { status }", invoiceId=invoice["id"])).done("invoice")
    await world.deliver_mails()
    (mail,) = await world.mails()
    payer = world.bearer(next(word for word in mail["text"].split() if word.startswith("https://pay.")))
    url = await address(payer, invoice["id"])
    assert [(await world.http.get(url)).text, (await world.http.get(as_file(url))).content] == preview


async def test_a_payers_document_tells_every_movement_of_theirs_and_nothing_of_others(world: World) -> None:
    """A payer's document tells each of their payments and refunds, and nothing of other payers (S19, S20)."""
    people = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))
    job = await world.inspection(people=people)
    await job.invoice("111.00", inspectionPersonId=job.entry("LISTING_AGENT"))
    invoice = await job.invoice("125.00")
    payer = await job.payment_link(invoice["id"])
    payment = await job.paid(payer, invoice["id"], "100.00")
    refund = {"paymentId": payment["id"], "amount": "30.00"}
    (await world.inspector.mutate("refundPayment", "refund { id }", **refund, disposition="REOPEN")).done("refund")
    await job.paid(payer, invoice["id"], "25.00", bank="succeeds")
    found = await the_document(invoice["id"])
    assert (found.status, found.date, found.revision, found.paper) == ("Processing", today(), "", "us-letter")
    assert words(found.lines) == [("Service 1", "", "$125.00")]
    assert words(found.sums) == [
        ("Total", "", "$125.00"),
        ("Paid, less refunds", "", "-$70.00"),
        ("Payment under way", "", "-$25.00"),
    ]
    assert words([found.due]) == [("Amount due", "", "$30.00")]
    assert words(found.payments) == [
        ("Adam Agent", f"Card, {today()}", "$100.00"),
        ("Adam Agent", f"Refund, {today()}", "-$30.00"),
        ("Adam Agent", "Bank debit, under way", "$25.00"),
    ]
    assert found.shares == ()


async def test_the_clients_document_tells_who_pays_which_share(world: World) -> None:
    """The client's document tells who pays which share (S21, S22)."""
    people = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))
    job = await world.inspection(people=people)
    agent = await job.invoice("125.00")
    lister = await job.invoice("75.00", inspectionPersonId=job.entry("LISTING_AGENT"))
    dropped = await job.invoice("50.00", inspectionPersonId=job.entry("LISTING_AGENT"))
    (await world.inspector.mutate("voidInvoice", invoiceId=dropped["id"])).done("userErrors")
    await job.paid(await job.payment_link(agent["id"]), agent["id"], "100.00")
    client = await job.client_portal()
    await job.paid(client, job.primary_id)
    found = await the_document(job.primary_id)
    assert words(found.shares) == [
        ("Adam Agent", "Partially paid, $100.00 of it", "$125.00"),
        ("Lisa Lister", "Unpaid", "$75.00"),
    ]
    assert words(found.payments) == [("Clara Client", f"Card, {today()}", "$250.00")]
    assert (found.status, found.due.amount) == ("Paid", "$0.00")
    page = (await world.http.get(await address(client, job.primary_id))).text
    assert "Lisa Lister" in page
    for secret in ("people.test", "visa", lister["number"], agent["number"], "$50.00"):
        assert secret not in page
    assert not stands_alone("4242", page)


async def test_a_withdrawn_invoice_says_so_and_asks_for_nothing(world: World) -> None:
    """A void invoice's document says that it was withdrawn and asks for nothing (S20)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    (await world.inspector.mutate("voidInvoice", invoiceId=invoice["id"])).done("userErrors")
    found = await the_document(invoice["id"])
    assert (found.status, found.due.amount) == ("Withdrawn", "$0.00")
    assert words(found.sums) == [("Total", "", "$125.00"), ("Withdrawn", "", "-$125.00")]


async def test_an_edit_shows_as_a_revision(world: World) -> None:
    """The document of an edited invoice shows its revision and the new amount (S20)."""
    job = await world.inspection("300.00", "150.00")
    invoice = await job.invoice(lineItemIds=[job.items[1]])
    await job.payment_link(invoice["id"])
    (await world.inspector.mutate("updateLineItem", lineItemId=job.items[1], amount="120.00")).done("userErrors")
    found = await the_document(invoice["id"])
    assert (found.revision, found.due.amount) == ("Revision 2", "$120.00")


async def test_sums_lead_from_the_total_to_what_is_due(world: World) -> None:
    """The sums on a document lead from the total to what is due (S22, S40)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    payment = await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    (await world.inspector.mutate("refundPayment", "refund { id }", paymentId=payment["id"], amount="25.00")).done(
        "refund"
    )
    await _check_sums(invoice["id"])
    (await world.inspector.mutate("updateLineItem", lineItemId=job.items[0], amount="60.00")).done("userErrors")
    await _check_sums(invoice["id"])
    await _check_sums(job.primary_id)


async def _check_sums(invoice_id: str) -> None:
    found = await the_document(invoice_id)
    cents = [int(row.amount.replace("$", "").replace(".", "").replace(",", "")) for row in (*found.sums, found.due)]
    assert sum(cents[:-1]) == cents[-1], found.sums


async def raw_mail(world: World, mail: dict[str, Any]) -> EmailMessage:
    async with httpx.AsyncClient(base_url=world.servers.mailbox.url, trust_env=False) as http:
        raw = (await http.get(f"/api/messages/{mail['id']}/raw")).content
    parsed = email.message_from_bytes(raw, policy=default)
    assert isinstance(parsed, EmailMessage)
    return parsed


async def payers_copy(document: InvoiceDocument, mail: dict[str, Any]) -> bytes:
    """The document as a PDF with the link of the mail."""
    (link,) = re.findall(r"https://pay\.\S+#\S+", mail["text"])
    return await data_as_pdf(as_data(document), pay_link=link)


async def sent(world: World, name: str = "Adam Agent") -> tuple[Job, dict[str, Any], dict[str, Any]]:
    job = await world.inspection(people=(("Clara Client", "CLIENT"), (name, "BUYERS_AGENT")))
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    (mail,) = await world.mails()
    return job, invoice, mail


@pytest.mark.parametrize("name", ["Adam Agent", "山田太郎 محمد 🏠"])
async def test_an_invoice_mail_brings_the_pdf(world: World, name: str) -> None:
    """An invoice's mail carries the invoice as a PDF, under a safe file name (S16, S20)."""
    _, invoice, mail = await sent(world, name)
    (attached,) = mail["attachments"]
    assert attached["name"] == f"Invoice {invoice['number']}.pdf"
    message = await raw_mail(world, mail)
    (part,) = message.iter_attachments()
    assert part.get_content_type() == "application/pdf"
    assert part.get_content() == await payers_copy(await the_document(invoice["id"]), mail)
    body = message.get_body(("plain",))
    assert body is not None
    assert "https://pay." in body.get_content()


async def test_a_mail_shows_one_revision(world: World) -> None:
    """The attached document and the text of a mail show the invoice as it was when the mail was written (S15, S20)."""
    job = await world.inspection()
    invoice = await job.invoice(lineItemIds=job.items[1:], send=True)
    written = await the_document(invoice["id"])
    changed = await job.api.mutate("updateLineItem", "lineItem { id }", lineItemId=job.items[1], amount="177.00")
    changed.done("lineItem")
    assert (await the_document(invoice["id"])) != written
    await world.deliver_mails()
    (mail,) = await world.mails()
    assert "$100.00" in mail["text"]
    assert "$177.00" not in mail["text"]
    (part,) = (await raw_mail(world, mail)).iter_attachments()
    assert part.get_content() == await payers_copy(written, mail)


async def test_a_mail_goes_without_its_pdf_rather_than_not_at_all(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """An invoice is mailed without its PDF when the PDF cannot be made (S36)."""

    async def fail(_: object, **__: object) -> bytes:
        raise NotPrinted("no fonts")

    monkeypatch.setattr(operations.messages.delivery, "data_as_pdf", fail)
    job, _, mail = await sent(world)
    assert mail["recipients"] == [job.email()]
    assert mail["attachments"] == []
