"""Mutations of companies."""

import strawberry

import resolvers.brandings
import resolvers.companies as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.brandings import UpdateBrandingInput
from schema.inputs.companies import (
    ConnectStripeInput,
    CreateUserInput,
    DisconnectStripeInput,
    RefreshStripeConnectionInput,
    UpdateCompanyInput,
)
from schema.payloads import CompanyPayload, ConnectStripePayload, UserPayload


@strawberry.type(description="Mutations of companies.")
class CompaniesMutations:
    update_company = mutation(
        resolve.update_company,
        INSPECTOR,
        takes=UpdateCompanyInput,
        returns=CompanyPayload,
        description="Change the company's settings; for its owner.",
    )
    update_branding = mutation(
        resolvers.brandings.update_branding,
        INSPECTOR,
        takes=UpdateBrandingInput,
        returns=CompanyPayload,
        description="Change how the company presents itself on documents, in mails and on pages; for its owner.",
    )
    connect_stripe = mutation(
        resolve.connect_stripe,
        INSPECTOR,
        takes=ConnectStripeInput,
        returns=ConnectStripePayload,
        description="Begin, or go on, connecting a Stripe account; for the owner. One that was disconnected, or that"
        " Stripe shows us again, is taken up again; where Stripe no longer shows it, a new one is begun.",
    )
    disconnect_stripe = mutation(
        resolve.disconnect_stripe,
        INSPECTOR,
        takes=DisconnectStripeInput,
        returns=CompanyPayload,
        description="Stop taking payments on the company's Stripe account; for the owner. Checkouts that are open can"
        " be paid until they end, and what they bring is booked; past payments can still be refunded.",
    )
    refresh_stripe_connection = mutation(
        resolve.refresh_stripe_connection,
        INSPECTOR,
        takes=RefreshStripeConnectionInput,
        returns=CompanyPayload,
        description="Ask Stripe whether the account can charge now; for the owner.",
    )
    create_user = mutation(
        resolve.create_user,
        INSPECTOR,
        takes=CreateUserInput,
        returns=UserPayload,
        description="Add a staff member; for the owner.",
    )
