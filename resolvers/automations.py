"""Answers about automations."""

import strawberry

from models import Automation, AutomationLink
from operations.messages import automations, base_automations
from resolvers.context import Context, Info
from resolvers.keys import optional_row_id
from resolvers.results import MutationResult, given
from rules.identifiers import id_of
from schema.inputs.automations import DeleteAutomationInput, SaveAutomationInput


async def all_automations(info: Info) -> list[Automation]:
    """The company's automations, the built-in ones first."""
    return await automations.automations_of(info.context.principal)


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


async def save_automation(context: Context, input: SaveAutomationInput) -> MutationResult:
    changes = automations.SaveAutomation(
        optional_row_id(input.automation_id, "Automation"),
        name=given(input.name),
        trigger=given(input.trigger),
        enabled=given(input.enabled),
        recipients=given(input.recipients),
        subject=given(input.subject),
        message=given(input.message),
        link=given(input.link),
    )
    return MutationResult(await automations.save_automation(context.principal, changes))


async def delete_automation(context: Context, input: DeleteAutomationInput) -> MutationResult:
    key = id_of(input.automation_id, "Automation")
    await automations.delete_automation(context.principal, key)
    return MutationResult(extras={"deleted_automation_id": input.automation_id})
