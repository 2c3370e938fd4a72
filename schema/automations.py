"""Automations as the inspector sees them."""

import strawberry

import models
import resolvers.messaging as resolve
from schema.access import allow
from schema.enums import describe
from schema.relay import Node, identity
from schema.shown import INSPECTOR, Shown

describe(
    models.AutomationTier,
    "Where an automation comes from.",
    BASE="Built in, one for each trigger.",
    ADVANCED="The company's own.",
)
describe(
    models.AutomationTrigger,
    "What an automation waits for.",
    INSPECTION_SCHEDULED="An inspection was created.",
    FEE_ADDED="A charge was added to an inspection.",
    PAYMENT_RECEIVED="A payment settled, or was recorded by hand.",
    INSPECTION_PAID="Nothing of an inspection remains to be paid.",
    REPORT_PUBLISHED="An inspection's report was published.",
)
describe(
    models.AutomationLink,
    "What the link in an automation's mail opens.",
    NONE="There is none.",
    CLIENT_PORTAL="The client portal of the inspection.",
    REPORT="The report, in the client portal.",
)


@strawberry.type(description="A rule that mails people when something happens.")
class Automation(Shown, Node):
    id: strawberry.ID = identity(INSPECTOR)
    name: str = allow(INSPECTOR, resolver=resolve.automation_name, description="What the company calls it.")
    tier: models.AutomationTier = allow(INSPECTOR, description="Where it comes from.")
    trigger: models.AutomationTrigger = allow(INSPECTOR, description="What it waits for.")
    enabled: bool = allow(INSPECTOR, description="Whether it is switched on.")
    recipients: list[str] = allow(
        INSPECTOR,
        resolver=resolve.automation_recipients,
        description="Roles: CLIENT, BUYERS_AGENT, LISTING_AGENT or names of additional ones.",
    )
    subject: str = allow(
        INSPECTOR, resolver=resolve.automation_subject, description="The mail's subject, with its placeholders."
    )
    message: str = allow(
        INSPECTOR, resolver=resolve.automation_message, description="The mail's message, with its placeholders."
    )
    link: models.AutomationLink = allow(
        INSPECTOR,
        resolver=resolve.automation_link,
        description="What its link opens. In mails of BASE automations only clients get one.",
    )
