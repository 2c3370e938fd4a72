"""Automations as the inspector sees them."""

import strawberry

import models
import resolvers.automations as resolve
from graphql_server.access import allow
from schema.base_types import INSPECTOR, ModelType
from schema.nodes import Node, identity


@strawberry.type(description="A rule that mails people when something happens.")
class Automation(ModelType, Node):
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
