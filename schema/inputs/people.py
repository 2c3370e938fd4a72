"""What mutations of people and People boxes take."""

import strawberry

from rules.limits import MESSAGE_LENGTH_MAX, NAME_LENGTH_MAX, SUBJECT_LENGTH_MAX
from rules.roles import PersonRole
from schema.inputs.declare import ID, given, optional


@strawberry.input(description="Somebody to put into a People box.")
class InspectionPersonInput:
    person_id: ID = given("The person to add.")
    role: PersonRole = given("Their role on this inspection.")
    role_name: str | None = given(
        "The name of the role when it is ADDITIONAL: one of the company's additional roles.", default=None
    )


@strawberry.input(description="A new person.")
class CreatePersonInput:
    name: str = given(f"Their name; at most {NAME_LENGTH_MAX} characters.")
    email: str | None = given("Their email address; without one nothing can be mailed to them.", default=None)
    phone: str | None = given("Their phone number.", default=None)


@strawberry.input(description="Changes to a person; what is left out stays.")
class UpdatePersonInput:
    person_id: ID = given("The person to change.")
    name: str | None = optional("Their name. Invoices that are not paid yet show the new one.")
    email: str | None = optional("Their email address; null removes it. Links that were mailed to the old address end.")
    phone: str | None = optional("Their phone number; null removes it.")


@strawberry.input(description="Puts somebody into a People box.")
class AddInspectionPersonInput:
    inspection_id: ID = given("The inspection whose People box they join.")
    person_id: ID = given("The person to add.")
    role: PersonRole = given("Their role on this inspection.")
    role_name: str | None = given(
        "The name of the role when it is ADDITIONAL: one of the company's additional roles.", default=None
    )


@strawberry.input(description="Takes somebody out of a People box.")
class RemoveInspectionPersonInput:
    inspection_person_id: ID = given("The entry to remove; nobody with a live invoice can be.")


@strawberry.input(description="Bills another client on the primary invoice.")
class SetPrimaryClientInput:
    inspection_id: ID = given("The inspection whose primary invoice bills another client.")
    inspection_person_id: ID = given("The CLIENT in its People box who is billed from now on.")


@strawberry.input(description="Writes to one person of a People box.")
class NotifyPersonInput:
    inspection_person_id: ID = given("The entry of the People box to write to.")
    subject: str = given(f"The mail's subject; at most {SUBJECT_LENGTH_MAX} characters.")
    message: str = given(f"The mail's message, as plain text; at most {MESSAGE_LENGTH_MAX} characters.")
