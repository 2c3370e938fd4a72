"""Answers about telling people: notices, reports and automations."""

from typing import Any

import strawberry

import models
from models.visible import visible
from operations import automations, notices, reports
from resolvers.context import Context, Info
from resolvers.mutating import Changed
from rules.identifiers import id_of


async def all_automations(info: Info) -> Any:
    """The company's automations, the built-in ones first."""
    return await visible(models.Automation, info.context.caller).order_by("id")


async def notify_person(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_person_id, "InspectionPerson")
    email = await notices.notify_person(context.caller, key, subject=input.subject, message=input.message)
    await context.outside.nudge("send_emails", None)
    return Changed(email)


async def publish_report(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_id, "Inspection")
    await reports.publish_report(context.caller, key, url=input.url)
    await context.outside.nudge("run_automations", None)
    return Changed(key)


async def unlock_report(context: Context, input: Any) -> Changed:
    key = id_of(input.inspection_id, "Inspection")
    return Changed(await reports.unlock_report(context.caller, key))


async def save_automation(context: Context, input: Any) -> Changed:
    changes = {name: value for name, value in vars(input).items() if value not in (None, strawberry.UNSET)}
    given = changes.pop("automation_id", None)
    key = id_of(given, "Automation") if given is not None else None
    return Changed(await automations.save_automation(context.caller, key, changes))


async def delete_automation(context: Context, input: Any) -> Changed:
    key = id_of(input.automation_id, "Automation")
    await automations.delete_automation(context.caller, key)
    return Changed(told={"deleted_automation_id": input.automation_id})
