"""Reminders: an unpaid invoice is asked for again on the days that the company set, each of them once."""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from tortoise import connections

import models
from operations.invoices import reminders
from rules import clock
from tests.api.expectations import refused
from tests.world import Job, Json, World, key_of


async def sent_invoice(job: Job, **given: Any) -> Json:
    invoice = await job.invoice("125.00", send=True, **given)
    await job.world.deliver_mails()
    return invoice


async def days_pass(days: float) -> None:
    """As if everything so far had happened that much earlier."""
    database = connections.get("default")
    for table, column in (("invoices", "sent_at"), ("invoices", "remind_at"), ("emails", "queued_at")):
        await database.execute_query(f"UPDATE {table} SET {column} = {column} - $1::interval", [timedelta(days=days)])
    await database.execute_query("UPDATE invoices SET due_on = due_on - $1::int", [int(days)])


async def reminded(world: World) -> int:
    """How many reminders went out so far."""
    await world.remind()
    return len([mail for mail in await world.mails() if mail["subject"].startswith("Reminder")])


async def test_an_unpaid_invoice_is_reminded_on_each_day_once(world: World) -> None:
    """An unpaid invoice's payer is reminded once on each of the set days (S38)."""
    job = await world.inspection()
    invoice = await sent_invoice(job)
    counts = []
    for _ in range(16):
        counts.append(await reminded(world))
        assert await reminded(world) == counts[-1]
        await days_pass(1)
    assert counts == [0] * 3 + [1] * 4 + [2] * 7 + [3] * 2
    mail = (await world.mails())[0]
    assert mail["recipients"] == [job.email()]
    assert mail["subject"] == f"Reminder: invoice {invoice['number']} from Lakeside Inspections"
    link = next(word for word in mail["text"].split() if word.startswith(world.settings.payment_portal_url))
    seen = await world.bearer(link).read("{ viewer { ... on PayerViewer { invoice { id } } } }")
    assert seen["viewer"]["invoice"]["id"] == invoice["id"]


async def test_after_an_outage_only_the_newest_reminder_is_sent(world: World) -> None:
    """After an outage only the newest of the missed reminders is sent (S38)."""
    await sent_invoice(await world.inspection())
    await days_pass(10)
    assert await reminded(world) == 1
    assert (await models.Email.get(kind="REMINDER")).sequence == 2
    await days_pass(5)
    assert await reminded(world) == 2


async def test_workers_side_by_side_remind_once(world: World) -> None:
    """Workers side by side send a reminder once (S38)."""
    await sent_invoice(await world.inspection())
    await days_pass(3)
    due = await reminders.invoices_to_remind(limit=10)
    await asyncio.gather(*(reminders.remind(one) for one in due * 5))
    assert await models.Email.filter(kind="REMINDER").count() == 1


@pytest.mark.parametrize("becomes", ["draft", "paid", "void", "processing", "disputed", "uncollectible", "muted"])
async def test_nobody_is_reminded_of_what_is_not_to_be_paid_now(world: World, becomes: str) -> None:
    """Nobody is reminded of what is not to be paid now (S38, S44)."""
    job = await world.inspection()
    if becomes == "draft":
        await job.invoice("125.00")
    else:
        invoice = await sent_invoice(job)
        await _become(job, invoice["id"], becomes)
    await days_pass(4)
    assert await reminders.invoices_to_remind(limit=10) == []
    for row in await models.Invoice.all():
        await reminders.remind(row.id)
    assert await models.Email.filter(kind="REMINDER").count() == 0


async def _become(job: Job, invoice_id: str, becomes: str) -> None:
    forms: dict[str, dict[str, str]] = {
        "paid": {},
        "processing": {"bank": "succeeds"},
        "disputed": {"card": "4000000000000259"},
    }
    if becomes in forms:
        await job.paid(await job.payment_link(invoice_id), invoice_id, **forms[becomes])
        await job.world.hear_news()
        return
    if becomes == "muted":
        await job.api.mutate("setNotificationsDisabled", inspectionId=job.id, disabled=True)
        return
    mutation = {"void": "voidInvoice", "uncollectible": "markInvoiceUncollectible"}[becomes]
    (await job.api.mutate(mutation, "invoice { id }", invoiceId=invoice_id)).done("invoice")


async def test_a_waiting_reminder_is_called_back_when_the_invoice_is_paid(world: World) -> None:
    """A waiting reminder is canceled when the invoice is paid (S38)."""
    job = await world.inspection()
    invoice = await sent_invoice(job)
    await days_pass(3)
    (due,) = await reminders.invoices_to_remind(limit=10)
    await reminders.remind(due)
    given = {"invoiceId": invoice["id"], "amount": "125.00", "method": "CASH"}
    (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    assert (await models.Email.get(kind="REMINDER")).status == "CANCELED"
    assert await reminded(world) == 0


async def test_three_links_in_an_hour_put_a_reminder_off(world: World) -> None:
    """A reminder above the limit on mails with a link is written and sent later, not lost (S38)."""
    job = await world.inspection()
    invoice = await sent_invoice(job)
    await days_pass(3)
    for number in range(3):
        await models.Email.create(**await _links_today(key_of(invoice["id"]), number))
    (due,) = await reminders.invoices_to_remind(limit=10)
    await reminders.remind(due)
    reminder = await models.Email.get(kind="REMINDER")
    assert reminder.status == "QUEUED"
    assert reminder.queued_at - clock.now() > timedelta(minutes=59)
    assert await reminded(world) == 0
    await models.Email.filter(kind="REMINDER").update(next_attempt_at=clock.now())
    assert await reminded(world) == 1


@pytest.mark.parametrize(
    ("sent_again_on", "expected"),
    [
        ([], [3, 7, 14]),
        ([1], [3, 7, 14]),
        ([3], [3, 7, 14]),
        ([5], [3, 7, 14]),
        ([10], [3, 7, 14]),
        ([20], [3, 7, 14]),
    ],
)
async def test_sending_again_changes_no_reminder(world: World, sent_again_on: list[int], expected: list[int]) -> None:
    """Reminders are counted from the due date, so sending again neither adds one nor takes one away (S56)."""
    job = await world.inspection()
    invoice = await sent_invoice(job)
    days, count = [], 0
    for day in range(36):
        if (now := await reminded(world)) > count:
            days.append(day)
            count = now
        if day in sent_again_on:
            (await job.api.mutate("sendInvoice", "invoice { id }", invoiceId=invoice["id"])).done("invoice")
            await world.deliver_mails()
        await days_pass(1)
    assert days == expected


async def _links_today(invoice_id: Any, number: int) -> dict[str, Any]:
    first = await models.Email.get(invoice_id=invoice_id, kind="INVOICE", sequence=1)
    same = (
        "company_id",
        "inspection_id",
        "invoice_id",
        "grant_id",
        "to_name",
        "to_address",
        "subject",
        "text",
        "html",
        "status",
    )
    columns = {name: getattr(first, name) for name in same}
    return {
        **columns,
        "kind": "INVOICE",
        "sequence": 10 + number,
        "message_id": f"<{number}@links.test>",
        "next_attempt_at": None,
    }


async def test_the_company_sets_the_days(world: World) -> None:
    """A company sets the days of its reminders, or none (S38)."""
    changed = await world.inspector.mutate("updateCompany", "company { reminderDays }", reminderDays=[1])
    assert changed.done("company") == {"reminderDays": [1]}
    await sent_invoice(await world.inspection())
    await days_pass(1)
    assert await reminded(world) == 1
    (await world.inspector.mutate("updateCompany", "company { reminderDays }", reminderDays=[])).done("company")
    await days_pass(30)
    assert await reminded(world) == 1


@pytest.mark.parametrize("days", [[0], [91], [3, 3], [7, 3], [1, 2, 3, 4, 5, 6], [-1]])
async def test_days_that_make_no_sense_are_refused(world: World, days: list[int]) -> None:
    """Reminder days that make no sense are refused (S38)."""
    answer = await refused(world, world.inspector, "updateCompany", reminderDays=days)
    assert (answer.code, answer.field) == ("INVALID_INPUT", "reminderDays")
