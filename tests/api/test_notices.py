"""Notices by hand, and reports: what inspectors tell people themselves."""

from typing import Any

import pytest

import models
from tests.api.expectations import forbidden, refused
from tests.world import World

BOX = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"))


async def with_attorney(world: World) -> tuple[Any, str]:
    """A job with somebody in an additional role; the job and their People box entry."""
    (await world.inspector.mutate("updateCompany", additionalRoles=["Attorney"])).done("userErrors")
    job = await world.inspection()
    given = {"inspectionId": job.id, "personId": await world.person("Anna Attorney"), "role": "ADDITIONAL"}
    added = await job.api.mutate(
        "addInspectionPerson", "inspectionPerson { id person { email } }", roleName="Attorney", **given
    )
    entry = added.done("inspectionPerson")
    job.created["people"].append({**entry, "role": "ADDITIONAL"})
    return job, str(entry["id"])


async def test_an_additional_person_is_notified_by_hand(world: World) -> None:
    """An inspector can write to an additional person by hand (S32, S35)."""
    job, entry = await with_attorney(world)
    sent = await job.api.mutate(
        "notifyPerson",
        "email { kind to subject status }",
        inspectionPersonId=entry,
        subject="Closing moved",
        message="To <b>Friday</b>,\nat nine.",
    )
    address = job.email("ADDITIONAL")
    assert sent.done("email") == {
        "kind": "NOTICE",
        "to": address,
        "subject": "Closing moved",
        "status": "QUEUED",
    }
    assert await world.deliver_mails() == 1
    (mail,) = await world.mails()
    assert mail["recipients"] == [address]
    assert "To &lt;b&gt;Friday&lt;/b&gt;,<br>" in mail["html"].replace("\r\n", "\n")
    assert "<b>" not in mail["html"]
    assert mail["text"].replace("\r\n", "\n").startswith("To <b>Friday</b>,\nat nine.\n")
    assert "http" not in mail["text"]
    assert await models.Grant.all().count() == 0


async def test_a_notice_goes_out_while_notifications_are_disabled(world: World) -> None:
    """What an inspector writes by hand goes out while notifications are disabled (S35, S44)."""
    job, entry = await with_attorney(world)
    await job.api.mutate("setNotificationsDisabled", inspectionId=job.id, disabled=True)
    sent = await job.api.mutate("notifyPerson", "email { id }", inspectionPersonId=entry, subject="A", message="B")
    sent.done("email")
    assert await world.deliver_mails() == 1


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"subject": "Two\nlines"}, "subject"),
        ({"subject": " "}, "subject"),
        ({"subject": "x" * 201}, "subject"),
        ({"message": ""}, "message"),
        ({"message": "bell\x07"}, "message"),
    ],
)
async def test_a_notice_that_can_not_be_mailed_is_refused(world: World, given: dict[str, str], field: str) -> None:
    """A message that cannot be mailed is refused, naming the field (S35)."""
    job = await world.inspection()
    known = {"inspectionPersonId": job.entry(), "subject": "Subject", "message": "Message"}
    assert (await refused(world, job.api, "notifyPerson", **{**known, **given})).field == field


async def test_a_notice_needs_somebody_of_ours_with_an_address(world: World) -> None:
    """Only somebody of the company's own who has an address can be written to (S35)."""
    job = await world.inspection()
    known = {"subject": "Subject", "message": "Message"}
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    assert (await refused(world, stranger, "notifyPerson", inspectionPersonId=job.entry(), **known)).code == "NOT_FOUND"
    (await job.api.mutate("updatePerson", personId=job.created["people"][1]["person"]["id"], email=None)).done(
        "userErrors"
    )
    answer = await refused(world, job.api, "notifyPerson", inspectionPersonId=job.entry(), **known)
    assert (answer.code, answer.field) == ("PERSON_HAS_NO_EMAIL", "inspectionPersonId")
    (await job.api.mutate("removeInspectionPerson", inspectionPersonId=job.entry())).done("userErrors")
    answer = await refused(world, job.api, "notifyPerson", inspectionPersonId=job.entry(), **known)
    assert answer.code == "NOT_FOUND"


async def test_a_client_sees_a_locked_report_once_it_is_paid_or_unlocked(world: World) -> None:
    """A client gets a locked report's address once the inspection is paid or it is unlocked (S26)."""
    (await world.inspector.mutate("updateCompany", reportLockEnabled=True)).done("userErrors")
    job = await world.inspection()
    client = await job.client_portal()
    show = "{ viewer { ... on ClientViewer { inspection { report { url locked } } } } }"
    assert (await client.read(show))["viewer"]["inspection"]["report"] is None
    for url in ("https://reports.test/1", "https://reports.test/2"):
        await job.api.mutate("publishReport", "inspection { report { url } }", inspectionId=job.id, url=url)
    assert (await job.read("report { url locked }"))["report"] == {"url": "https://reports.test/2", "locked": True}
    assert (await client.read(show))["viewer"]["inspection"]["report"] == {"url": None, "locked": True}
    (await job.api.mutate("unlockReport", "inspection { id }", inspectionId=job.id)).done("inspection")
    seen = (await client.read(show))["viewer"]["inspection"]["report"]
    assert seen == {"url": "https://reports.test/2", "locked": False}


@pytest.mark.parametrize(
    "url",
    [
        "http://reports.test/1",
        "javascript:alert(1)",
        "https://",
        "https://user:secret@reports.test/1",
        "https://reports.test/a b",
        'https://reports.test/"onclick',
        "https://reports.test:x/",
        "//reports.test/1",
        "https://[reports.test/1",
        "",
    ],
)
async def test_only_a_plain_https_address_is_published(world: World, url: str) -> None:
    """Only a plain https address can be published as a report (S26)."""
    job = await world.inspection()
    assert (await refused(world, job.api, "publishReport", inspectionId=job.id, url=url)).field == "url"


async def test_a_payer_may_tell_nobody_anything(world: World) -> None:
    """A payer can neither publish, unlock nor write anything (S19, S26)."""
    job = await world.inspection()
    payer = await job.payment_link((await job.invoice("125.00"))["id"])
    query = "mutation($id: ID!) { unlockReport(input: {inspectionId: $id}) { userErrors { code } } }"
    assert any("unlockReport" in message for message in await forbidden(world, payer, query, id=job.id))
