"""The company, its staff and its Stripe account."""

import strawberry

import models
from graphql_server.access import allow
from graphql_server.scalars import CurrencyCode
from schema.base_types import CLIENT, INSPECTOR, ModelType
from schema.nodes import Node, identity


@strawberry.type(description="How a company takes payments online.")
class StripeAccount:
    stripe_status: models.StripeStatus = allow(INSPECTOR, name="status", description="Whether it can charge now.")
    stripe_account_id: str | None = allow(INSPECTOR, name="accountId", description="Stripe's id of its account.")
    stripe_reason: str | None = allow(
        INSPECTOR, name="reason", description="Why it can't charge, in a sentence for people; null while it can."
    )


@strawberry.type(description="A staff member of a company.")
class User(ModelType, Node):
    id: strawberry.ID = identity(INSPECTOR)
    name: str = allow(INSPECTOR, description="Their name.")
    email: str = allow(INSPECTOR, description="The address they sign in with.")
    role: models.UserRole = allow(INSPECTOR, description="What they may do.")


@strawberry.type(description="An inspection company. Nothing crosses companies.")
class Company(ModelType, Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    name: str = allow(INSPECTOR, CLIENT, description="Its name.")
    currency: CurrencyCode = allow(INSPECTOR, CLIENT, description="The one currency it bills in.")
    time_zone: str = allow(INSPECTOR, CLIENT, description="Its time zone, such as America/New_York.")
    deferred_payments_enabled: bool = allow(
        INSPECTOR, description="Deferred Payments: excludes separate invoices, and is excluded by them."
    )
    advanced_automations_enabled: bool = allow(INSPECTOR, description="Whether it may use advanced automations.")
    report_lock_enabled: bool = allow(INSPECTOR, description="Whether reports stay locked until they are paid.")
    reminder_days: list[int] = allow(
        INSPECTOR, description="Days after sending on which an unpaid invoice is reminded."
    )
    additional_roles: list[str] = allow(INSPECTOR, description="The names of its additional roles.")
    users: list[User] = allow(INSPECTOR, relation="users", description="Its staff.")

    @allow(INSPECTOR, description="How it takes payments online.")
    def stripe(self) -> StripeAccount:
        return self  # type: ignore[return-value]  # The same row in another shape.
