"""The company, its staff and its Stripe account."""

from datetime import datetime

import strawberry

import models
from graphql_server.access import allow
from graphql_server.reads import MOMENT, Expression, Shape
from graphql_server.scalars import CurrencyCode
from resolvers import brandings
from resolvers.global_ids import global_id
from resolvers.relations import listed
from schema.base_types import CLIENT, INSPECTOR
from schema.brandings import Branding
from schema.nodes import Node, identity


@strawberry.type(description="The Stripe account on which a company takes payments online.")
class StripeAccount:
    stripe_status: models.StripeStatus = allow(
        INSPECTOR, name="status", description="Whether the account can take payments now."
    )
    stripe_account_id: str | None = allow(
        INSPECTOR, name="accountId", description="Stripe's id of the company's account."
    )
    stripe_reason: str | None = allow(
        INSPECTOR,
        name="reason",
        description="The reason why it can't take payments, in a sentence for people; null while it can.",
    )


@strawberry.type(description="One sign-in of a staff member, on one device.")
class Session:
    id: strawberry.ID = allow(INSPECTOR, shows=global_id("Session"), description="Its id, for endSession.")
    user_agent: str = allow(INSPECTOR, description="The browser or program, as it calls itself; may be empty.")
    created_at: datetime = allow(INSPECTOR, description="The time of signing in.")
    refreshed_at: datetime = allow(
        INSPECTOR,
        shows=Expression("coalesce({row.refreshed_at}, {row.created_at})", nullable=False, printer=MOMENT),
        description="The time at which it last got tokens.",
    )
    expires_at: datetime = allow(INSPECTOR, description="The time at which it ends, unless it gets new tokens before.")
    current: bool = allow(
        INSPECTOR,
        shows=Expression("{row.id} = caller.session_id", nullable=False),
        description="Whether it is the session that asks.",
    )


@strawberry.type(description="A staff member of a company.")
class User(Node):
    id: strawberry.ID = identity(INSPECTOR)
    name: str = allow(INSPECTOR, description="The staff member's name.")
    email: str = allow(INSPECTOR, description="The address they sign in with.")
    role: models.UserRole = allow(
        INSPECTOR,
        description="OWNER also changes the company's settings; INSPECTOR works with inspections and payments.",
    )
    active: bool = allow(
        INSPECTOR,
        shows=Expression("{row.deactivated_at} is null", nullable=False),
        description="Whether they have access; false once they were deactivated.",
    )
    second_factor: bool = allow(
        INSPECTOR,
        shows=Expression("{row.second_factor_at} is not null", nullable=False),
        description="Whether they sign in with a second factor.",
    )
    sessions: list[Session] = allow(
        INSPECTOR,
        shows=listed(models.SignIn, {"user_id": "id"}),
        description="The caller's own live sessions; of anybody else none are shown.",
    )


@strawberry.type(description="An inspection company. Nothing crosses companies.")
class Company(Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    name: str = allow(INSPECTOR, CLIENT, description="The company's name, as invoices and mails show it.")
    currency: CurrencyCode = allow(INSPECTOR, CLIENT, description="The one currency that the company bills in.")
    time_zone: str = allow(
        INSPECTOR, CLIENT, description="The IANA time zone that reports are dated in, such as America/New_York."
    )
    deferred_payments_enabled: bool = allow(
        INSPECTOR, description="Whether clients pay later; separate invoices are then refused."
    )
    advanced_automations_enabled: bool = allow(
        INSPECTOR, description="Whether the company may save and run ADVANCED automations."
    )
    report_lock_enabled: bool = allow(
        INSPECTOR, description="Whether clients see a report only once its inspection is paid."
    )
    second_factor_required: bool = allow(INSPECTOR, description="Whether all staff must sign in with a second factor.")
    reminder_days: list[int] = allow(
        INSPECTOR, description="Days after the due date on which an unpaid invoice is reminded."
    )
    default_due_days: int = allow(
        INSPECTOR, description="Days from an invoice's sending to its due date, unless a date is set for it."
    )
    additional_roles: list[str] = allow(
        INSPECTOR, description="The names of roles that the company added, such as Attorney."
    )
    users: list[User] = allow(INSPECTOR, description="The company's staff.")

    branding: Branding = allow(
        INSPECTOR,
        CLIENT,
        shows=brandings.OF_COMPANY,
        description="How the company presents itself on documents, in mails and on pages.",
    )
    stripe: StripeAccount = allow(
        INSPECTOR, shows=Shape(), description="The Stripe account on which the company takes payments online."
    )
