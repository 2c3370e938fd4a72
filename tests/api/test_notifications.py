"""Disabled notifications: nothing goes out by itself, and asking for it anyway is refused, not dropped."""

from models import Email
from tests.api.expectations import Refused, refused
from tests.world import Job, World

OFF = "All notifications are disabled on this inspection; turn them on to send."


async def disable(job: Job, *, disabled: bool = True) -> None:
    changed = await job.api.mutate(
        "setNotificationsDisabled", "inspection { notificationsDisabled }", inspectionId=job.id, disabled=disabled
    )
    assert changed.done("inspection") == {"notificationsDisabled": disabled}


async def test_client_hears_nothing_of_a_new_fee(world: World) -> None:
    """With notifications disabled, a new fee is mailed to nobody (S44)."""
    job = await world.inspection()
    await disable(job)
    added = await job.api.mutate(
        "addLineItem",
        "lineItem { id }",
        inspectionId=job.id,
        kind="FEE",
        description="Extra",
        amount="40.00",
        updateAgreements=False,
    )
    added.done("lineItem")
    await world.deliver_mails()
    assert await world.mails() == []
    assert await Email.all().count() == 0


async def test_sending_is_refused_while_notifications_are_off(world: World) -> None:
    """With notifications disabled, sending an invoice is refused, the first time and again (S45)."""
    job = await world.inspection()
    draft = await job.invoice("125.00")
    sent = await job.invoice("50.00", send=True)
    await world.deliver_mails()
    await disable(job)
    for invoice in (draft, sent):
        assert await refused(world, job.api, "sendInvoice", invoiceId=invoice["id"]) == Refused(
            "NOTIFICATIONS_DISABLED", OFF, "invoiceId"
        )
    assert len(await world.mails()) == 1


async def test_saving_a_draft_is_possible_while_notifications_are_off(world: World) -> None:
    """With notifications disabled, a draft can still be saved (S45, S11)."""
    job = await world.inspection()
    await disable(job)
    assert (await job.invoice("125.00"))["status"] == "DRAFT"
    assert await world.deliver_mails() == 0


async def test_what_was_refused_is_not_sent_when_notifications_are_on_again(world: World) -> None:
    """A sending that was refused does not happen by itself when notifications are enabled again (S46)."""
    job = await world.inspection()
    draft = await job.invoice("125.00")
    await disable(job)
    await refused(world, job.api, "sendInvoice", invoiceId=draft["id"])
    await disable(job, disabled=False)
    assert await world.deliver_mails() == 0
    assert await world.mails() == []
    (await job.api.mutate("sendInvoice", "invoice { id }", invoiceId=draft["id"])).done("invoice")
    assert await world.deliver_mails() == 1


async def test_another_inspection_is_not_silenced(world: World) -> None:
    """Disabling one inspection's notifications leaves another's mails alone (S44)."""
    job, other = await world.inspection(), await world.inspection()
    await disable(job)
    await other.invoice("125.00", send=True)
    assert await world.deliver_mails() == 1
