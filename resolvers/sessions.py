"""Answers about signing in."""

from operations.identity import sessions
from resolvers.context import Context
from resolvers.results import MutationResult
from schema.inputs.sessions import RefreshSessionInput, SignInInput, SignOutInput


async def sign_in(context: Context, input: SignInInput) -> MutationResult:
    account = sessions.account_name(input.email)
    async with context.dependencies.guard_sign_in(account=account, address=context.address):
        session = await sessions.sign_in(account, input.password, secret=context.dependencies.secret)
    return MutationResult(extras={"session": session})


async def refresh_session(context: Context, input: RefreshSessionInput) -> MutationResult:
    session = await sessions.refresh_session(input.refresh_token, secret=context.dependencies.secret)
    return MutationResult(extras={"session": session})


async def sign_out(context: Context, _: SignOutInput) -> MutationResult:
    await sessions.sign_out(context.principal)
    return MutationResult(extras={"signed_out": True})
