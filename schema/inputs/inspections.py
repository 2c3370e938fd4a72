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
    property_address: str = given(f"What is inspected; at most {PROPERTY_ADDRESS_LENGTH_MAX} characters.")
    scheduled_at: datetime = given("When it takes place.")
    inspector_id: ID | None = given("Who inspects; the caller if left out.", default=None)
    people: list[InspectionPersonInput] = given("The People box, with at least one CLIENT; the first is billed.")
    line_items: list[LineItemInput] = given("The charges, in display order.", default_factory=list)
    agreement_body: str | None = given("The text of the agreement to sign, if there is one.", default=None)


@strawberry.input(description="Changes to an inspection; what is left out stays.")
class UpdateInspectionInput:
    inspection_id: ID = given("Which.")
    property_address: str | None = optional("What is inspected.")
    scheduled_at: datetime | None = optional("When it takes place.")
    inspector_id: ID | None = optional("Who inspects.")
    status: models.InspectionStatus | None = optional("SCHEDULED or COMPLETED.")


@strawberry.input(description="Calls an inspection off.")
class CancelInspectionInput:
    inspection_id: ID = given("Which.")


@strawberry.input(description="Stops or resumes all automatic mails about an inspection.")
class SetNotificationsDisabledInput:
    inspection_id: ID = given("Which.")
    disabled: bool = given("True stops them.")


@strawberry.input(description="Publishes an inspection's report.")
class PublishReportInput:
    inspection_id: ID = given("Of which inspection.")
    url: str = given("Where the report is; an https address. Publishing again changes it.")


@strawberry.input(description="Shows a locked report to the client.")
class UnlockReportInput:
    inspection_id: ID = given("Of which inspection.")
