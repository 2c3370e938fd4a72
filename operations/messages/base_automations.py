"""The built-in automations: declared in rules, so that every company has those that are added later too."""

from uuid import UUID, uuid3

from models import Automation, AutomationTier
from rules.automations import TRIGGERS, AutomationLink, AutomationTrigger, BuiltIn
from rules.roles import PersonRole

RECIPIENTS = (PersonRole.CLIENT.value,)
"""Whom built-in automations mail until a company says otherwise."""


def unchanged(company_id: UUID, trigger: AutomationTrigger) -> Automation:
    """The built-in automation of a company that never changed it: no row yet, but the id it will keep."""
    declared = TRIGGERS[trigger].built_in
    return Automation(
        id=uuid3(company_id, f"automation:{trigger}"),
        company_id=company_id,
        name=declared.name,
        tier=AutomationTier.BASE,
        trigger=trigger,
        enabled=False,
        link=declared.link,
    )


def unchanged_of(company_id: UUID, automation_id: UUID) -> Automation | None:
    """The company's built-in automation with that id, if there is one without a row of its own."""
    declared = (unchanged(company_id, trigger) for trigger in TRIGGERS)
    return next((automation for automation in declared if automation.id == automation_id), None)


def built_in(automation: Automation) -> BuiltIn:
    """What is declared for what the automation waits for."""
    return TRIGGERS[automation.trigger].built_in


def name_of(automation: Automation) -> str:
    """What it is called: a built-in one as it is declared today."""
    return built_in(automation).name if automation.tier is AutomationTier.BASE else automation.name


def link_of(automation: Automation) -> AutomationLink:
    """What the link in its mails opens."""
    return built_in(automation).link if automation.tier is AutomationTier.BASE else automation.link


def recipients_of(automation: Automation) -> list[str]:
    """The roles that it mails: the company's choice, or else those that are built in."""
    return list(RECIPIENTS) if automation.recipients is None else automation.recipients


def subject_of(automation: Automation) -> str:
    """Its mails' subject, with placeholders."""
    return built_in(automation).subject if automation.subject is None else automation.subject


def message_of(automation: Automation) -> str:
    """Its mails' message, with placeholders."""
    return built_in(automation).message if automation.message is None else automation.message
