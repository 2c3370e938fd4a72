"""Answers about telling people: notices, reports and automations."""

from typing import Any

import strawberry

from models import Automation, AutomationLink
from operations import automations, base_automations, notices, reports
from resolvers.context import Context, Info
from resolvers.mutating import Changed
from rules.identifiers import id_of


async def all_automations(info: Info) -> Any:
    """The company's automations, the built-in ones first."""
    return await automations.automations_of(info.context.caller)


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


def automation_name(root: strawberry.Parent[Automation]) -> str:
    return base_automations.name_of(root)


def automation_recipients(root: strawberry.Parent[Automation]) -> list[str]:
    return base_automations.recipients_of(root)


def automation_subject(root: strawberry.Parent[Automation]) -> str:
    return base_automations.subject_of(root)


def automation_message(root: strawberry.Parent[Automation]) -> str:
    return base_automations.message_of(root)


def automation_link(root: strawberry.Parent[Automation]) -> AutomationLink:
    return base_automations.link_of(root)
