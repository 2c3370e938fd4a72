"""Due dates: the company's default, a day set by hand, and what is overdue."""

from datetime import date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest

import models
from operations.documents.invoice_document import as_html, invoice_document
from operations.documents.rendering import long_date
from operations.ledger.reconciliation import reconcile_ledgers
from rules import clock
from tests.api.expectations import refused
from tests.moving_clock import moving_clock
from tests.world import Job, Json, World, key_of

DUE = "dueOn overdue status"


async def today(world: World) -> date:
    found = await world.inspector.read("{ viewer { ... on InspectorViewer { company { timeZone } } } }")
    return clock.now().astimezone(ZoneInfo(found["viewer"]["company"]["timeZone"])).date()


async def in_days(world: World, days: int) -> str:
    return (await today(world) + timedelta(days=days)).isoformat()


async def due(world: World, invoice_id: str) -> Json:
    found = await world.inspector.read(f"query($id: ID!) {{ invoice(id: $id) {{ {DUE} }} }}", id=invoice_id)
    invoice: Json = found["invoice"]
    return invoice


async def set_due(world: World, invoice_id: str, days: int) -> Json:
    due_on = await in_days(world, days)
    done = await world.inspector.mutate(
        "updateInvoiceDueDate", f"invoice {{ {DUE} }}", invoiceId=invoice_id, dueOn=due_on
    )
    invoice: Json = done.done("invoice")
    assert invoice["dueOn"] == due_on
    return invoice


async def default_days(world: World, days: int) -> None:
    changed = await world.inspector.mutate("updateCompany", "company { defaultDueDays }", defaultDueDays=days)
    assert changed.done("company") == {"defaultDueDays": days}


async def overdue(job: Job) -> bool:
    return bool((await job.read("overdue"))["overdue"])


async def test_an_invoice_is_due_so_many_days_after_it_was_sent(world: World) -> None:
    """An invoice is due as many days after its sending as the company says, and sending again changes nothing (S57)."""
    await default_days(world, 10)
    job = await world.inspection()
    draft = await job.invoice("125.00")
    assert await due(world, draft["id"]) == {"dueOn": None, "overdue": False, "status": "DRAFT"}
    (await job.api.mutate("sendInvoice", "invoice { id }", invoiceId=draft["id"])).done("invoice")
    expected = {"dueOn": await in_days(world, 10), "overdue": False, "status": "OPEN"}
    assert await due(world, draft["id"]) == expected
    await world.deliver_mails()
    await default_days(world, 20)
    (await job.api.mutate("sendInvoice", "invoice { id }", invoiceId=draft["id"])).done("invoice")
    assert await due(world, draft["id"]) == expected


async def test_opening_by_a_link_or_by_cash_dates_it_too(world: World) -> None:
    """An invoice that is opened by copying its link, or by cash, is due as if it were sent (S57)."""
    job = await world.inspection()
    by_link, by_cash = await job.invoice("125.00"), await job.invoice("100.00")
    await job.payment_link(by_link["id"])
    given = {"invoiceId": by_cash["id"], "amount": "25.00", "method": "CASH"}
    (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    for invoice in (by_link, by_cash):
        assert (await due(world, invoice["id"]))["dueOn"] == await in_days(world, 0)


async def test_a_day_set_by_hand_stays(world: World) -> None:
    """A due date can be set by hand, on a draft too, which keeps it when it is sent (S57)."""
    job = await world.inspection()
    draft = await job.invoice("125.00")
    await set_due(world, draft["id"], 5)
    (await job.api.mutate("sendInvoice", "invoice { id }", invoiceId=draft["id"])).done("invoice")
    assert (await due(world, draft["id"]))["dueOn"] == await in_days(world, 5)
    assert (await set_due(world, draft["id"], 9))["overdue"] is False
    named = {event.name for event in await models.Event.filter(subject_id=key_of(draft["id"]))}
    assert "invoice.due_date_set" in named


async def test_what_is_not_paid_by_its_day_is_overdue(world: World) -> None:
    """An open invoice is overdue once its due date is over, and no more when it is paid (S57)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    assert (await set_due(world, invoice["id"], 0))["overdue"] is False
    assert not await overdue(job)
    assert (await set_due(world, invoice["id"], -1))["overdue"] is True
    assert await overdue(job)
    payer = await job.payment_link(invoice["id"])
    seen = await payer.read("{ viewer { ... on PayerViewer { invoice { dueOn overdue } } } }")
    assert seen["viewer"]["invoice"] == {"dueOn": await in_days(world, -1), "overdue": True}
    assert [one async for one in reconcile_ledgers()] == []
    given = {"invoiceId": invoice["id"], "amount": "125.00", "method": "CASH"}
    (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    assert (await due(world, invoice["id"]))["overdue"] is False
    assert not await overdue(job)


@pytest.mark.parametrize("becomes", ["voidInvoice", "markInvoiceUncollectible"])
async def test_what_nobody_is_asked_for_is_not_overdue(world: World, becomes: str) -> None:
    """Drafts, void and written-off invoices are not overdue (S57)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    assert (await set_due(world, invoice["id"], -1))["overdue"] is False
    await job.payment_link(invoice["id"])
    assert (await due(world, invoice["id"]))["overdue"] is True
    (await job.api.mutate(becomes, "invoice { id }", invoiceId=invoice["id"])).done("invoice")
    assert (await due(world, invoice["id"]))["overdue"] is False
    assert not await overdue(job)


async def test_a_day_ends_when_it_ends_for_the_company(world: World) -> None:
    """A due date is over when it is over in the company's time zone, also after that has been changed (S57)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await set_due(world, invoice["id"], 1)
    for zone in ("Pacific/Kiritimati", "Pacific/Pago_Pago"):
        (await world.inspector.mutate("updateCompany", "company { id }", timeZone=zone)).done("company")
        row = await models.Invoice.get(id=key_of(invoice["id"]))
        assert row.due_on is not None
        assert row.overdue_from == datetime.combine(row.due_on + timedelta(days=1), datetime.min.time(), ZoneInfo(zone))
        assert [one async for one in reconcile_ledgers()] == []


async def test_time_alone_makes_it_overdue(world: World) -> None:
    """Nothing has to happen for an invoice to become overdue (S57)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    with moving_clock(world.servers.stripe) as moving:
        await moving.advance(timedelta(days=2))
        api = await world.signed_in("owner@lakeside.test")
        found = await api.read("query($id: ID!) { invoice(id: $id) { overdue } }", id=invoice["id"])
    assert found["invoice"]["overdue"] is True


async def test_document_and_mail_show_the_day(world: World) -> None:
    """Document, PDF and mail show the due date; a draft's is what it would be, were it sent now (S15, S57)."""
    await default_days(world, 14)
    job = await world.inspection()
    draft = await job.invoice("125.00")
    shown = long_date(await today(world) + timedelta(days=14))
    before = await invoice_document(key_of(draft["id"]))
    preview = await world.inspector.read(
        "query($id: ID!) { invoice(id: $id) { emailPreview { html text } } }", id=draft["id"]
    )
    assert shown in preview["invoice"]["emailPreview"]["html"]
    assert shown in preview["invoice"]["emailPreview"]["text"]
    (await job.api.mutate("sendInvoice", "invoice { id }", invoiceId=draft["id"])).done("invoice")
    await world.deliver_mails()
    assert await invoice_document(key_of(draft["id"])) == before
    assert f"Due {shown}" in as_html(before)
    (mail,) = await world.mails(job.email())
    assert f"Due date: {shown}" in mail["text"]
    assert shown in mail["html"]
    found = await world.inspector.read("query($id: ID!) { invoice(id: $id) { documentUrl } }", id=draft["id"])
    assert shown in (await world.http.get(found["invoice"]["documentUrl"])).text


async def test_moving_the_day_moves_the_reminders(world: World) -> None:
    """Reminders count from the due date: one that is put off puts them off too (S56)."""
    (await world.inspector.mutate("updateCompany", "company { id }", reminderDays=[3])).done("company")
    job = await world.inspection()
    invoice = await job.invoice("125.00", send=True)
    await world.deliver_mails()
    row = await models.Invoice.get(id=key_of(invoice["id"]))
    assert row.remind_at is not None
    await set_due(world, invoice["id"], 10)
    moved = await models.Invoice.get(id=key_of(invoice["id"]))
    assert moved.remind_at is not None
    assert timedelta(days=9, hours=22) < moved.remind_at - row.remind_at < timedelta(days=10, hours=2)


async def test_a_day_that_makes_no_sense_is_refused(world: World) -> None:
    """Due dates and default days that make no sense, and invoices on which nothing is due, are refused (S57)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    for due_on in ("1926-01-01", "2100-01-01"):
        answer = await refused(world, job.api, "updateInvoiceDueDate", invoiceId=invoice["id"], dueOn=due_on)
        assert (answer.code, answer.field) == ("INVALID_INPUT", "dueOn")
    (await job.api.mutate("voidInvoice", "invoice { id }", invoiceId=invoice["id"])).done("invoice")
    soon = await in_days(world, 1)
    answer = await refused(world, job.api, "updateInvoiceDueDate", invoiceId=invoice["id"], dueOn=soon)
    assert (answer.code, answer.field) == ("INVOICE_NOT_OPEN", "invoiceId")
    for days in (-1, 366):
        answer = await refused(world, world.inspector, "updateCompany", defaultDueDays=days)
        assert (answer.code, answer.field) == ("INVALID_INPUT", "defaultDueDays")


@pytest.mark.parametrize("text", ["2026-13-01", "2026-1-1", "20260101", "2026-01-01T00:00:00Z", "", 20260101])
async def test_a_date_is_a_day(world: World, text: object) -> None:
    """A Date is a day and nothing else (S57)."""
    query = "mutation($input: UpdateInvoiceDueDateInput!) { updateInvoiceDueDate(input: $input) { invoice { id } } }"
    answer = await world.inspector.run(query, input={"invoiceId": "x", "dueOn": text})
    assert answer.codes == ["MALFORMED_OPERATION"]
