"""Notifications off: what was suppressed is gone, also when they are turned on again."""

import pytest

import models
from operations.invoices import reminders
from operations.messages import automation_runner
from tests.api.test_automations import add_fee, base, switch_on
from tests.api.test_reminders import days_pass, reminded, sent_invoice
from tests.world import Job, World


async def turn(job: Job, *, disabled: bool) -> None:
    given = {"inspectionId": job.id, "disabled": disabled}
    (await job.api.mutate("setNotificationsDisabled", "inspection { id }", **given)).done("inspection")


async def statuses(kind: str) -> list[str]:
    return [str(mail.status) for mail in await models.Email.filter(kind=kind).order_by("id")]


async def everything_automatic(world: World, job: Job) -> None:
    """A fee, money taken by hand and given back, all paid, the report."""
    await add_fee(job)
    given = {"invoiceId": job.primary_id, "amount": "490.00", "method": "CASH"}
    payment = (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    await job.api.mutate("refundPayment", "refund { id }", paymentId=payment["id"], amount="5.00")
    await job.api.mutate("publishReport", "inspection { id }", inspectionId=job.id, url="https://reports.test/1")


async def all_switched_on(world: World) -> None:
    for trigger in models.AutomationTrigger:
        await switch_on(world, trigger)


@pytest.mark.parametrize("swept", [True, False])
async def test_nothing_automatic_is_mailed_then_or_later(world: World, swept: bool) -> None:
    """With notifications disabled nothing automatic is mailed, nor when they are enabled again (S44, S46)."""
    job = await world.inspection()
    await all_switched_on(world)
    await turn(job, disabled=True)
    await everything_automatic(world, job)
    if swept:
        await world.run_automations()
    assert await models.Email.all().count() == 0
    await turn(job, disabled=False)
    await world.run_automations()
    await world.remind()
    assert await models.Email.all().count() == 0
    assert await world.mails() == []
    await add_fee(job)
    await world.run_automations()
    assert [mail["recipients"] for mail in await world.mails()] == [[job.email("CLIENT")]]


async def test_the_same_happenings_are_mailed_while_they_are_on(world: World) -> None:
    """With notifications enabled, the same events are all mailed (S44)."""
    await all_switched_on(world)
    job = await world.inspection()
    await everything_automatic(world, job)
    await world.run_automations()
    assert len(await statuses("AUTOMATION")) == len(models.AutomationTrigger)
    assert await statuses("RECEIPT") == ["ACCEPTED", "ACCEPTED"]


async def test_mails_already_queued_are_called_back(world: World) -> None:
    """Disabling notifications cancels automatic mails that are already queued (S44, S46)."""
    await switch_on(world, "FEE_ADDED")
    job = await world.inspection()
    await add_fee(job)
    for one in await automation_runner.claim_automation_events(limit=10):
        await automation_runner.run_automations_for(one)
    given = {"invoiceId": job.primary_id, "amount": "20.00", "method": "CASH"}
    (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    await add_fee(job)  # Still unhandled.
    await models.Email.filter(kind="RECEIPT").update(status="RETRY")
    await turn(job, disabled=True)
    assert (await statuses("AUTOMATION"), await statuses("RECEIPT")) == (["CANCELED"], ["CANCELED"])
    await turn(job, disabled=False)
    await world.run_automations()
    assert await world.mails() == []


async def test_a_mail_that_was_being_handed_over_is_not_tried_again(world: World) -> None:
    """An automatic mail that was being sent when notifications were disabled is not tried again (S44)."""
    job = await world.inspection()
    given = {"invoiceId": job.primary_id, "amount": "20.00", "method": "CASH"}
    (await job.api.mutate("recordPayment", "payment { id }", **given)).done("payment")
    await models.Email.all().update(status="SENDING")
    await turn(job, disabled=True)
    await models.Email.all().update(status="RETRY")
    await world.deliver_mails()
    assert await statuses("RECEIPT") == ["CANCELED"]
    assert await world.mails() == []


async def test_mails_that_people_asked_for_still_go_out(world: World) -> None:
    """Mails that people asked for before notifications were disabled still go out (S35, S44)."""
    job = await world.inspection()
    await job.invoice("125.00", send=True)
    given = {"inspectionPersonId": job.entry("CLIENT"), "subject": "A", "message": "B"}
    (await job.api.mutate("notifyPerson", "email { id }", **given)).done("email")
    await turn(job, disabled=True)
    assert await world.deliver_mails() == 2


async def test_sending_is_refused_and_the_invoice_stays_a_draft(world: World) -> None:
    """With notifications disabled, sending is refused and the invoice stays a draft (S45)."""
    job = await world.inspection()
    await turn(job, disabled=True)
    invoice = await job.invoice("125.00")
    answer = await job.api.mutate("sendInvoice", "invoice { id }", invoiceId=invoice["id"])
    assert answer.codes == ["NOTIFICATIONS_DISABLED"]
    assert (await models.Invoice.get(number=invoice["number"])).status == "DRAFT"


@pytest.mark.parametrize("queued", [False, True])
async def test_a_suppressed_reminder_is_never_sent_but_the_next_one_is(world: World, queued: bool) -> None:
    """A reminder that was suppressed is never sent, but the next one is (S44, S46)."""
    job = await world.inspection()
    await sent_invoice(job)
    if queued:
        await days_pass(3)
        (due,) = await reminders.invoices_to_remind(limit=10)
        await reminders.remind(due)
    await turn(job, disabled=True)
    if not queued:
        await days_pass(3)
    assert await reminded(world) == 0
    await turn(job, disabled=False)
    assert await reminded(world) == 0
    assert await statuses("REMINDER") == ["CANCELED"]
    await days_pass(4)
    assert await reminded(world) == 1


async def test_other_inspections_are_not_silenced(world: World) -> None:
    """Disabling one inspection's notifications leaves other inspections' automations running (S44)."""
    assert (await base(world, "FEE_ADDED"))["enabled"] is False
    await switch_on(world, "FEE_ADDED")
    silent, other = await world.inspection(), await world.inspection()
    for job in (silent, other):
        await add_fee(job)
    await turn(silent, disabled=True)
    await world.run_automations()
    assert [mail["recipients"] for mail in await world.mails()] == [[other.email("CLIENT")]]
