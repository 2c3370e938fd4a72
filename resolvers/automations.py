"""Answers about automations."""

from typing import Final

from graphql_server.reads import Many
from operations.messages import automations
from operations.messages.base_automations import RECIPIENTS
from resolvers.context import Context
from resolvers.keys import optional_row_id
from resolvers.results import MutationResult, given
from rules.automations import TRIGGERS
from rules.identifiers import id_of
from schema.inputs.automations import DeleteAutomationInput, SaveAutomationInput


def _built_in() -> str:
    """What is declared, as rows: a trigger with its place in the list, and what its automation is by itself."""
    declared = [
        (
            trigger.value,
            str(place),
            one.built_in.name,
            one.built_in.subject,
            one.built_in.message,
            one.built_in.link.value,
        )
        for place, (trigger, one) in enumerate(TRIGGERS.items())
    ]
    rows = ", ".join(f"({', '.join(map(_literal, row))})" for row in declared)
    columns = "trigger, place, name, subject, message, link"
    return f"(values {rows}) declared({columns})"


def _literal(text: str) -> str:
    """A literal of SQL, in which braces stand for themselves."""
    return "'" + text.replace("'", "''").replace("{", "{{").replace("}", "}}") + "'"


# As operations.messages.base_automations.unchanged makes it: a UUID of version 3, out of the MD5 of what it is for.
_HASH = "md5(uuid_send(company.id) || convert_to('automation:' || declared.trigger, 'UTF8'))"
_VARIANT = f"translate(substr({_HASH}, 17, 1), '0123456789abcdef', '89ab89ab89ab89ab')"
_ID = f"overlay(overlay({_HASH} placing '3' from 13) placing {_VARIANT} from 17)::uuid"
_RECIPIENTS = "'[" + ", ".join(f'"{role}"' for role in RECIPIENTS) + "]'::jsonb"

ROWS: Final = f"""(
    select rule.id, rule.company_id, rule.tier, rule.trigger, rule.enabled,
           case when rule.tier = 'BASE' then declared.name else rule.name end as name,
           case when rule.tier = 'BASE' then declared.link else rule.link end as link,
           coalesce(rule.recipients, {_RECIPIENTS}) as recipients,
           coalesce(rule.subject, declared.subject) as subject,
           coalesce(rule.message, declared.message) as message,
           case when rule.tier = 'BASE' then declared.place::int else {len(TRIGGERS)} end as place
      from automations rule join {_built_in()} on declared.trigger = rule.trigger
     where rule.deleted_at is null
     union all
    select {_ID}, company.id, 'BASE', declared.trigger, false, declared.name, declared.link,
           {_RECIPIENTS}, declared.subject, declared.message, declared.place::int
      from companies company cross join {_built_in()}
     where not exists (
        select from automations rule
         where rule.company_id = company.id and rule.trigger = declared.trigger and rule.tier = 'BASE'
           and rule.deleted_at is null))
"""  # noqa: S608 - constants of this module
"""The automations of each company: those that are stored, and the built-in ones that it never changed."""

AUTOMATIONS: Final = Many(("place", "id"))
"""The company's automations, the built-in ones first."""


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
