"""The inspection: the job with its people, charges, invoices, agreements and report."""

from datetime import datetime

import strawberry

import models
import resolvers.inspections as resolve
from graphql_server.access import allow
from rules.states import PaymentStatus
from schema.base_types import CLIENT, INSPECTOR, ModelType, Money, UserError
from schema.companies import Company, User
from schema.emails import Email
from schema.events import Event
from schema.grants import Grant
from schema.nodes import Node, connection_of, identity
from schema.people import InspectionPerson
from schema.references import InvoiceRef, PaymentRef


@strawberry.type(description="One charge on an inspection.")
class LineItem(ModelType, Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    kind: models.LineItemKind = allow(INSPECTOR, CLIENT, description="What it is for.")
    description: str = allow(INSPECTOR, CLIENT, description="In the company's words.")
    amount: Money = allow(INSPECTOR, CLIENT, description="Negative for a discount.")


@strawberry.type(description="A charge with what is left of it to invoice.")
class InvoiceableService:
    line_item: LineItem = allow(INSPECTOR, description="The charge.")
    invoiceable: Money = allow(INSPECTOR, description="Its part that is unpaid and on no separate invoice.")


@strawberry.type(description="All that a frontend needs to offer 'Add Invoice'.")
class InvoicingOptions:
    available: bool = allow(INSPECTOR, description="Whether an invoice can be added now.")
    refusal: UserError | None = allow(INSPECTOR, description="Why not, if it can't.")
    invoiceable: Money = allow(INSPECTOR, description="What may be invoiced in all.")
    people: list[InspectionPerson] = allow(INSPECTOR, relation="people", description="Who may be billed.")
    services: list[InvoiceableService] = allow(INSPECTOR, description="Charges with something left to invoice.")


@strawberry.type(description="One version of what the client signs.")
class Agreement(ModelType, Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    version: int = allow(INSPECTOR, CLIENT, description="Counts from 1.")
    body: str = allow(INSPECTOR, CLIENT, description="Its text.")
    total: Money = allow(INSPECTOR, CLIENT, description="The inspection's total that it names.")
    signed_at: datetime | None = allow(INSPECTOR, CLIENT, description="When it was signed.")
    signed_by: str | None = allow(INSPECTOR, CLIENT, description="The name it was signed with.")
    current: bool = allow(INSPECTOR, CLIENT, description="Whether it is the version in force.")


@strawberry.type(description="The inspection's report.")
class Report:
    url: str | None = allow(INSPECTOR, CLIENT, description="Where it is; null to a client while it is locked.")
    published_at: datetime = allow(INSPECTOR, CLIENT, description="When it was published.")
    locked: bool = allow(INSPECTOR, CLIENT, description="Whether it waits for payment.")


@strawberry.type(description="The job: what is inspected, for whom, and what is owed and paid for it.")
class Inspection(ModelType, Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    number: str = allow(INSPECTOR, CLIENT, description="Unique in the company.")
    property_address: str = allow(INSPECTOR, CLIENT, description="What is inspected.")
    scheduled_at: datetime = allow(INSPECTOR, CLIENT, description="When it takes place.")
    status: models.InspectionStatus = allow(INSPECTOR, CLIENT, description="Whether it is still to come.")
    inspector_name: str = allow(INSPECTOR, CLIENT, description="Who inspects.")
    company: Company = allow(INSPECTOR, CLIENT, relation="company", description="Whose job it is.")
    inspector: User = allow(INSPECTOR, relation="inspector", description="Who inspects.")
    people: list[InspectionPerson] = allow(
        INSPECTOR,
        CLIENT,
        relation="people",
        description="The People box. Whoever came by a shared link sees nobody in it but themselves.",
    )
    line_items: list[LineItem] = allow(
        INSPECTOR, CLIENT, relation="line_items", description="The charges, in display order."
    )
    invoices: list[InvoiceRef] = allow(
        INSPECTOR, CLIENT, relation="invoices", description="All its invoices, the primary one first."
    )
    payments: list[PaymentRef] = allow(
        INSPECTOR,
        CLIENT,
        relation="payments",
        description="Payments of all its invoices. A client sees of others' only those that moved money.",
    )
    total: Money = allow(INSPECTOR, CLIENT, description="The sum of its charges.")
    settled: Money = allow(INSPECTOR, CLIENT, description="What was paid, less what was given back.")
    in_flight: Money = allow(INSPECTOR, CLIENT, description="What is under way.")
    remaining: Money = allow(
        INSPECTOR, CLIENT, description="What is not paid of its invoices, drafts and written-off ones included."
    )
    outstanding: Money = allow(
        INSPECTOR,
        CLIENT,
        description="What somebody can still be asked for: what remains on the client's and on open invoices. Nothing"
        " of drafts, of what was written off, and of a canceled inspection.",
    )
    unsent: Money = allow(
        INSPECTOR, needs=("invoices",), resolver=resolve.unsent, description="What drafts will ask for."
    )
    written_off: Money = allow(
        INSPECTOR,
        needs=("invoices",),
        resolver=resolve.written_off,
        description="What remains on written-off invoices.",
    )
    payment_status: PaymentStatus = allow(INSPECTOR, CLIENT, description="What became of what is owed, in one word.")
    notifications_disabled: bool = allow(INSPECTOR, description="Whether all automatic mails about it are stopped.")
    agreements: list[Agreement] = allow(
        INSPECTOR, CLIENT, relation="agreements", description="All versions, the newest first."
    )
    grants: list[Grant] = allow(
        INSPECTOR,
        CLIENT,
        relation="grants",
        description="Its links. A client sees those to the client portal, and whoever came by a shared one that one.",
    )
    emails: list[Email] = allow(INSPECTOR, relation="emails", description="Every mail about it, the newest first.")
    events: list[Event] = allow(INSPECTOR, relation="events", description="The audit trail, the oldest first.")

    primary_invoice: InvoiceRef = allow(
        INSPECTOR,
        CLIENT,
        relation="invoices",
        resolver=resolve.primary_invoice,
        description="The client's invoice.",
    )
    invoicing: InvoicingOptions = allow(
        INSPECTOR,
        needs=("company", "line_items", "people", "invoices__lines"),
        resolver=resolve.invoicing,
        description="What 'Add Invoice' needs.",
    )
    report: Report | None = allow(
        INSPECTOR, CLIENT, needs=("company",), resolver=resolve.report, description="Its report, once published."
    )


InspectionConnection = connection_of(Inspection, INSPECTOR)
