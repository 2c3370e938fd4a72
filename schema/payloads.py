"""What mutations answer: the row they changed, what they tell only once, and why they refused."""

from datetime import datetime
from typing import Any

import strawberry

from resolvers.context import Info
from resolvers.mutating import Changed, changed_row
from schema.access import allow, public
from schema.companies import Company, User
from schema.emails import Email
from schema.grants import Grant
from schema.inspections import Agreement, Inspection, LineItem
from schema.invoices import Invoice
from schema.mutations import payload
from schema.payments import Payment, Refund
from schema.people import InspectionPerson, Person
from schema.shown import CLIENT, INSPECTOR, PAYER


def told(name: str) -> Any:
    """Answers with what the mutation tells under that name."""

    def resolve(root: strawberry.Parent[Changed]) -> Any:
        return root.told.get(name)

    return resolve


@strawberry.type(description="What a signed-in frontend holds.")
class Session:
    access_token: str = public(description="Sent as `Authorization: Bearer …`; good for 15 minutes.")
    refresh_token: str = public(description="Good for one refreshSession; keep only the newest.")
    expires_at: datetime = public(description="When the access token ends.")


_session = public(graphql_type=Session | None, resolver=told("session"), description="Null when refused.")

SessionPayload = payload("SessionPayload", session=_session)
SignOutPayload = payload(
    "SignOutPayload",
    signed_out=allow(
        INSPECTOR, graphql_type=bool | None, resolver=told("signed_out"), description="True when the session ended."
    ),
)
InspectionPayload = payload("InspectionPayload", INSPECTOR, inspection=Inspection)


def _send_again(root: strawberry.Parent[Changed]) -> Any:
    return root.told.get("send_again", [])


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
InvoicePayload = payload("InvoicePayload", INSPECTOR, invoice=Invoice)
PaymentLinkPayload = payload(
    "PaymentLinkPayload",
    url=allow(
        INSPECTOR,
        graphql_type=str | None,
        resolver=told("url"),
        description="The link, told only now; null when refused.",
    ),
)
PaymentPayload = payload("PaymentPayload", INSPECTOR, CLIENT, PAYER, payment=Payment)


async def _url_of_checkout(root: strawberry.Parent[Changed], info: Info) -> Any:
    payment = await changed_row(root, info, "Payment")
    return payment.checkout_url if payment else None


StartPaymentPayload = payload(
    "StartPaymentPayload",
    CLIENT,
    PAYER,
    payment=Payment,
    checkout_url=allow(
        CLIENT,
        PAYER,
        graphql_type=str | None,
        resolver=_url_of_checkout,
        statements=1,
        description="Where to pay; null when refused.",
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
        resolver=told("url"),
        description="A new link's address, told only now.",
    ),
)
CompanyPayload = payload("CompanyPayload", INSPECTOR, company=Company)
ConnectStripePayload = payload(
    "ConnectStripePayload",
    INSPECTOR,
    company=Company,
    onboarding_url=allow(
        INSPECTOR, graphql_type=str | None, resolver=told("onboarding_url"), description="Where to go on at Stripe."
    ),
)
UserPayload = payload("UserPayload", INSPECTOR, user=User)
EmailPayload = payload("EmailPayload", INSPECTOR, email=Email)
