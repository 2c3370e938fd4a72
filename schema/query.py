"""The root of reading: one field for each way in."""

from datetime import datetime
from enum import StrEnum
from typing import Annotated

import strawberry

import models
import resolvers.queries as resolve
from graphql_server.access import allow, public
from graphql_server.paging import After, Before, First, Last, Page, page_request
from resolvers import automations
from resolvers.context import Info
from rules.roles import PersonRole
from rules.states import EmailStatus, InvoiceKind, InvoiceStatus, PaymentMethod, PaymentState, PaymentStatus
from schema.automations import Automation
from schema.base_types import CLIENT, INSPECTOR, PAYER, ModelType
from schema.companies import Company, User
from schema.emails import EmailConnection
from schema.enums import describe
from schema.inputs.declare import given
from schema.inspections import Inspection, InspectionConnection
from schema.invoices import Invoice, InvoiceConnection
from schema.nodes import EVERY_SCOPE, Node
from schema.payments import PaymentConnection
from schema.people import Person, PersonConnection
from schema.reporting import Reporting

GlobalId = Annotated[strawberry.ID, strawberry.argument(description="Its global id.")]
GlobalIds = Annotated[list[strawberry.ID], strawberry.argument(description="Their global ids; at most 100.")]
Search = Annotated[str | None, strawberry.argument(description="Part of a name or email address.")]


@strawberry.type(description="A signed-in staff member.")
class InspectorViewer(ModelType):
    user: User = allow(INSPECTOR, resolver=resolve.viewer_user, statements=1, description="Who they are.")
    company: Company = allow(INSPECTOR, resolver=resolve.viewer_company, statements=1, description="Their company.")


@strawberry.type(description="Somebody in the client portal of one inspection.")
class ClientViewer(ModelType):
    person: Person | None = allow(
        CLIENT, resolver=resolve.viewer_person, statements=1, description="Whom the link was made for."
    )
    inspection: Inspection = allow(
        CLIENT, resolver=resolve.viewer_inspection, statements=1, description="What the link opens."
    )


@strawberry.type(description="Somebody in the payment portal of one invoice.")
class PayerViewer(ModelType):
    invoice: Invoice = allow(PAYER, resolver=resolve.viewer_invoice, statements=1, description="What the link opens.")


Viewer = Annotated[
    InspectorViewer | ClientViewer | PayerViewer,
    strawberry.union("Viewer", description="Whoever asks, with what their scope opens."),
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


@strawberry.input(description="Which inspections; all conditions must hold.")
class InspectionFilter:
    status: models.InspectionStatus | None = given("In this status.", default=None)
    payment_status: PaymentStatus | None = given("Whose entries add up to this.", default=None)
    scheduled_from: datetime | None = given("Taking place at this time or later.", default=None)
    scheduled_to: datetime | None = given("Taking place before this time.", default=None)
    search: str | None = given("Part of the address, or the whole number.", default=None)
    outstanding: bool | None = given(
        "True: for which somebody can still be asked for something; false: for which nobody can.", default=None
    )


@strawberry.input(description="Which invoices; all conditions must hold.")
class InvoiceFilter:
    kind: InvoiceKind | None = given("Of this kind.", default=None)
    status: InvoiceStatus | None = given("In this status.", default=None)
    payment_status: PaymentStatus | None = given("Whose entries add up to this.", default=None)
    outstanding: bool | None = given(
        "True: on which somebody can still be asked for something; false: on which nobody can.", default=None
    )
    payer_role: PersonRole | None = given("That bill somebody in this role.", default=None)
    search: str | None = given("Part of the name that is billed, or the whole number.", default=None)


@strawberry.input(description="Which payments; all conditions must hold.")
class PaymentFilter:
    status: PaymentState | None = given("In this status.", default=None)
    method: PaymentMethod | None = given("Made this way.", default=None)
    payer_role: PersonRole | None = given("Made by somebody in this role.", default=None)
    created_from: datetime | None = given("Begun at this time or later.", default=None)
    created_to: datetime | None = given("Begun before this time.", default=None)
    settled_from: datetime | None = given("Settled at this time or later.", default=None)
    settled_to: datetime | None = given("Settled before this time.", default=None)
    invoice_status: InvoiceStatus | None = given("Of invoices in this status.", default=None)
    payer_name: str | None = given("Part of the payer's name.", default=None)


@strawberry.input(description="Which mails; all conditions must hold.")
class EmailFilter:
    status: EmailStatus | None = given("In this status.", default=None)
    kind: models.EmailKind | None = given("Of this kind.", default=None)
    to: str | None = given("To exactly this address.", default=None)


def _filter(kind: type) -> object:
    return Annotated[kind | None, strawberry.argument(description="Which of them; all if left out.")]


@strawberry.type(description="Reading.")
class Query(Reporting):
    viewer: Viewer | None = public(resolver=resolve.viewer, description="Whoever asks; null when signed out.")
    automations: list[Automation] = allow(
        INSPECTOR,
        resolver=automations.all_automations,
        statements=1,
        description="The company's automations, the built-in ones first.",
    )

    @allow(*EVERY_SCOPE, statements=1, description="Anything visible, by its global id.")
    async def node(self, info: Info, id: GlobalId) -> Node | None:
        return await resolve.node(info, id)  # type: ignore[no-any-return]

    @allow(
        *EVERY_SCOPE,
        statements=len(resolve.NODES),
        description="Anything visible by global ids, at most 100: in their order, and null where there is nothing.",
    )
    async def nodes(self, info: Info, ids: GlobalIds) -> list[Node | None]:
        return await resolve.nodes(info, ids)

    @allow(INSPECTOR, CLIENT, statements=1, description="One inspection.")
    async def inspection(self, info: Info, id: GlobalId) -> Inspection | None:
        return await resolve.inspection(info, id)  # type: ignore[no-any-return]

    @allow(INSPECTOR, CLIENT, PAYER, statements=1, description="One invoice.")
    async def invoice(self, info: Info, id: GlobalId) -> Invoice | None:
        return await resolve.invoice(info, id)  # type: ignore[no-any-return]

    @allow(INSPECTOR, statements=1, graphql_type=InspectionConnection, description="Inspections by date.")
    async def inspections(
        self,
        info: Info,
        filter: _filter(InspectionFilter) = None,  # type: ignore[valid-type]
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
        filter: _filter(InvoiceFilter) = None,  # type: ignore[valid-type]
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
        filter: _filter(PaymentFilter) = None,  # type: ignore[valid-type]
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
        filter: _filter(EmailFilter) = None,  # type: ignore[valid-type]
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> Page[models.Email]:
        page = page_request(first=first, after=after, last=last, before=before)
        return await resolve.emails(info, page, filter)
