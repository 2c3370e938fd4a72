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
    name: str = allow(
        INSPECTOR,
        resolver=resolve.automation_name,
        description="The company's name for it; a built-in one's name is fixed.",
    )
    tier: models.AutomationTier = allow(INSPECTOR, description="BASE is built in, ADVANCED is the company's own.")
    trigger: models.AutomationTrigger = allow(INSPECTOR, description="The event that starts it.")
    enabled: bool = allow(INSPECTOR, description="Whether it is switched on.")
    recipients: list[str] = allow(
        INSPECTOR,
        resolver=resolve.automation_recipients,
        description="The roles that are mailed: CLIENT, BUYERS_AGENT, LISTING_AGENT or names of additional ones.",
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
        description="The page that the mail's link opens. In mails of BASE automations only clients get a link.",
    )
