"""What mutations of automations take."""

import strawberry

import models
from rules.placeholders import ALWAYS, AMOUNT, spell
from schema.inputs.declare import ID, given, optional


@strawberry.input(description="Changes an automation, what is left out stays; or makes a new ADVANCED one.")
class SaveAutomationInput:
    automation_id: ID | None = given("The automation to change; null makes a new ADVANCED one.", default=None)
    name: str | None = optional("The company's name for it; needed for a new one. Fixed for BASE ones.")
    trigger: models.AutomationTrigger | None = optional(
        "The event that starts it; needed for a new one. Fixed for BASE ones."
    )
    enabled: bool | None = optional("Whether it is switched on; a new one is, unless this says otherwise.")
    recipients: list[str] | None = optional(
        "Roles: CLIENT, BUYERS_AGENT, LISTING_AGENT and, for ADVANCED ones, names of the company's additional roles."
        " Needed for a new one."
    )
    subject: str | None = optional(
        f"The mail's subject; needed for a new one. It may hold {', '.join(map(spell, ALWAYS))} and,"
        f" where money is what it waits for, {spell(AMOUNT)}."
    )
    message: str | None = optional("The mail's message, with the same placeholders; needed for a new one.")
    link: models.AutomationLink | None = optional(
        "The page that the mail's link opens; NONE if left out of a new one. Fixed for BASE ones."
    )


@strawberry.input(description="Deletes an ADVANCED automation.")
class DeleteAutomationInput:
    automation_id: ID = given("The ADVANCED automation to delete.")
