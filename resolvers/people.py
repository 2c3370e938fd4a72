"""Answers about people."""

from operations.inspections import people, people_box, primary_clients
from operations.inspections.checks import NewPerson
from operations.messages import notices
from resolvers.context import Context
from resolvers.results import MutationResult, given_or_removed
from rules.identifiers import global_id, id_of
from rules.notices import links_ended
from schema.inputs.people import (
    AddInspectionPersonInput,
    CreatePersonInput,
    InspectionPersonInput,
    NotifyPersonInput,
    RemoveInspectionPersonInput,
    SetPrimaryClientInput,
    UpdatePersonInput,
)


def new_person(input: InspectionPersonInput | AddInspectionPersonInput) -> NewPerson:
    """Whom to put into a People box."""
    key = id_of(input.person_id, "Person")
    return NewPerson(person_id=key, role=input.role, role_name=input.role_name)


async def create_person(context: Context, input: CreatePersonInput) -> MutationResult:
    new = people.CreatePerson(name=input.name, email=input.email, phone=input.phone)
    return MutationResult(await people.create_person(context.principal, new))


async def update_person(context: Context, input: UpdatePersonInput) -> MutationResult:
    key = id_of(input.person_id, "Person")
    changes = people.UpdatePerson(
        key,
        name=given_or_removed(input.name),
        email=given_or_removed(input.email),
        phone=given_or_removed(input.phone),
    )
    ended = await people.update_person(context.principal, changes)
    if not ended.addresses:
        return MutationResult(key)
    numbers = [invoice.number for invoice in ended.invoices]
    notice = links_ended(ended.addresses, invoice_numbers=numbers, portals=ended.portals)
    again = [global_id("Invoice", invoice.id) for invoice in ended.invoices]
    return MutationResult(key, extras={"send_again": again}, notices=(notice,))


async def add_inspection_person(context: Context, input: AddInspectionPersonInput) -> MutationResult:
    command = people_box.AddInspectionPerson(id_of(input.inspection_id, "Inspection"), new_person(input))
    return MutationResult(await people_box.add_inspection_person(context.principal, command))


async def remove_inspection_person(context: Context, input: RemoveInspectionPersonInput) -> MutationResult:
    key = id_of(input.inspection_person_id, "InspectionPerson")
    return MutationResult(await people_box.remove_inspection_person(context.principal, key))


async def set_primary_client(context: Context, input: SetPrimaryClientInput) -> MutationResult:
    command = primary_clients.SetPrimaryClient(
        inspection_id=id_of(input.inspection_id, "Inspection"),
        inspection_person_id=id_of(input.inspection_person_id, "InspectionPerson"),
    )
    primary_notices = await primary_clients.set_primary_client(
        context.principal, command, stripe=context.dependencies.stripe
    )
    return MutationResult(command.inspection_id, notices=primary_notices)


async def notify_person(context: Context, input: NotifyPersonInput) -> MutationResult:
    command = notices.NotifyPerson(
        inspection_person_id=id_of(input.inspection_person_id, "InspectionPerson"),
        subject=input.subject,
        message=input.message,
    )
    email = await notices.notify_person(context.principal, command)
    await context.dependencies.enqueue("send_emails")
    return MutationResult(email)
