"""What automations wait for: a row for each trigger says what happened, what is told of it, and what is built in."""

from dataclasses import dataclass
from enum import StrEnum

from rules.placeholders import ALWAYS, AMOUNT


class AutomationTrigger(StrEnum):
    """What an automation waits for."""

    INSPECTION_SCHEDULED = "INSPECTION_SCHEDULED"
    FEE_ADDED = "FEE_ADDED"
    PAYMENT_RECEIVED = "PAYMENT_RECEIVED"
    INSPECTION_PAID = "INSPECTION_PAID"
    REPORT_PUBLISHED = "REPORT_PUBLISHED"


class AutomationLink(StrEnum):
    """What the link in an automation's mail opens."""

    NONE = "NONE"
    CLIENT_PORTAL = "CLIENT_PORTAL"
    REPORT = "REPORT"


class Topic(StrEnum):
    """What an event's mails tell of. Nothing is told of a charge or payment that was struck out in the meantime."""

    INSPECTION = "INSPECTION"
    LINE_ITEM = "LINE_ITEM"
    PAYMENT = "PAYMENT"


@dataclass(frozen=True, slots=True)
class BuiltIn:
    """The automation that is built in for a trigger. A company switches it on, and may change what its mails say."""

    name: str
    subject: str
    message: str
    link: AutomationLink = AutomationLink.CLIENT_PORTAL


@dataclass(frozen=True, slots=True)
class TriggerProperties:
    """What holds for every event of one trigger.

    `with_amount`: its mails may say {{amount}}, which is the topic's; of an inspection, what was paid for it.
    """

    description: str
    built_in: BuiltIn
    topic: Topic = Topic.INSPECTION
    with_amount: bool = False

    @property
    def placeholders(self) -> tuple[str, ...]:
        """What its mails may have filled in."""
        return (*ALWAYS, AMOUNT) if self.with_amount else ALWAYS


def _greeted(message: str) -> str:
    return f"Hello {{{{recipient_name}}}},\n\n{message}"


TRIGGERS: dict[AutomationTrigger, TriggerProperties] = {
    AutomationTrigger.INSPECTION_SCHEDULED: TriggerProperties(
        "An inspection was created.",
        BuiltIn(
            "Inspection scheduled",
            "Your inspection of {{property_address}}",
            _greeted(
                "your inspection of {{property_address}} is planned for {{inspection_date}}, with {{inspector_name}}."
            ),
        ),
    ),
    AutomationTrigger.FEE_ADDED: TriggerProperties(
        "A charge was added to an inspection.",
        BuiltIn(
            "Charge added",
            "A new charge for the inspection of {{property_address}}",
            _greeted("a charge of {{amount}} was added to the inspection of {{property_address}}."),
        ),
        topic=Topic.LINE_ITEM,
        with_amount=True,
    ),
    AutomationTrigger.PAYMENT_RECEIVED: TriggerProperties(
        "A payment settled, or was recorded by hand.",
        BuiltIn(
            "Payment received",
            "A payment for the inspection of {{property_address}}",
            _greeted("{{company_name}} received {{amount}} for the inspection of {{property_address}}."),
        ),
        topic=Topic.PAYMENT,
        with_amount=True,
    ),
    AutomationTrigger.INSPECTION_PAID: TriggerProperties(
        "Nothing of an inspection remains to be paid.",
        BuiltIn(
            "Inspection paid",
            "The inspection of {{property_address}} is paid",
            _greeted("nothing remains to be paid for the inspection of {{property_address}}. Thank you!"),
        ),
        with_amount=True,
    ),
    AutomationTrigger.REPORT_PUBLISHED: TriggerProperties(
        "An inspection's report was published.",
        BuiltIn(
            "Report published",
            "The report on {{property_address}}",
            _greeted("the report on {{property_address}} is ready."),
            AutomationLink.REPORT,
        ),
    ),
}
"""What is built in is switched off until a company says otherwise: nobody gets a mail nobody asked for."""
assert TRIGGERS.keys() == set(AutomationTrigger)
