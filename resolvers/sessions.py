"""Answers about signing in."""

from operations.identity import sessions, staff
from resolvers.context import Context
from resolvers.results import MutationResult
from rules.identifiers import id_of
from schema.inputs.sessions import (
    ChangePasswordInput,
    EndSessionInput,
    RefreshSessionInput,
    SignInInput,
    SignOutInput,
)


async def sign_in(context: Context, input: SignInInput) -> MutationResult:
    account = sessions.account_name(input.email)
    async with context.dependencies.guard_sign_in(account=account, address=context.address):
        session = await sessions.sign_in(
            account, input.password, user_agent=context.user_agent, secret=context.dependencies.secret
        )
    return MutationResult(extras={"session": session})


async def refresh_session(context: Context, input: RefreshSessionInput) -> MutationResult:
    session = await sessions.refresh_session(input.refresh_token, secret=context.dependencies.secret)
    return MutationResult(extras={"session": session})


async def sign_out(context: Context, _: SignOutInput) -> MutationResult:
    await sessions.sign_out(context.principal)
    return MutationResult(extras={"signed_out": True})


async def end_session(context: Context, input: EndSessionInput) -> MutationResult:
    await sessions.end_session(context.principal, id_of(input.session_id, "Session"))
    return MutationResult(extras={"ended_session_id": input.session_id})


async def change_password(context: Context, input: ChangePasswordInput) -> MutationResult:
    principal = context.principal
    async with context.dependencies.guard_sign_in(account=str(principal.user_id), address=context.address):
        key = await staff.change_password(principal, input.current_password, input.new_password)
    return MutationResult(key)
