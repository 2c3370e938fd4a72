"""The root of reading: one field for each way in."""

from typing import Annotated

import strawberry

import models
from graphql_server.access import allow, public
from graphql_server.paging import After, Before, First, Last
from graphql_server.reads import One, Several, Shape
from resolvers import lists
from resolvers.automations import AUTOMATIONS
from resolvers.global_ids import any_by_id, nothing_by_id, one, several_by_ids
from resolvers.relations import listed
from rules.limits import NODES_MAX
from schema.automations import Automation
from schema.base_types import CLIENT, INSPECTOR, PAYER
from schema.catalogue import Service
from schema.companies import Company, User
from schema.emails import EmailConnection
from schema.inputs.filters import EmailFilter, InspectionFilter, InvoiceFilter, PaymentFilter
from schema.inputs.orders import InspectionOrder, InvoiceOrder, PaymentOrder, PersonOrder
from schema.inspections import Inspection, InspectionConnection
from schema.invoices import Invoice, InvoiceConnection
from schema.nodes import EVERY_SCOPE, Node
from schema.payments import PaymentConnection
from schema.people import Person, PersonConnection
from schema.reporting import Reporting

GlobalId = Annotated[strawberry.ID, strawberry.argument(description="The global id, as any id field gives it.")]
GlobalIds = Annotated[list[strawberry.ID], strawberry.argument(description=f"Their global ids; at most {NODES_MAX}.")]
Search = Annotated[
    str | None, strawberry.argument(description="Words, each the beginning of one in a name or email address.")
]


@strawberry.type(description="A signed-in staff member.")
class InspectorViewer:
    user: User = allow(INSPECTOR, shows=One({"id": "user_id"}), description="The staff member.")
    company: Company = allow(INSPECTOR, shows=One({"id": "company_id"}), description="The company they work for.")


@strawberry.type(description="Somebody in the client portal of one inspection.")
class ClientViewer:
    person: Person | None = allow(
        CLIENT,
        shows=One({"id": "person_id"}),
        description="The person that the link was made for; null where it was made for an address.",
    )
    inspection: Inspection = allow(
        CLIENT, shows=One({"id": "inspection_id"}), description="The inspection that the link opens."
    )
    guest: bool = allow(
        CLIENT,
        description="Whether the client let them in: they read and pay, but do not sign, share or revoke.",
    )


@strawberry.type(description="Somebody in the payment portal of one invoice.")
class PayerViewer:
    invoice: Invoice = allow(PAYER, shows=One({"id": "invoice_id"}), description="The invoice that the link opens.")


Viewer = Annotated[
    InspectorViewer | ClientViewer | PayerViewer,
    strawberry.union("Viewer", description="The principal of the request, with what their scope opens."),
]


ALL = strawberry.argument(description="The conditions that listed rows meet; all rows if left out.")
LATEST_FIRST = strawberry.argument(description="The latest first, if left out.")
NEWEST_FIRST = strawberry.argument(description="The newest first, if left out.")
BY_NAME = strawberry.argument(description="By name, if left out.")


@strawberry.type(description="Reading.")
class Query(Reporting):
    viewer: Viewer | None = public(shows=Shape(), description="The principal of the request; null without a token.")
    automations: list[Automation] = allow(
        INSPECTOR, shows=AUTOMATIONS, description="The company's automations, the built-in ones first."
    )
    services: list[Service] = allow(
        INSPECTOR, shows=listed(models.Service, {}), description="The company's catalogue, by name."
    )

    @allow(
        *EVERY_SCOPE,
        shows=One(narrow=any_by_id, missing=nothing_by_id),
        graphql_type=Node | None,
        description="Anything visible, by its global id.",
    )
    def node(self, id: GlobalId) -> None: ...

    @allow(
        *EVERY_SCOPE,
        shows=Several(several_by_ids),
        graphql_type=list[Node | None],
        description=f"Anything visible by global ids, at most {NODES_MAX}: in their order,"
        " and null where there is nothing.",
    )
    def nodes(self, ids: GlobalIds) -> None: ...

    @allow(INSPECTOR, CLIENT, shows=one("Inspection"), graphql_type=Inspection | None, description="One inspection.")
    def inspection(self, id: GlobalId) -> None: ...

    @allow(INSPECTOR, CLIENT, PAYER, shows=one("Invoice"), graphql_type=Invoice | None, description="One invoice.")
    def invoice(self, id: GlobalId) -> None: ...

    @allow(INSPECTOR, shows=lists.INSPECTIONS, graphql_type=InspectionConnection, description="Inspections by date.")
    def inspections(
        self,
        filter: Annotated[InspectionFilter | None, ALL] = None,
        order_by: Annotated[InspectionOrder | None, LATEST_FIRST] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> None: ...

    @allow(
        INSPECTOR,
        shows=lists.PEOPLE,
        graphql_type=PersonConnection,
        description="The people the company knows, by name.",
    )
    def people(
        self,
        search: Search = None,
        order_by: Annotated[PersonOrder | None, BY_NAME] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> None: ...

    @allow(INSPECTOR, shows=lists.INVOICES, graphql_type=InvoiceConnection, description="Invoices, the newest first.")
    def invoices(
        self,
        filter: Annotated[InvoiceFilter | None, ALL] = None,
        order_by: Annotated[InvoiceOrder | None, NEWEST_FIRST] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> None: ...

    @allow(INSPECTOR, shows=lists.PAYMENTS, graphql_type=PaymentConnection, description="Payments, the newest first.")
    def payments(
        self,
        filter: Annotated[PaymentFilter | None, ALL] = None,
        order_by: Annotated[PaymentOrder | None, NEWEST_FIRST] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> None: ...

    @allow(INSPECTOR, shows=lists.EMAILS, graphql_type=EmailConnection, description="Mails, the newest first.")
    def emails(
        self,
        filter: Annotated[EmailFilter | None, ALL] = None,
        first: First = None,
        after: After = None,
        last: Last = None,
        before: Before = None,
    ) -> None: ...
