"""Answers about the catalogue of services."""

from operations.inspections import catalogue
from resolvers.context import Context
from resolvers.results import MutationResult, given
from rules.identifiers import id_of
from schema.inputs.catalogue import CreateServiceInput, UpdateServiceInput


async def create_service(context: Context, input: CreateServiceInput) -> MutationResult:
    new = catalogue.CreateService(input.name, input.amount, description=input.description, kind=input.kind)
    return MutationResult(await catalogue.create_service(context.principal, new))


async def update_service(context: Context, input: UpdateServiceInput) -> MutationResult:
    changes = catalogue.UpdateService(
        id_of(input.service_id, "Service"),
        name=given(input.name),
        description=given(input.description),
        amount=given(input.amount),
        active=given(input.active),
    )
    return MutationResult(await catalogue.update_service(context.principal, changes))
