"""What mutations of companies, their staff and sign-ins ask of the operations."""

from typing import Any

from operations import companies, connecting
from operations import sign_ins as sessions
from resolvers.context import Context
from resolvers.mutating import Changed, given_fields


async def sign_in(context: Context, input: Any) -> Changed:
    account = sessions.account_name(input.email)
    async with context.outside.guard_sign_in(account=account, address=context.address):
        session = await sessions.sign_in(account, input.password, secret=context.outside.secret)
    return Changed(told={"session": session})


async def refresh_session(context: Context, input: Any) -> Changed:
    session = await sessions.refresh_session(input.refresh_token, secret=context.outside.secret)
    return Changed(told={"session": session})


async def sign_out(context: Context, _: Any) -> Changed:
    await sessions.sign_out(context.caller)
    return Changed(told={"signed_out": True})


async def update_company(context: Context, input: Any) -> Changed:
    changes = {name: value for name, value in given_fields(input).items() if value is not None}
    return Changed(await companies.update_company(context.caller, changes))


async def connect_stripe(context: Context, input: Any) -> Changed:
    outside = context.outside
    url = await connecting.connect_stripe(
        context.caller, another=input.another, stripe=outside.stripe, portal_url=outside.portals.staff_url
    )
    return Changed(context.caller.company_id, told={"onboarding_url": url})


async def refresh_stripe_connection(context: Context, _: Any) -> Changed:
    companies.require_owner(context.caller)
    await connecting.refresh_stripe_connection(context.caller.company_id, stripe=context.outside.stripe)
    return Changed(context.caller.company_id)


async def disconnect_stripe(context: Context, _: Any) -> Changed:
    return Changed(await connecting.disconnect_stripe(context.caller))


async def create_user(context: Context, input: Any) -> Changed:
    new = companies.NewUser(name=input.name, email=input.email, password=input.password)
    return Changed(await companies.create_user(context.caller, new, role=input.role))
