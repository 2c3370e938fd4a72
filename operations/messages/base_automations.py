"""The built-in automations: declared here, so that every company has those that are added later too."""

from dataclasses import dataclass
from uuid import UUID, uuid5

from models import Automation, AutomationLink, AutomationTier, AutomationTrigger
from rules.roles import PersonRole

RECIPIENTS = (PersonRole.CLIENT.value,)


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """One for each trigger. A company switches it on, and may change its recipients, subject and message."""

    name: str
    subject: str
    message: str
    link: AutomationLink = AutomationLink.CLIENT_PORTAL


def _draft(message: str) -> str:
    return f"Hello {{{{recipient_name}}}},\n\n{message}"


BUILT_IN: dict[AutomationTrigger, BuiltIn] = {
    AutomationTrigger.INSPECTION_SCHEDULED: BuiltIn(
        "Inspection scheduled",
        "Your inspection of {{property_address}}",
        _draft("your inspection of {{property_address}} is planned for {{inspection_date}}, with {{inspector_name}}."),
    ),
    AutomationTrigger.FEE_ADDED: BuiltIn(
        "Charge added",
        "A new charge for the inspection of {{property_address}}",
        _draft("a charge of {{amount}} was added to the inspection of {{property_address}}."),
    ),
    AutomationTrigger.PAYMENT_RECEIVED: BuiltIn(
        "Payment received",
        "A payment for the inspection of {{property_address}}",
        _draft("{{company_name}} received {{amount}} for the inspection of {{property_address}}."),
    ),
    AutomationTrigger.INSPECTION_PAID: BuiltIn(
        "Inspection paid",
        "The inspection of {{property_address}} is paid",
        _draft("nothing remains to be paid for the inspection of {{property_address}}. Thank you!"),
    ),
    AutomationTrigger.REPORT_PUBLISHED: BuiltIn(
        "Report published",
        "The report on {{property_address}}",
        _draft("the report on {{property_address}} is ready."),
        AutomationLink.REPORT,
    ),
}
"""What is built in for each trigger; all switched off until a company says so: nobody gets a mail nobody asked for."""
assert BUILT_IN.keys() == set(AutomationTrigger)


def unchanged(company_id: UUID, trigger: AutomationTrigger) -> Automation:
    """The built-in automation of a company that never changed it: no row yet, but the id it will keep."""
    return Automation(
        id=uuid5(company_id, f"automation:{trigger}"),
        company_id=company_id,
        name=BUILT_IN[trigger].name,
        tier=AutomationTier.BASE,
        trigger=trigger,
        enabled=False,
        link=BUILT_IN[trigger].link,
    )


def unchanged_of(company_id: UUID, automation_id: UUID) -> Automation | None:
    """The company's built-in automation with that id, if there is one without a row of its own."""
    built_in = (unchanged(company_id, trigger) for trigger in BUILT_IN)
    return next((automation for automation in built_in if automation.id == automation_id), None)


def name_of(automation: Automation) -> str:
    """What it is called: a built-in one as it is declared today."""
    return BUILT_IN[automation.trigger].name if automation.tier is AutomationTier.BASE else automation.name


def link_of(automation: Automation) -> AutomationLink:
    """What the link in its mails opens."""
    return BUILT_IN[automation.trigger].link if automation.tier is AutomationTier.BASE else automation.link


def recipients_of(automation: Automation) -> list[str]:
    """The roles that it mails: the company's choice, or else those that are built in."""
    return list(RECIPIENTS) if automation.recipients is None else automation.recipients


def subject_of(automation: Automation) -> str:
    """Its mails' subject, with placeholders."""
    return BUILT_IN[automation.trigger].subject if automation.subject is None else automation.subject


def message_of(automation: Automation) -> str:
    """Its mails' message, with placeholders."""
    return BUILT_IN[automation.trigger].message if automation.message is None else automation.message
