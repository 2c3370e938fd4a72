"""The root of reading: one field for each way in."""

from enum import StrEnum
from typing import Annotated

import strawberry
from tortoise.models import Model

import models
import resolvers.queries as resolve
from graphql_server.access import allow, public
from graphql_server.paging import After, Before, First, Last, Page, page_request
from resolvers import automations
from resolvers.context import Info
from rules.limits import NODES_MAX
from schema.automations import Automation
from schema.base_types import CLIENT, INSPECTOR, PAYER, ModelType
from schema.companies import Company, User
from schema.emails import EmailConnection
from schema.enums import describe
from schema.inputs.filters import EmailFilter, InspectionFilter, InvoiceFilter, PaymentFilter
from schema.inspections import Inspection, InspectionConnection
from schema.invoices import Invoice, InvoiceConnection
from schema.nodes import EVERY_SCOPE, Node
from schema.payments import PaymentConnection
from schema.people import Person, PersonConnection
from schema.reporting import Reporting

GlobalId = Annotated[strawberry.ID, strawberry.argument(description="The global id, as any id field gives it.")]
GlobalIds = Annotated[list[strawberry.ID], strawberry.argument(description=f"Their global ids; at most {NODES_MAX}.")]
Search = Annotated[str | None, strawberry.argument(description="Part of a name or email address.")]


@strawberry.type(description="A signed-in staff member.")
class InspectorViewer(ModelType):
    user: User = allow(INSPECTOR, resolver=resolve.viewer_user, statements=1, description="The staff member.")
    company: Company = allow(
        INSPECTOR, resolver=resolve.viewer_company, statements=1, description="The company they work for."
    )


@strawberry.type(description="Somebody in the client portal of one inspection.")
class ClientViewer(ModelType):
    person: Person | None = allow(
        CLIENT,
        resolver=resolve.viewer_person,
        statements=1,
        description="The person that the link was made for; null where it was made for an address.",
    )
    inspection: Inspection = allow(
        CLIENT, resolver=resolve.viewer_inspection, statements=1, description="The inspection that the link opens."
    )
    guest: bool = allow(
        CLIENT,
        resolver=resolve.viewer_guest,
        description="Whether the client let them in: they read and pay, but do not sign, share or revoke.",
    )


@strawberry.type(description="Somebody in the payment portal of one invoice.")
class PayerViewer(ModelType):
    invoice: Invoice = allow(
        PAYER, resolver=resolve.viewer_invoice, statements=1, description="The invoice that the link opens."
    )


Viewer = Annotated[
    InspectorViewer | ClientViewer | PayerViewer,
    strawberry.union("Viewer", description="The principal of the request, with what their scope opens."),
]


class InspectionOrder(StrEnum):
    """By when they take place."""

    SCHEDULED_AT_ASC = "SCHEDULED_AT_ASC"
    SCHEDULED_AT_DESC = "SCHEDULED_AT_DESC"


describe(
    InspectionOrder,
    "The order of a list of inspections.",
    SCHEDULED_AT_ASC="The earliest first.",
    SCHEDULED_AT_DESC="The latest first.",
)


ALL = strawberry.argument(description="The conditions that listed rows meet; all rows if left out.")


@strawberry.type(description="Reading.")
class Query(Reporting):
    viewer: Viewer | None = public(
        resolver=resolve.viewer, description="The principal of the request; null without a token."
    )
    automations: list[Automation] = allow(
        INSPECTOR,
        resolver=automations.all_automations,
        statements=1,
        description="The company's automations, the built-in ones first.",
    )

    @allow(*EVERY_SCOPE, statements=1, graphql_type=Node | None, description="Anything visible, by its global id.")
    async def node(self, info: Info, id: GlobalId) -> Model:
        return await resolve.node(info, id)

    @allow(
        *EVERY_SCOPE,
        statements=len(resolve.NODES),
        graphql_type=list[Node | None],
        description=f"Anything visible by global ids, at most {NODES_MAX}: in their order,"
        " and null where there is nothing.",
    )
    async def nodes(self, info: Info, ids: GlobalIds) -> list[Model | None]:
        return await resolve.nodes(info, ids)

    @allow(INSPECTOR, CLIENT, statements=1, graphql_type=Inspection | None, description="One inspection.")
    async def inspection(self, info: Info, id: GlobalId) -> models.Inspection:
        return await resolve.inspection(info, id)

    @allow(INSPECTOR, CLIENT, PAYER, statements=1, graphql_type=Invoice | None, description="One invoice.")
    async def invoice(self, info: Info, id: GlobalId) -> models.Invoice:
        return await resolve.invoice(info, id)

    @allow(INSPECTOR, statements=1, graphql_type=InspectionConnection, description="Inspections by date.")
    async def inspections(
        self,
        info: Info,
        filter: Annotated[InspectionFilter | None, ALL] = None,
        order_by: Annotated[
            InspectionOrder | None, strawberry.argument(description="The latest first, if left out.")
        ] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page[models.Inspection]:
        page = page_request(first=first, after=after, last=last, before=before)
        descending = order_by is not InspectionOrder.SCHEDULED_AT_ASC
        return await resolve.inspections(info, page, filter, descending=descending)

    @allow(INSPECTOR, statements=1, graphql_type=PersonConnection, description="The people the company knows, by name.")
    async def people(
        self,
        info: Info,
        search: Search = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page[models.Person]:
        page = page_request(first=first, after=after, last=last, before=before)
        return await resolve.people(info, page, search)

    @allow(INSPECTOR, statements=1, graphql_type=InvoiceConnection, description="Invoices, the newest first.")
    async def invoices(
        self,
        info: Info,
        filter: Annotated[InvoiceFilter | None, ALL] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page[models.Invoice]:
        page = page_request(first=first, after=after, last=last, before=before)
        return await resolve.invoices(info, page, filter)

    @allow(INSPECTOR, statements=1, graphql_type=PaymentConnection, description="Payments, the newest first.")
    async def payments(
        self,
        info: Info,
        filter: Annotated[PaymentFilter | None, ALL] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page[models.Payment]:
        page = page_request(first=first, after=after, last=last, before=before)
        return await resolve.payments(info, page, filter)

    @allow(INSPECTOR, statements=1, graphql_type=EmailConnection, description="Mails, the newest first.")
    async def emails(
        self,
        info: Info,
        filter: Annotated[EmailFilter | None, ALL] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page[models.Email]:
        page = page_request(first=first, after=after, last=last, before=before)
        return await resolve.emails(info, page, filter)
