"""Answers about staff."""

from operations.identity import staff
from resolvers.context import Context
from resolvers.results import MutationResult, given
from rules.identifiers import id_of
from schema.inputs.staff import DeactivateUserInput, ReactivateUserInput, UpdateUserInput


async def update_user(context: Context, input: UpdateUserInput) -> MutationResult:
    changes = staff.UpdateUser(id_of(input.user_id, "User"), name=given(input.name), role=given(input.role))
    return MutationResult(await staff.update_user(context.principal, changes))


async def deactivate_user(context: Context, input: DeactivateUserInput) -> MutationResult:
    return MutationResult(await staff.deactivate_user(context.principal, id_of(input.user_id, "User")))


async def reactivate_user(context: Context, input: ReactivateUserInput) -> MutationResult:
    return MutationResult(await staff.reactivate_user(context.principal, id_of(input.user_id, "User")))
