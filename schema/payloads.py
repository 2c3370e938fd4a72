"""What mutations answer: the row they changed, what they tell only once, and why they refused."""

from collections.abc import Callable
from datetime import datetime

import strawberry

from graphql_server.access import allow, public
from resolvers.payments import CHECKOUT_URL
from resolvers.results import MutationResult, read_back
from rules.limits import ACCESS_TOKEN_LIFE, minutes
from schema.automations import Automation
from schema.base_types import CLIENT, INSPECTOR, PAYER
from schema.catalogue import Service
from schema.companies import Company, User
from schema.declarations import payload
from schema.emails import Email
from schema.grants import Grant
from schema.inputs.declare import ID
from schema.inspections import Agreement, Inspection, LineItem
from schema.invoices import Invoice
from schema.payments import Payment, Refund
from schema.people import InspectionPerson, Person


def extras(name: str) -> Callable[[MutationResult], object]:
    """Answers with what the mutation adds under that name."""

    def resolve(root: strawberry.Parent[MutationResult]) -> object:
        return root.extras.get(name)

    return resolve


@strawberry.type(description="The two tokens that a signed-in frontend holds.")
class SessionTokens:
    access_token: str = public(description=f"Sent as `Authorization: Bearer …`; good for {minutes(ACCESS_TOKEN_LIFE)}.")
    refresh_token: str = public(description="The token for one refreshSession; keep only the newest.")
    expires_at: datetime = public(description="The time at which the access token ends.")


@strawberry.type(description="What an authenticator app has to be told, once, to become a second factor.")
class SecondFactorSetup:
    secret: str = public(description="The secret in base32, to be typed into the app.")
    uri: str = public(description="The same as an otpauth address, for a QR code.")


_second_factor_setup = public(
    graphql_type=SecondFactorSetup | None,
    resolver=extras("enrolment"),
    description="The second factor to set up first, where the company demands one: sign in again with its code.",
)


_recovery_codes = public(
    graphql_type=list[str] | None,
    resolver=extras("recovery_codes"),
    description="Codes that replace the app, each once: told only now, when a second factor was set up.",
)


_session = public(
    graphql_type=SessionTokens | None,
    resolver=extras("session"),
    description="The tokens of the new session; null when refused.",
)


SessionPayload = payload(
    "SessionPayload", session=_session, second_factor_setup=_second_factor_setup, recovery_codes=_recovery_codes
)


SignOutPayload = payload(
    "SignOutPayload",
    signed_out=allow(
        INSPECTOR, graphql_type=bool | None, resolver=extras("signed_out"), description="True when the session ended."
    ),
)


EndSessionPayload = payload(
    "EndSessionPayload",
    ended_session_id=allow(
        INSPECTOR,
        graphql_type=ID | None,
        resolver=extras("ended_session_id"),
        description="The session that is no more; null when refused.",
    ),
)


InspectionPayload = payload("InspectionPayload", INSPECTOR, inspection=Inspection)


def _send_again(root: strawberry.Parent[MutationResult]) -> object:
    return root.extras.get("send_again", [])


PersonPayload = payload(
    "PersonPayload",
    INSPECTOR,
    person=Person,
    send_again=allow(
        INSPECTOR,
        graphql_type=list[strawberry.ID],
        resolver=_send_again,
        description="The open invoices whose mailed links ended with the address before: call sendInvoice for each.",
    ),
)


InspectionPersonPayload = payload("InspectionPersonPayload", INSPECTOR, inspection_person=InspectionPerson)


LineItemPayload = payload("LineItemPayload", INSPECTOR, line_item=LineItem)


ServicePayload = payload("ServicePayload", INSPECTOR, service=Service)


InvoicePayload = payload("InvoicePayload", INSPECTOR, invoice=Invoice)


PaymentLinkPayload = payload(
    "PaymentLinkPayload",
    url=allow(
        INSPECTOR,
        graphql_type=str | None,
        resolver=extras("url"),
        description="The link, told only now; null when refused.",
    ),
)


PaymentPayload = payload("PaymentPayload", INSPECTOR, CLIENT, PAYER, payment=Payment)


StartPaymentPayload = payload(
    "StartPaymentPayload",
    CLIENT,
    PAYER,
    payment=Payment,
    checkout_url=allow(
        CLIENT,
        PAYER,
        graphql_type=str | None,
        shows=CHECKOUT_URL,
        resolver=read_back,
        description="The address of Stripe's checkout, to send the payer to; null when refused.",
    ),
)


RefundPayload = payload("RefundPayload", INSPECTOR, refund=Refund)


AgreementPayload = payload("AgreementPayload", CLIENT, agreement=Agreement)


GrantPayload = payload(
    "GrantPayload",
    INSPECTOR,
    CLIENT,
    grant=Grant,
    url=allow(
        INSPECTOR,
        CLIENT,
        graphql_type=str | None,
        resolver=extras("url"),
        description="A new link's address, told only now.",
    ),
)


CompanyPayload = payload("CompanyPayload", INSPECTOR, company=Company)


ConnectStripePayload = payload(
    "ConnectStripePayload",
    INSPECTOR,
    company=Company,
    onboarding_url=allow(
        INSPECTOR,
        graphql_type=str | None,
        resolver=extras("onboarding_url"),
        description="The address at Stripe to send the owner to; null when refused.",
    ),
)


RequestPasswordResetPayload = payload(
    "RequestPasswordResetPayload",
    requested=public(
        graphql_type=bool | None,
        resolver=extras("requested"),
        description="True, whether the address is known or not.",
    ),
)


UserPayload = payload("UserPayload", INSPECTOR, user=User)


EnableSecondFactorPayload = payload(
    "EnableSecondFactorPayload",
    second_factor_setup=allow(
        INSPECTOR,
        graphql_type=SecondFactorSetup | None,
        resolver=extras("enrolment"),
        description="What to tell the authenticator app, told only now; null when refused.",
    ),
)


ConfirmSecondFactorPayload = payload(
    "ConfirmSecondFactorPayload",
    INSPECTOR,
    user=User,
    recovery_codes=allow(
        INSPECTOR,
        graphql_type=list[str] | None,
        resolver=extras("recovery_codes"),
        description="Codes that replace the app, each once: told only now; null when refused.",
    ),
)


EmailPayload = payload("EmailPayload", INSPECTOR, email=Email)


AutomationPayload = payload("AutomationPayload", INSPECTOR, automation=Automation)


DeleteAutomationPayload = payload(
    "DeleteAutomationPayload",
    deleted_automation_id=allow(
        INSPECTOR,
        graphql_type=ID | None,
        resolver=extras("deleted_automation_id"),
        description="The id that is no more; null when refused.",
    ),
)
