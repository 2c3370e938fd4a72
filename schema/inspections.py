"""The inspection: the job with its people, charges, invoices, agreements and report."""

from datetime import datetime

import strawberry

import models
import resolvers.inspections as resolve
from graphql_server.access import allow
from graphql_server.reads import One, Shape
from resolvers.due_dates import OVERDUE
from resolvers.money import money
from rules.states import PaymentStatus
from schema.base_types import CLIENT, INSPECTOR, Money, UserError
from schema.companies import Company, User
from schema.emails import Email
from schema.events import Event
from schema.grants import Grant
from schema.nodes import Node, connection_of, identity
from schema.people import InspectionPerson
from schema.references import InvoiceRef, PaymentRef


@strawberry.type(description="One charge on an inspection.")
class LineItem(Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    kind: models.LineItemKind = allow(INSPECTOR, CLIENT, description="SERVICE, ADD_ON, FEE or DISCOUNT.")
    description: str = allow(INSPECTOR, CLIENT, description="The charge as invoices print it.")
    amount: Money = allow(INSPECTOR, CLIENT, description="The price; negative for a discount.")


@strawberry.type(description="A charge with what is left of it to invoice.")
class InvoiceableService:
    line_item: LineItem = allow(INSPECTOR, shows=One({"id": "line_item_id"}), description="The charge to choose.")
    invoiceable: Money = allow(
        INSPECTOR,
        shows=money("{row.left_minor}"),
        description="The part of it that is unpaid and on no separate invoice.",
    )


@strawberry.type(description="All that a frontend needs to offer 'Add Invoice'.")
class InvoicingOptions:
    available: bool = allow(INSPECTOR, shows=resolve.AVAILABLE, description="Whether addInvoice can succeed now.")
    refusal: UserError | None = allow(
        INSPECTOR, shows=resolve.REFUSAL, description="The reason why it cannot; null when available."
    )
    invoiceable: Money = allow(
        INSPECTOR, shows=resolve.INVOICEABLE, description="The highest fixedAmount that addInvoice takes."
    )
    people: list[InspectionPerson] = allow(INSPECTOR, shows=resolve.PEOPLE, description="The people who can be billed.")
    services: list[InvoiceableService] = allow(
        INSPECTOR, shows=resolve.SERVICES, description="Charges with something left to invoice."
    )


@strawberry.type(description="One version of what the client signs.")
class Agreement(Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    version: int = allow(INSPECTOR, CLIENT, description="The version's number, from 1.")
    body: str = allow(INSPECTOR, CLIENT, description="The text to sign.")
    total: Money = allow(INSPECTOR, CLIENT, description="The inspection's total that the text names.")
    signed_at: datetime | None = allow(
        INSPECTOR, CLIENT, description="The time at which it was signed; null while it is not."
    )
    signed_by: str | None = allow(INSPECTOR, CLIENT, description="The name that was typed to sign it.")
    current: bool = allow(
        INSPECTOR, CLIENT, description="Whether this is the newest version, the only one that can be signed."
    )


@strawberry.type(description="The inspection's report.")
class Report:
    url: str | None = allow(INSPECTOR, CLIENT, description="The report's address; null to a client while it is locked.")
    published_at: datetime = allow(INSPECTOR, CLIENT, description="The time at which it was last published.")
    locked: bool = allow(
        INSPECTOR,
        CLIENT,
        description="Whether clients must wait until the inspection is paid or an inspector unlocks the report.",
    )


@strawberry.type(description="The job: what is inspected, for whom, and what is owed and paid for it.")
class Inspection(Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    number: str = allow(
        INSPECTOR,
        CLIENT,
        description="The inspection's number, unique in the company; its invoices' numbers begin with it.",
    )
    property_address: str = allow(INSPECTOR, CLIENT, description="The address of the property to inspect.")
    scheduled_at: datetime = allow(INSPECTOR, CLIENT, description="The time at which the inspection takes place.")
    status: models.InspectionStatus = allow(
        INSPECTOR, CLIENT, description="Whether it is scheduled, completed or canceled."
    )
    inspector_name: str = allow(INSPECTOR, CLIENT, description="The name of the staff member who inspects.")
    company: Company = allow(INSPECTOR, CLIENT, description="The company that inspects and bills.")
    inspector: User = allow(INSPECTOR, description="The staff member who inspects.")
    people: list[InspectionPerson] = allow(
        INSPECTOR,
        CLIENT,
        description="The People box. Whoever came by a shared link sees nobody in it but themselves.",
    )
    line_items: list[LineItem] = allow(INSPECTOR, CLIENT, description="The charges, in display order.")
    invoices: list[InvoiceRef] = allow(INSPECTOR, CLIENT, description="All its invoices, the primary one first.")
    payments: list[PaymentRef] = allow(
        INSPECTOR,
        CLIENT,
        description="Payments of all its invoices. A client sees of others' only those that moved money.",
    )
    total: Money = allow(INSPECTOR, CLIENT, description="The sum of its charges.")
    settled: Money = allow(
        INSPECTOR,
        CLIENT,
        description="The payments of all its invoices that succeeded, less succeeded refunds and lost disputes.",
    )
    in_flight: Money = allow(
        INSPECTOR,
        CLIENT,
        description="The payments that are processing at the bank, or that Stripe has not answered for.",
    )
    remaining: Money = allow(
        INSPECTOR,
        CLIENT,
        description="The amount of all its invoices that is not paid, drafts and written-off ones included.",
    )
    outstanding: Money = allow(
        INSPECTOR,
        CLIENT,
        description="What somebody can still be asked for: what remains on the client's and on open invoices. Nothing"
        " of drafts, of what was written off, and of a canceled inspection.",
    )
    overdue: bool = allow(
        INSPECTOR,
        CLIENT,
        shows=OVERDUE,
        description="Whether the due date of one of its invoices is over, and something on that is outstanding.",
    )
    unsent: Money = allow(
        INSPECTOR,
        shows=resolve.UNSENT,
        description="The amount that drafts will ask for when they are sent.",
    )
    written_off: Money = allow(
        INSPECTOR,
        shows=resolve.WRITTEN_OFF,
        description="The amount that remains on written-off invoices.",
    )
    payment_status: PaymentStatus = allow(
        INSPECTOR, CLIENT, description="How payments, refunds and disputes of all its invoices add up, in one word."
    )
    notifications_disabled: bool = allow(
        INSPECTOR, description="Whether all automatic mails about it are stopped, and sending invoices is refused."
    )
    agreements: list[Agreement] = allow(INSPECTOR, CLIENT, description="All versions, the newest first.")
    grants: list[Grant] = allow(
        INSPECTOR,
        CLIENT,
        description="Its links. A client sees those to the client portal, and whoever came by a shared one that one.",
    )
    emails: list[Email] = allow(INSPECTOR, description="Every mail about it, the newest first.")
    events: list[Event] = allow(INSPECTOR, description="The audit trail, the oldest first.")

    primary_invoice: InvoiceRef = allow(
        INSPECTOR,
        CLIENT,
        shows=resolve.PRIMARY_INVOICE,
        description="The client's invoice, which bills whatever no separate invoice does.",
    )
    invoicing: InvoicingOptions = allow(
        INSPECTOR,
        shows=Shape(),
        description="All that a form to add an invoice shows: people, services, limits, and why it may be refused.",
    )
    report: Report | None = allow(
        INSPECTOR,
        CLIENT,
        shows=resolve.REPORT,
        description="The inspection's report; null until it is published.",
    )


InspectionConnection = connection_of(Inspection, INSPECTOR)
