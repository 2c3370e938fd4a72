"""Answers about companies and their staff."""

from operations.identity import companies
from operations.payments import stripe_accounts
from resolvers.context import Context
from resolvers.results import MutationResult, given
from rules.access import require_owner
from schema.inputs.companies import (
    ConnectStripeInput,
    CreateUserInput,
    DisconnectStripeInput,
    RefreshStripeConnectionInput,
    UpdateCompanyInput,
)


async def update_company(context: Context, input: UpdateCompanyInput) -> MutationResult:
    changes = companies.UpdateCompany(
        name=given(input.name),
        time_zone=given(input.time_zone),
        deferred_payments_enabled=given(input.deferred_payments_enabled),
        advanced_automations_enabled=given(input.advanced_automations_enabled),
        report_lock_enabled=given(input.report_lock_enabled),
        second_factor_required=given(input.second_factor_required),
        reminder_days=given(input.reminder_days),
        default_due_days=given(input.default_due_days),
        additional_roles=given(input.additional_roles),
    )
    return MutationResult(await companies.update_company(context.principal, changes))


async def connect_stripe(context: Context, input: ConnectStripeInput) -> MutationResult:
    dependencies = context.dependencies
    url = await stripe_accounts.connect_stripe(
        context.principal, another=input.another, stripe=dependencies.stripe, portal_url=dependencies.portals.staff_url
    )
    return MutationResult(context.principal.company_id, extras={"onboarding_url": url})


async def refresh_stripe_connection(context: Context, _: RefreshStripeConnectionInput) -> MutationResult:
    require_owner(context.principal)
    await stripe_accounts.refresh_stripe_connection(context.principal.company_id, stripe=context.dependencies.stripe)
    return MutationResult(context.principal.company_id)


async def disconnect_stripe(context: Context, _: DisconnectStripeInput) -> MutationResult:
    return MutationResult(await stripe_accounts.disconnect_stripe(context.principal))


async def create_user(context: Context, input: CreateUserInput) -> MutationResult:
    user = companies.NewUser(name=input.name, email=input.email, password=input.password)
    return MutationResult(await companies.create_user(context.principal, companies.CreateUser(user, input.role)))
