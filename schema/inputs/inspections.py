"""What mutations of inspections take."""

from datetime import datetime

import strawberry

import models
from rules.limits import PROPERTY_ADDRESS_LENGTH_MAX
from schema.inputs.declare import ID, given, optional
from schema.inputs.line_items import LineItemInput
from schema.inputs.people import InspectionPersonInput


@strawberry.input(description="A new inspection.")
class CreateInspectionInput:
    property_address: str = given(
        f"The address of the property to inspect; at most {PROPERTY_ADDRESS_LENGTH_MAX} characters."
    )
    scheduled_at: datetime = given("The time at which the inspection takes place.")
    inspector_id: ID | None = given("The staff member who inspects; the caller if left out.", default=None)
    people: list[InspectionPersonInput] = given("The People box, with at least one CLIENT; the first is billed.")
    line_items: list[LineItemInput] = given("The charges, in display order.", default_factory=list)
    agreement_body: str | None = given("The text of the agreement to sign, if there is one.", default=None)


@strawberry.input(description="Changes to an inspection; what is left out stays.")
class UpdateInspectionInput:
    inspection_id: ID = given("The inspection to change.")
    property_address: str | None = optional(
        "The address of the property. Invoices that were made before keep the old one."
    )
    scheduled_at: datetime | None = optional("The time at which the inspection takes place.")
    inspector_id: ID | None = optional("The staff member who inspects.")
    status: models.InspectionStatus | None = optional("SCHEDULED or COMPLETED; to cancel, use cancelInspection.")


@strawberry.input(description="Calls an inspection off.")
class CancelInspectionInput:
    inspection_id: ID = given("The inspection to cancel.")


@strawberry.input(description="Stops or resumes all automatic mails about an inspection.")
class SetNotificationsDisabledInput:
    inspection_id: ID = given("The inspection whose automatic mails are stopped or resumed.")
    disabled: bool = given("True stops automatic mails, false resumes them; what was held back is not sent later.")


@strawberry.input(description="Publishes an inspection's report.")
class PublishReportInput:
    inspection_id: ID = given("The inspection that the report is about.")
    url: str = given("The https address of the report. Publishing again replaces it.")


@strawberry.input(description="Shows a locked report to the client.")
class UnlockReportInput:
    inspection_id: ID = given("The inspection whose report is unlocked.")
