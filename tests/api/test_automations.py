"""Automations: who is mailed when, once, and what nobody is ever mailed."""

import asyncio
import contextvars
from typing import Any

import pytest
from tortoise.transactions import in_transaction

import models
from operations import automating
from operations.books import lock_inspection
from tests.api.expectations import refused
from tests.world import Api, Job, Json, Payload, World, key_of

BOX = (("Clara Client", "CLIENT"), ("Adam Agent", "BUYERS_AGENT"), ("Lisa Lister", "LISTING_AGENT"))
AUTOMATION = "automation { id name tier trigger enabled recipients subject message link }"
NEW = {
    "name": "Ours",
    "trigger": "FEE_ADDED",
    "recipients": ["CLIENT"],
    "subject": "{{company_name}}: {{amount}}",
    "message": "Dear {{recipient_name}}, {{ property_address }} costs {{amount}} more.",
}


async def advanced(world: World, *, roles: tuple[str, ...] = ()) -> None:
    given = {"advancedAutomationsEnabled": True, "additionalRoles": list(roles)}
    (await world.inspector.mutate("updateCompany", "company { id }", **given)).done("company")


async def save(api: Api, **given: Any) -> Payload:
    return await api.mutate("saveAutomation", AUTOMATION, **given)


async def base(world: World, trigger: str) -> Json:
    found = (await world.inspector.read("{ automations { id tier trigger enabled recipients link } }"))["automations"]
    return next(one for one in found if (one["tier"], one["trigger"]) == ("BASE", trigger))


async def switch_on(world: World, trigger: str, **changed: Any) -> Json:
    switched = await save(world.inspector, automationId=(await base(world, trigger))["id"], enabled=True, **changed)
    return dict(switched.done("automation"))


async def add_fee(job: Job, amount: str = "40.00", kind: str = "FEE") -> Json:
    given = {"inspectionId": job.id, "kind": kind, "description": "Radon", "updateAgreements": False}
    added = await job.api.mutate("addLineItem", "lineItem { id }", amount=amount, **given)
    return dict(added.done("lineItem"))


async def with_attorney(world: World) -> Job:
    job = await world.inspection(people=BOX)
    person = await world.person("Anna Attorney")
    given = {"inspectionId": job.id, "personId": person, "role": "ADDITIONAL", "roleName": "Attorney"}
    added = await job.api.mutate("addInspectionPerson", "inspectionPerson { id person { id email } }", **given)
    job.created["people"].append({**added.done("inspectionPerson"), "role": "ADDITIONAL"})
    return job


def links(world: World, mail: Json) -> list[str]:
    return [word for word in mail["text"].split() if word.startswith(world.settings.client_portal_url)]


async def test_every_company_has_one_base_automation_for_each_trigger_switched_off(world: World) -> None:
    """S34"""
    found = (await world.inspector.read("{ automations { tier trigger enabled recipients } }"))["automations"]
    assert [one["trigger"] for one in found] == list(models.AutomationTrigger)
    assert {(one["tier"], one["enabled"], *one["recipients"]) for one in found} == {("BASE", False, "CLIENT")}
    job = await world.inspection()
    await add_fee(job)
    await world.run_automations()
    assert await world.mails() == []
    assert await models.Email.all().count() == 0


async def test_a_base_automation_mails_the_roles_it_names_once(world: World) -> None:
    """S34"""
    await switch_on(world, "FEE_ADDED", recipients=["CLIENT", "LISTING_AGENT"], subject="{{amount}} more")
    job = await world.inspection(people=BOX)
    await add_fee(job)
    await add_fee(job, "-5.00", kind="DISCOUNT")
    await world.run_automations()
    await world.run_automations()
    mails = await world.mails()
    assert sorted(mail["recipients"][0] for mail in mails) == [job.email("CLIENT"), job.email("LISTING_AGENT")]
    assert {mail["subject"] for mail in mails} == {"$40.00 more"}


async def test_base_automations_open_the_portal_to_clients_alone(world: World) -> None:
    """S24, S26, S34"""
    await switch_on(world, "REPORT_PUBLISHED", recipients=["CLIENT", "BUYERS_AGENT"])
    job = await world.inspection(people=BOX)
    await job.api.mutate("publishReport", inspectionId=job.id, url="https://reports.test/1")
    await world.run_automations()
    (client,) = await world.mails(job.email("CLIENT"))
    (agent,) = await world.mails(job.email("BUYERS_AGENT"))
    assert len(links(world, client)) == 1
    assert "http" not in agent["text"]
    assert "href" not in agent["html"]
    assert await models.Grant.all().count() == 1


async def test_base_automations_refuse_additional_roles(world: World) -> None:
    """S34"""
    await advanced(world, roles=("Attorney",))
    one = await base(world, "FEE_ADDED")
    answer = await refused(
        world, world.inspector, "saveAutomation", automationId=one["id"], recipients=["CLIENT", "Attorney"]
    )
    assert (answer.code, answer.field) == ("ROLE_NOT_ALLOWED", "recipients")
    assert answer.message == (
        "recipients has Attorney, an additional role, which base automations can't mail:"
        " make an ADVANCED automation, or use notifyPerson."
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [({"name": "Mine"}, "name"), ({"trigger": "INSPECTION_PAID"}, "trigger"), ({"link": "NONE"}, "link")],
)
async def test_what_is_built_in_stays(world: World, given: dict[str, Any], field: str) -> None:
    """S34"""
    one = await base(world, "FEE_ADDED")
    assert (await refused(world, world.inspector, "saveAutomation", automationId=one["id"], **given)).field == field
    answer = await refused(world, world.inspector, "deleteAutomation", automationId=one["id"])
    assert answer.message == "A base automation can't be deleted; switch it off instead."


async def test_an_advanced_automation_opens_the_report_to_an_additional_role(world: World) -> None:
    """S24, S32, S33"""
    await advanced(world, roles=("Attorney",))
    given = {"trigger": "REPORT_PUBLISHED", "recipients": ["Attorney"], "link": "REPORT"}
    saved = (await save(world.inspector, **{**NEW, **given, "subject": "Report", "message": "Ready."})).done(
        "automation"
    )
    assert (saved["tier"], saved["recipients"], saved["enabled"]) == ("ADVANCED", ["Attorney"], True)
    job = await with_attorney(world)
    await job.api.mutate("publishReport", inspectionId=job.id, url="https://reports.test/1")
    await world.run_automations()
    (mail,) = await world.mails()
    assert mail["recipients"] == [job.email("ADDITIONAL")]
    (link,) = links(world, mail)
    seen = await world.bearer(link).read(
        "{ viewer { ... on ClientViewer { person { name } inspection { report { url } } } } }"
    )
    assert seen["viewer"] == {
        "person": {"name": "Anna Attorney"},
        "inspection": {"report": {"url": "https://reports.test/1"}},
    }
    (grant,) = (await job.read("grants { kind issuedBy personName }"))["grants"]
    assert grant == {"kind": "CLIENT_PORTAL", "issuedBy": "AUTOMATION", "personName": "Anna Attorney"}


async def test_advanced_automations_need_their_tier(world: World) -> None:
    """S33"""
    answer = await refused(world, world.inspector, "saveAutomation", **NEW)
    assert answer.code == "ADVANCED_AUTOMATIONS_REQUIRED"
    await advanced(world)
    saved = (await save(world.inspector, **NEW)).done("automation")
    await world.inspector.mutate("updateCompany", advancedAutomationsEnabled=False)
    answer = await refused(world, world.inspector, "saveAutomation", automationId=saved["id"], subject="Other")
    assert answer.code == "ADVANCED_AUTOMATIONS_REQUIRED"
    job = await world.inspection()
    await add_fee(job)
    await world.run_automations()
    assert await world.mails() == []
    deleted = await world.inspector.mutate("deleteAutomation", "deletedAutomationId", automationId=saved["id"])
    assert deleted.done("deletedAutomationId") == saved["id"]
    assert (await refused(world, world.inspector, "deleteAutomation", automationId=saved["id"])).code == "NOT_FOUND"


@pytest.mark.parametrize(
    ("given", "field"),
    [
        ({"recipients": []}, "recipients"),
        ({"recipients": ["Plumber"]}, "recipients"),
        ({"recipients": ["ADDITIONAL"]}, "recipients"),
        ({"subject": "{{client_email}}"}, "subject"),
        ({"subject": "Two\nlines"}, "subject"),
        ({"message": "{{ invoice.total }}"}, "message"),
        ({"message": "{{amount"}, "message"),
        ({"message": "{{amount}}", "trigger": "REPORT_PUBLISHED", "subject": "A"}, "message"),
        ({"name": ""}, "name"),
        ({"name": None}, "name"),
    ],
)
async def test_an_automation_that_could_not_work_is_refused(world: World, given: dict[str, Any], field: str) -> None:
    """S33"""
    await advanced(world)
    assert (await refused(world, world.inspector, "saveAutomation", **{**NEW, **given})).field == field


async def test_an_unknown_placeholder_is_named_with_those_that_there_are(world: World) -> None:
    """S33"""
    await advanced(world)
    answer = await refused(world, world.inspector, "saveAutomation", **{**NEW, "subject": "{{total}}"})
    assert answer.message.startswith("subject has {{total}}, which is not known here; use {{property_address}}, ")


async def test_automations_of_others_are_out_of_reach(world: World) -> None:
    """S33"""
    await advanced(world)
    saved = (await save(world.inspector, **NEW)).done("automation")
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    for mutation in ("saveAutomation", "deleteAutomation"):
        assert (await refused(world, stranger, mutation, automationId=saved["id"])).code == "NOT_FOUND"
    assert len((await stranger.read("{ automations { id } }"))["automations"]) == len(models.AutomationTrigger)


async def test_what_people_typed_is_escaped_and_filled_in_once(world: World) -> None:
    """S33"""
    await advanced(world)
    (await save(world.inspector, **{**NEW, "message": "<i>{{property_address}}</i>"})).done("automation")
    job = await world.inspection(propertyAddress="1 <script> {{amount}} Road")
    await add_fee(job)
    await world.run_automations()
    (mail,) = await world.mails()
    assert "&lt;i&gt;1 &lt;script&gt; {{amount}} Road&lt;/i&gt;" in mail["html"]
    assert "<script" not in mail["html"]


async def test_workers_side_by_side_mail_once(world: World) -> None:
    """S33"""
    await switch_on(world, "FEE_ADDED", recipients=["CLIENT", "BUYERS_AGENT"])
    job = await world.inspection()
    for _ in range(3):
        await add_fee(job)
    due = await automating.occurrences_due(limit=100)
    await asyncio.gather(*(automating.handle_occurrence(one) for one in due * 4))
    for one in due * 2:
        await automating.handle_occurrence(one)
    await world.run_automations()
    assert await models.Email.all().count() == 6
    assert await models.Occurrence.filter(handled_at=None).count() == 0


async def test_an_inspection_that_somebody_is_changing_waits_for_the_next_sweep(world: World) -> None:
    """S44"""
    await switch_on(world, "FEE_ADDED")
    job = await world.inspection()
    await add_fee(job)
    due = await automating.occurrences_due(limit=100)

    async def handle() -> None:
        for one in due:
            await automating.handle_occurrence(one)

    outside = contextvars.copy_context()  # A task begun in the transaction would join it.
    async with in_transaction():
        await lock_inspection(key_of(job.id))
        await asyncio.create_task(handle(), context=outside)
    assert await automating.occurrences_due(limit=100) == due
    await world.run_automations()
    assert len(await world.mails()) == 1


async def test_money_sets_automations_off_once_for_each_payment(world: World) -> None:
    """S33"""
    await switch_on(world, "PAYMENT_RECEIVED", subject="Received {{amount}}")
    await switch_on(world, "INSPECTION_PAID", subject="All paid")
    job = await world.inspection()
    client = await job.client_portal()
    invoice = await job.invoice("125.00")
    await job.paid(await job.payment_link(invoice["id"]), invoice["id"])
    await world.run_automations()
    await job.paid(client, job.primary_id)
    await world.poll()
    await world.hear_news()
    await world.run_automations()
    sent = models.Email.filter(kind="AUTOMATION").order_by("id")
    subjects: list[Any] = await sent.values_list("subject", flat=True)
    assert sorted(subjects) == ["All paid", "Received $125.00", "Received $325.00"]
    fee = await add_fee(job)
    await job.api.mutate("removeLineItem", lineItemId=fee["id"])
    await world.run_automations()
    assert await sent.count() == 3


async def test_a_fee_that_is_gone_is_not_told(world: World) -> None:
    """S33"""
    await switch_on(world, "FEE_ADDED")
    job = await world.inspection()
    fee = await add_fee(job)
    await job.api.mutate("removeLineItem", lineItemId=fee["id"])
    await world.run_automations()
    assert await world.mails() == []


async def test_more_links_in_an_hour_than_allowed_wait(world: World) -> None:
    """S33"""
    await switch_on(world, "FEE_ADDED")
    job = await world.inspection()
    for _ in range(5):
        await add_fee(job, "10.00")
    await world.run_automations()
    assert len(await world.mails()) == 3
    assert await models.Email.filter(status="QUEUED").count() == 2


@pytest.mark.parametrize("tier", ["off", "base", "advanced"])
async def test_invoice_mails_go_out_whatever_automations_do(world: World, tier: str) -> None:
    """S36, S38"""
    if tier != "off":
        for trigger in models.AutomationTrigger:
            await switch_on(world, trigger, recipients=["CLIENT", "BUYERS_AGENT", "LISTING_AGENT"])
    if tier == "advanced":
        await advanced(world)
        for link in ("CLIENT_PORTAL", "REPORT"):
            given = {"recipients": ["BUYERS_AGENT"], "link": link}
            (await save(world.inspector, **{**NEW, **given})).done("automation")
    job = await world.inspection(people=BOX)
    for _ in range(2):
        await add_fee(job)
    await world.run_automations()
    before = len(await world.mails())
    invoice = await job.invoice("125.00", send=True)
    await world.run_automations()
    mails = await world.mails()
    assert len(mails) == before + 1
    assert (mails[0]["recipients"], mails[0]["subject"]) == (
        [job.email()],
        f"Invoice {invoice['number']} from Lakeside Inspections",
    )
    assert world.settings.payment_portal_url in mails[0]["text"]
    assert world.settings.client_portal_url not in mails[0]["text"]
