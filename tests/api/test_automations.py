"""Automations: who is mailed when, once, and what nobody is ever mailed."""

import asyncio
import contextvars
from datetime import timedelta
from importlib import import_module
from typing import Any
from uuid import UUID

import pytest
from structlog.testing import capture_logs
from tortoise import connections
from tortoise.transactions import in_transaction

import models
from operations.ledger.inspection_ledger import lock_inspection
from operations.messages import automation_runner
from rules import clock
from rules.identifiers import global_id, new_id
from rules.retry import EVENT_ATTEMPTS_MAX
from tests.api.expectations import nothing_changes, refusals, refused
from tests.world import Api, Job, Json, Payload, World, key_of
from workers import jobs

automations_migration = import_module("models.migrations.0008_automations")

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
    """Every company has one base automation for each trigger, and all are off at first (S34)."""
    found = (await world.inspector.read("{ automations { tier trigger enabled recipients } }"))["automations"]
    assert [one["trigger"] for one in found] == list(models.AutomationTrigger)
    assert {(one["tier"], one["enabled"], *one["recipients"]) for one in found} == {("BASE", False, "CLIENT")}
    job = await world.inspection()
    await add_fee(job)
    await world.run_automations()
    assert await world.mails() == []
    assert await models.Email.all().count() == 0


async def test_a_base_automation_mails_the_roles_it_names_once(world: World) -> None:
    """A base automation mails the roles it names, once for each event (S34)."""
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
    """Mails of base automations carry a portal link for clients and for nobody else (S24, S26, S34)."""
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
    """A base automation refuses an additional role and says what to do instead (S34)."""
    await advanced(world, roles=("Attorney",))
    one = await base(world, "FEE_ADDED")
    answer = await refused(
        world, world.inspector, "saveAutomation", automationId=one["id"], recipients=["CLIENT", "Attorney"]
    )
    assert (answer.code, answer.field) == ("ROLE_NOT_ALLOWED", "recipients.1")
    assert answer.message == (
        "recipients has Attorney, an additional role, which base automations can't mail:"
        " make an ADVANCED automation, or use notifyPerson."
    )


@pytest.mark.parametrize(
    ("given", "field"),
    [({"name": "Mine"}, "name"), ({"trigger": "INSPECTION_PAID"}, "trigger"), ({"link": "NONE"}, "link")],
)
async def test_what_is_built_in_stays(world: World, given: dict[str, Any], field: str) -> None:
    """What is built into a base automation can be neither changed nor deleted (S34)."""
    one = await base(world, "FEE_ADDED")
    assert (await refused(world, world.inspector, "saveAutomation", automationId=one["id"], **given)).field == field
    answer = await refused(world, world.inspector, "deleteAutomation", automationId=one["id"])
    assert answer.message == "A base automation can't be deleted; switch it off instead."


async def test_an_advanced_automation_opens_the_report_to_an_additional_role(world: World) -> None:
    """An advanced automation can send the report to an additional role (S24, S32, S33)."""
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
    """Without the advanced tier, advanced automations are neither saved nor run; they can still be deleted (S33)."""
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
        ({"recipients": ["Plumber"]}, "recipients.0"),
        ({"recipients": ["CLIENT", "ADDITIONAL"]}, "recipients.1"),
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
    """An automation that could not work is refused, naming the field (S33)."""
    await advanced(world)
    assert (await refused(world, world.inspector, "saveAutomation", **{**NEW, **given})).field == field


async def test_everything_wrong_with_an_automation_is_told_at_once(world: World) -> None:
    """All mistakes of one automation are told together, in the order of the input's fields (S33)."""
    await advanced(world)
    bad = {
        **NEW,
        "message": "{{total}}",
        "subject": "{{total}}",
        "recipients": ["Plumber", "CLIENT", "Cook"],
        "name": "",
    }
    found = await refusals(world, world.inspector, "saveAutomation", **bad)
    assert [one.field for one in found] == ["name", "recipients.0", "recipients.2", "subject", "message"]
    found = await refusals(world, world.inspector, "saveAutomation", enabled=True)
    assert [one.field for one in found] == ["name", "trigger", "recipients", "subject", "message"]
    given = {"automationId": (await base(world, "FEE_ADDED"))["id"], "link": "NONE", "name": "Mine"}
    found = await refusals(world, world.inspector, "saveAutomation", **given, subject="")
    assert [one.field for one in found] == ["name", "link"]


ALL = "{ automations { id name tier trigger enabled recipients subject message link } }"


async def test_what_is_built_in_later_reaches_companies_that_were_there_before(world: World) -> None:
    """Built-in automations are declared, not copied: no row is needed to see, name by id or switch one on (S34)."""
    await models.Automation.all().delete()  # As for a company founded before any of them was built in.
    async with nothing_changes(world):
        found = (await world.inspector.read(ALL))["automations"]
    assert [one["trigger"] for one in found] == list(models.AutomationTrigger)
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    for one in found:
        by_id = "query($id: ID!) { node(id: $id) { id ... on Automation { trigger subject } } }"
        seen = await world.inspector.read(by_id, id=one["id"])
        assert seen["node"] == {name: one[name] for name in ("id", "trigger", "subject")}
        assert (await stranger.run(by_id, id=one["id"])).codes == ["NOT_FOUND"]
        assert (await refused(world, stranger, "saveAutomation", automationId=one["id"])).code == "NOT_FOUND"
    ids = [one["id"] for one in found]
    many = await world.inspector.read("query($ids: [ID!]!) { nodes(ids: $ids) { id } }", ids=ids)
    assert many["nodes"] == [{"id": key} for key in ids]
    switched = await switch_on(world, "FEE_ADDED")
    assert (switched["id"], switched["enabled"]) == (found[1]["id"], True)
    assert (await world.inspector.read(ALL))["automations"] == [found[0], {**found[1], "enabled": True}, *found[2:]]
    seen = await world.inspector.read("query($id: ID!) { node(id: $id) { ... on Automation { enabled } } }", id=ids[1])
    assert seen["node"] == {"enabled": True}
    await add_fee(await world.inspection())
    await world.run_automations()
    assert len(await world.mails()) == 1


async def test_only_what_a_company_changed_is_kept_of_what_is_built_in(world: World) -> None:
    """Who switches one on follows its declared texts; who edits one keeps the edit; putting it back follows again."""
    declared = await switch_on(world, "FEE_ADDED")
    (row,) = await models.Automation.all()
    assert (row.recipients, row.subject, row.message) == (None, None, None)
    (await save(world.inspector, automationId=declared["id"], subject="Mine", recipients=["LISTING_AGENT"])).done(
        "automation"
    )
    await row.refresh_from_db()
    assert (row.recipients, row.subject, row.message) == (["LISTING_AGENT"], "Mine", None)
    back = {name: declared[name] for name in ("subject", "recipients")}
    saved = await save(world.inspector, automationId=declared["id"], **back, message=declared["message"], enabled=False)
    assert saved.done("automation") == {**declared, "enabled": False}
    await row.refresh_from_db()
    assert (row.recipients, row.subject, row.message) == (None, None, None)


async def test_migrated_companies_keep_their_ids_switches_and_edits(world: World) -> None:
    """The migration forgets copies of declared texts alone; what a company sees and mails stays as it was."""
    row: Json = {"company_id": world.company_key, "tier": "BASE", "name": "Copied", "link": "CLIENT_PORTAL"}
    for trigger, (subject, message) in automations_migration.WRITTEN.items():
        edited = trigger == "PAYMENT_RECEIVED"
        await models.Automation.create(
            **row,
            trigger=trigger,
            enabled=edited,
            recipients=["CLIENT", "BUYERS_AGENT"] if edited else ["CLIENT"],
            subject="Ours" if edited else subject,
            message=message,
        )
    before = (await world.inspector.read(ALL))["automations"]
    ids = {global_id("Automation", one.id) for one in await models.Automation.all()}
    await connections.get("default").execute_query(automations_migration.FOLLOW_THE_DECLARED)
    assert (await world.inspector.read(ALL))["automations"] == before
    assert {one["id"] for one in before} == ids
    kept = [one for one in await models.Automation.all() if (one.recipients, one.subject, one.message) != (None,) * 3]
    assert [(one.trigger, one.recipients, one.subject, one.message) for one in kept] == [
        ("PAYMENT_RECEIVED", ["CLIENT", "BUYERS_AGENT"], "Ours", None)
    ]
    await connections.get("default").execute_query(automations_migration.COPY_THE_DECLARED)
    assert await models.Automation.filter(message=None).count() == 0
    assert (await world.inspector.read(ALL))["automations"] == before


async def noted(job: Job, count: int) -> list[UUID]:
    """That many events that automations have yet to handle, the oldest there are."""
    made = [
        models.AutomationEvent(
            company_id=job.world.company_key,
            inspection_id=key_of(job.id),
            trigger=models.AutomationTrigger.INSPECTION_PAID,
            subject_id=new_id(),
            next_attempt_at=clock.now() - timedelta(days=1),
        )
        for _ in range(count)
    ]
    await models.AutomationEvent.bulk_create(made)
    return [one.id for one in made]


async def test_fifty_that_fail_do_not_keep_the_others_waiting(world: World, monkeypatch: pytest.MonkeyPatch) -> None:
    """What fails is put off and tried again later; what is behind it is mailed in the next sweep (S33)."""
    await switch_on(world, "FEE_ADDED")
    poisoned, job = await world.inspection(), await world.inspection()
    failing = await noted(poisoned, jobs.POLL_BATCH_MAX)
    await add_fee(job)
    mail = automation_runner._mail

    async def fail_for_some(inspection: models.Inspection, automation_event: models.AutomationEvent) -> None:
        if automation_event.id in failing:
            raise OverflowError("date value out of range")
        await mail(inspection, automation_event)

    monkeypatch.setattr(automation_runner, "_mail", fail_for_some)
    with capture_logs() as logs:
        for _ in range(3):
            await jobs._each(
                await automation_runner.claim_automation_events(limit=jobs.POLL_BATCH_MAX),
                automation_runner.run_automations_for,
            )
    assert [mail.to_address for mail in await models.Email.all()] == [job.email("CLIENT")]
    failed = {log["row_id"] for log in logs if log["event"] == "row_failed"}
    assert failed
    assert failed <= {str(one) for one in failing}
    assert await models.AutomationEvent.filter(handled_at=None, id__in=failing).count() == len(failing)


async def test_one_that_fails_is_tried_again_after_growing_delays_and_then_given_up(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Eight attempts over about a day, each later one in the log; what works at last is mailed once (S33)."""
    job = await world.inspection()
    (failing,) = await noted(job, 1)
    await models.AutomationEvent.exclude(id=failing).delete()
    moment, waits = clock.now(), []
    monkeypatch.setattr(clock, "now", lambda: moment)
    with capture_logs() as logs:
        for _ in range(EVENT_ATTEMPTS_MAX):
            assert await automation_runner.claim_automation_events(limit=10) == [failing]
            assert await automation_runner.claim_automation_events(limit=10) == [], "nobody else takes it meanwhile"
            row = await models.AutomationEvent.get(id=failing)
            if row.next_attempt_at is not None:
                waits.append(row.next_attempt_at - moment)
                moment = row.next_attempt_at
    assert waits == sorted(waits)
    assert waits[0] >= timedelta(seconds=60)
    assert timedelta(hours=23) < sum(waits, timedelta()) < timedelta(hours=27)
    tried = [log["attempt"] for log in logs if log["event"] == "automation_event.tried_again"]
    assert tried == list(range(2, EVENT_ATTEMPTS_MAX + 1))
    moment += timedelta(days=30)
    assert await automation_runner.claim_automation_events(limit=10) == []
    row = await models.AutomationEvent.get(id=failing)
    assert (row.handled_at, row.next_attempt_at, row.attempts) == (None, None, EVENT_ATTEMPTS_MAX)


async def test_an_unknown_placeholder_is_named_with_those_that_there_are(world: World) -> None:
    """An unknown placeholder is refused, with a list of the known ones (S33)."""
    await advanced(world)
    answer = await refused(world, world.inspector, "saveAutomation", **{**NEW, "subject": "{{total}}"})
    assert answer.message.startswith("subject has {{total}}, which is not known here; use {{property_address}}, ")


async def test_automations_of_others_are_out_of_reach(world: World) -> None:
    """Another company's automations can be neither read, changed nor deleted (S33)."""
    await advanced(world)
    saved = (await save(world.inspector, **NEW)).done("automation")
    _, stranger = await world.new_company("Hillside Inspections", "owner@hillside.test")
    for mutation in ("saveAutomation", "deleteAutomation"):
        assert (await refused(world, stranger, mutation, automationId=saved["id"])).code == "NOT_FOUND"
    assert len((await stranger.read("{ automations { id } }"))["automations"]) == len(models.AutomationTrigger)


async def test_what_people_typed_is_escaped_and_filled_in_once(world: World) -> None:
    """What people typed is escaped in mails, and placeholders are filled in once only (S33)."""
    await advanced(world)
    (await save(world.inspector, **{**NEW, "message": "<i>{{property_address}}</i>"})).done("automation")
    job = await world.inspection(propertyAddress="1 <script> {{amount}} Road")
    await add_fee(job)
    await world.run_automations()
    (mail,) = await world.mails()
    assert "&lt;i&gt;1 &lt;script&gt; {{amount}} Road&lt;/i&gt;" in mail["html"]
    assert "<script" not in mail["html"]


async def test_workers_side_by_side_mail_once(world: World) -> None:
    """Workers that handle the same event side by side mail it once (S33)."""
    await switch_on(world, "FEE_ADDED", recipients=["CLIENT", "BUYERS_AGENT"])
    job = await world.inspection()
    for _ in range(3):
        await add_fee(job)
    due = await automation_runner.claim_automation_events(limit=100)
    await asyncio.gather(*(automation_runner.run_automations_for(one) for one in due * 4))
    for one in due * 2:
        await automation_runner.run_automations_for(one)
    await world.run_automations()
    assert await models.Email.all().count() == 6
    assert await models.AutomationEvent.filter(handled_at=None).count() == 0


async def test_an_inspection_that_somebody_is_changing_waits_for_the_next_sweep(world: World) -> None:
    """An event of an inspection that is locked waits for the next sweep (S44)."""
    await switch_on(world, "FEE_ADDED")
    job = await world.inspection()
    await add_fee(job)
    due = await automation_runner.claim_automation_events(limit=100)

    async def handle() -> None:
        for one in due:
            await automation_runner.run_automations_for(one)

    outside = contextvars.copy_context()  # A task begun in the transaction would join it.
    async with in_transaction():
        await lock_inspection(key_of(job.id))
        await asyncio.create_task(handle(), context=outside)
    assert await models.AutomationEvent.filter(handled_at=None, attempts=0, id__in=due).count() == len(due)
    await world.run_automations()
    assert len(await world.mails()) == 1


async def test_money_sets_automations_off_once_for_each_payment(world: World) -> None:
    """A payment sets off its automations once, and being paid in full does so once (S33)."""
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
    """A fee that was removed before its automation ran is not mailed (S33)."""
    await switch_on(world, "FEE_ADDED")
    job = await world.inspection()
    fee = await add_fee(job)
    await job.api.mutate("removeLineItem", lineItemId=fee["id"])
    await world.run_automations()
    assert await world.mails() == []


async def test_more_links_in_an_hour_than_allowed_wait(world: World) -> None:
    """Mails with links beyond what an hour allows wait (S33)."""
    await switch_on(world, "FEE_ADDED")
    job = await world.inspection()
    for _ in range(5):
        await add_fee(job, "10.00")
    await world.run_automations()
    assert len(await world.mails()) == 3
    assert await models.Email.filter(status="QUEUED").count() == 2


@pytest.mark.parametrize("tier", ["off", "base", "advanced"])
async def test_invoice_mails_go_out_whatever_automations_do(world: World, tier: str) -> None:
    """An invoice's mail goes to its payer alone, whichever automations are on (S36, S38)."""
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
