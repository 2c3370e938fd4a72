"""Automations as the inspector sees them."""

import strawberry

import models
from graphql_server.access import allow
from schema.base_types import INSPECTOR
from schema.nodes import Node, identity


@strawberry.type(description="A rule that mails people when something happens.")
class Automation(Node):
    id: strawberry.ID = identity(INSPECTOR)
    name: str = allow(
        INSPECTOR,
        description="The company's name for it; a built-in one's name is fixed.",
    )
    tier: models.AutomationTier = allow(INSPECTOR, description="BASE is built in, ADVANCED is the company's own.")
    trigger: models.AutomationTrigger = allow(INSPECTOR, description="The event that starts it.")
    enabled: bool = allow(INSPECTOR, description="Whether it is switched on.")
    recipients: list[str] = allow(
        INSPECTOR,
        description="The roles that are mailed: CLIENT, BUYERS_AGENT, LISTING_AGENT or names of additional ones.",
    )
    subject: str = allow(INSPECTOR, description="The mail's subject, with its placeholders.")
    message: str = allow(INSPECTOR, description="The mail's message, with its placeholders.")
    link: models.AutomationLink = allow(
        INSPECTOR,
        description="The page that the mail's link opens. In mails of BASE automations only clients get a link.",
    )
