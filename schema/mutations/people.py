"""Mutations of people."""

import strawberry

import resolvers.people as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.people import (
    AddInspectionPersonInput,
    CreatePersonInput,
    NotifyPersonInput,
    RemoveInspectionPersonInput,
    SetPrimaryClientInput,
    UpdatePersonInput,
)
from schema.payloads import EmailPayload, InspectionPayload, InspectionPersonPayload, PersonPayload


@strawberry.type(description="Mutations of people.")
class PeopleMutations:
    create_person = mutation(
        resolve.create_person,
        INSPECTOR,
        takes=CreatePersonInput,
        returns=PersonPayload,
        description="Add a person to the company.",
    )
    update_person = mutation(
        resolve.update_person,
        INSPECTOR,
        takes=UpdatePersonInput,
        returns=PersonPayload,
        description="Change a person. A new name shows on their invoices that are not yet paid; mails, payments and"
        " paid invoices keep what they were made with.",
    )
    add_inspection_person = mutation(
        resolve.add_inspection_person,
        INSPECTOR,
        takes=AddInspectionPersonInput,
        returns=InspectionPersonPayload,
        description="Put somebody into a People box.",
    )
    remove_inspection_person = mutation(
        resolve.remove_inspection_person,
        INSPECTOR,
        takes=RemoveInspectionPersonInput,
        returns=InspectionPayload,
        description="Take somebody out of a People box; refused while an invoice of theirs is live.",
    )
    set_primary_client = mutation(
        resolve.set_primary_client,
        INSPECTOR,
        takes=SetPrimaryClientInput,
        returns=InspectionPayload,
        description="Bill another CLIENT of the People box on the primary invoice; refused once something of it is paid"
        " or under way. The one billed before stays in the box, with the links they have.",
    )
    notify_person = mutation(
        resolve.notify_person,
        INSPECTOR,
        takes=NotifyPersonInput,
        returns=EmailPayload,
        description="Mail one person of the People box, without a link. Somebody decided to send it, so it is not an"
        " automatic mail and goes out while notifications are disabled too.",
    )
