"""Answers about signing in."""

from operations.identity import sessions, staff
from operations.identity.sign_in import Credentials, account_name
from operations.identity.sign_in import sign_in as start_session
from resolvers.context import Context
from resolvers.results import MutationResult, UserError
from rules.errors import ErrorCode
from rules.identifiers import id_of
from schema.inputs.sessions import (
    ChangePasswordInput,
    EndSessionInput,
    RefreshSessionInput,
    SignInInput,
    SignOutInput,
)

SET_UP_FIRST = UserError(
    ErrorCode.SECOND_FACTOR_SETUP_REQUIRED,
    "Your company demands a second factor: set up the one in secondFactorSetup, and sign in with its code too.",
    ["code"],
)


async def sign_in(context: Context, input: SignInInput) -> MutationResult:
    account, dependencies = account_name(input.email), context.dependencies
    given = Credentials(account, input.password, code=input.code, user_agent=context.user_agent)
    async with dependencies.guard_sign_in(account=account, address=context.address):
        signed = await start_session(given, secret=dependencies.secret, cipher=dependencies.cipher)
    told: dict[str, object] = {
        "session": signed.session,
        "enrolment": signed.enrolment,
        "recovery_codes": signed.recovery_codes or None,
    }
    return MutationResult(extras=told, user_errors=() if signed.session else (SET_UP_FIRST,))


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
    async with context.guard_own_secrets():
        key = await staff.change_password(context.principal, input.current_password, input.new_password)
    return MutationResult(key)
