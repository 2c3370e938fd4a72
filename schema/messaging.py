"""Telling people: notices by hand, reports, and automations."""

import strawberry

import models
import resolvers.messaging as resolve
from schema.access import allow
from schema.automations import Automation
from schema.inputs import ID, given, optional
from schema.mutations import mutation, payload
from schema.payloads import EmailPayload, InspectionPayload, told
from schema.shown import INSPECTOR


@strawberry.input(description="Writes to one person of a People box.")
class NotifyPersonInput:
    inspection_person_id: ID = given("To whom: an entry of the People box.")
    subject: str = given("The mail's subject; at most 200 characters.")
    message: str = given("The mail's message, as plain text; at most 5000 characters.")


@strawberry.input(description="Publishes an inspection's report.")
class PublishReportInput:
    inspection_id: ID = given("Of which inspection.")
    url: str = given("Where the report is; an https address. Publishing again changes it.")


@strawberry.input(description="Shows a locked report to the client.")
class UnlockReportInput:
    inspection_id: ID = given("Of which inspection.")


@strawberry.input(description="Changes an automation, what is left out stays; or makes a new ADVANCED one.")
class SaveAutomationInput:
    automation_id: ID | None = given("Which; null makes a new ADVANCED one.", default=None)
    name: str | None = optional("What the company calls it; needed for a new one. Fixed for BASE ones.")
    trigger: models.AutomationTrigger | None = optional("What it waits for; needed for a new one. Fixed for BASE ones.")
    enabled: bool | None = optional("Whether it is switched on; a new one is, unless this says otherwise.")
    recipients: list[str] | None = optional(
        "Roles: CLIENT, BUYERS_AGENT, LISTING_AGENT and, for ADVANCED ones, names of the company's additional roles."
        " Needed for a new one."
    )
    subject: str | None = optional(
        "The mail's subject; needed for a new one. It may hold {{property_address}}, {{company_name}},"
        " {{recipient_name}}, {{inspection_number}}, {{inspection_date}}, {{inspector_name}} and, where money is what"
        " it waits for, {{amount}}."
    )
    message: str | None = optional("The mail's message, with the same placeholders; needed for a new one.")
    link: models.AutomationLink | None = optional("What its link opens; NONE for a new one. Fixed for BASE ones.")


@strawberry.input(description="Deletes an ADVANCED automation.")
class DeleteAutomationInput:
    automation_id: ID = given("Which.")


AutomationPayload = payload("AutomationPayload", INSPECTOR, automation=Automation)
DeleteAutomationPayload = payload(
    "DeleteAutomationPayload",
    deleted_automation_id=allow(
        INSPECTOR,
        graphql_type=ID | None,
        resolver=told("deleted_automation_id"),
        description="The id that is no more; null when refused.",
    ),
)


@strawberry.type(description="Telling people.")
class Messaging:
    notify_person = mutation(
        resolve.notify_person,
        INSPECTOR,
        takes=NotifyPersonInput,
        returns=EmailPayload,
        description="Mail one person of the People box, without a link. Somebody decided to send it, so it is not an"
        " automatic mail and goes out while notifications are disabled too.",
    )
    publish_report = mutation(
        resolve.publish_report,
        INSPECTOR,
        takes=PublishReportInput,
        returns=InspectionPayload,
        description="Publish the report, or move it. Automations that wait for it are set off once.",
    )
    unlock_report = mutation(
        resolve.unlock_report,
        INSPECTOR,
        takes=UnlockReportInput,
        returns=InspectionPayload,
        description="Show the report to the client although not everything is paid.",
    )
    save_automation = mutation(
        resolve.save_automation,
        INSPECTOR,
        takes=SaveAutomationInput,
        returns=AutomationPayload,
        description="Change an automation or make a new one. ADVANCED ones need advancedAutomationsEnabled.",
    )
    delete_automation = mutation(
        resolve.delete_automation,
        INSPECTOR,
        takes=DeleteAutomationInput,
        returns=DeleteAutomationPayload,
        description="Delete an ADVANCED automation; BASE ones can only be switched off.",
    )
