"""Answers about staff."""

from operations.identity import second_factors, staff, staff_links
from resolvers.context import Context
from resolvers.results import MutationResult, given
from rules.errors import Refusal
from rules.identifiers import id_of
from rules.links import StaffLinkKind
from schema.inputs.staff import (
    AcceptInvitationInput,
    ConfirmSecondFactorInput,
    DeactivateUserInput,
    DisableSecondFactorInput,
    EnableSecondFactorInput,
    InviteUserInput,
    ReactivateUserInput,
    RequestPasswordResetInput,
    ResetPasswordInput,
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
    async with context.guard_own_secrets():
        enrolment = await second_factors.enable_second_factor(
            context.principal, input.password, cipher=context.dependencies.cipher
        )
    return MutationResult(extras={"enrolment": enrolment})


async def confirm_second_factor(context: Context, input: ConfirmSecondFactorInput) -> MutationResult:
    async with context.guard_own_secrets():
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
    async with context.guard_own_secrets():
        key = await second_factors.disable_second_factor(
            context.principal, input.code or "", cipher=context.dependencies.cipher
        )
    return MutationResult(key)


async def invite_user(context: Context, input: InviteUserInput) -> MutationResult:
    new = staff_links.InviteUser(input.name, input.email, input.role)
    key = await staff_links.invite_user(context.principal, new)
    await context.dependencies.enqueue("send_emails")
    return MutationResult(key)


async def request_password_reset(context: Context, input: RequestPasswordResetInput) -> MutationResult:
    await staff_links.request_password_reset(input.email)
    await context.dependencies.enqueue("send_emails")
    return MutationResult(extras={"requested": True})


async def accept_invitation(context: Context, input: AcceptInvitationInput) -> MutationResult:
    return await _choose_password(context, StaffLinkKind.INVITATION, input)


async def reset_password(context: Context, input: ResetPasswordInput) -> MutationResult:
    return await _choose_password(context, StaffLinkKind.PASSWORD_RESET, input)


async def _choose_password(
    context: Context, kind: StaffLinkKind, input: AcceptInvitationInput | ResetPasswordInput
) -> MutationResult:
    chosen = staff_links.ChoosePassword(input.token, input.password, user_agent=context.user_agent)
    session = await staff_links.choose_password(kind, chosen, secret=context.dependencies.secret)
    return MutationResult(extras={"session": session})
