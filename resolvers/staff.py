"""Answers about staff."""

from contextlib import AbstractAsyncContextManager

from operations.identity import second_factors, staff
from resolvers.context import Context
from resolvers.results import MutationResult, given
from rules.errors import Refusal
from rules.identifiers import id_of
from schema.inputs.staff import (
    ConfirmSecondFactorInput,
    DeactivateUserInput,
    DisableSecondFactorInput,
    EnableSecondFactorInput,
    ReactivateUserInput,
    UpdateUserInput,
)


async def update_user(context: Context, input: UpdateUserInput) -> MutationResult:
    changes = staff.UpdateUser(id_of(input.user_id, "User"), name=given(input.name), role=given(input.role))
    return MutationResult(await staff.update_user(context.principal, changes))


async def deactivate_user(context: Context, input: DeactivateUserInput) -> MutationResult:
    return MutationResult(await staff.deactivate_user(context.principal, id_of(input.user_id, "User")))


async def reactivate_user(context: Context, input: ReactivateUserInput) -> MutationResult:
    return MutationResult(await staff.reactivate_user(context.principal, id_of(input.user_id, "User")))


async def enable_second_factor(context: Context, input: EnableSecondFactorInput) -> MutationResult:
    async with _guard(context):
        enrolment = await second_factors.enable_second_factor(
            context.principal, input.password, cipher=context.dependencies.cipher
        )
    return MutationResult(extras={"enrolment": enrolment})


async def confirm_second_factor(context: Context, input: ConfirmSecondFactorInput) -> MutationResult:
    async with _guard(context):
        codes = await second_factors.confirm_second_factor(
            context.principal, input.code, cipher=context.dependencies.cipher
        )
    return MutationResult(context.principal.user_id, extras={"recovery_codes": codes})


async def disable_second_factor(context: Context, input: DisableSecondFactorInput) -> MutationResult:
    if (input.code is None) == (input.user_id is None):
        raise Refusal("Give code to turn yours off, or userId to turn off somebody's who lost it.", field=("code",))
    if input.user_id is not None:
        key = id_of(input.user_id, "User")
        return MutationResult(await second_factors.reset_second_factor(context.principal, key))
    async with _guard(context):
        key = await second_factors.disable_second_factor(
            context.principal, input.code or "", cipher=context.dependencies.cipher
        )
    return MutationResult(key)


def _guard(context: Context) -> AbstractAsyncContextManager[None]:
    """Wrong passwords and codes of somebody who is signed in are limited as those of signing in are."""
    return context.dependencies.guard_sign_in(account=str(context.principal.user_id), address=context.address)
