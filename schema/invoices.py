"""Invoices: what each party is asked to pay."""

from datetime import datetime

import strawberry

import resolvers.invoices as resolve
from graphql_server.access import allow
from rules.limits import SIGNED_ADDRESS_LIFE, minutes
from rules.states import InvoiceKind, InvoiceStatus, PaymentStatus
from schema.base_types import CLIENT, INSPECTOR, PAYER, ModelType, Money
from schema.emails import Email
from schema.inspections import LineItem
from schema.nodes import Node, connection_of
from schema.people import InspectionPerson
from schema.references import InspectionRef, PaymentRef


@strawberry.type(description="The part of one charge that one invoice bills.")
class InvoiceLine(ModelType, Node):
    description: str = allow(INSPECTOR, CLIENT, PAYER, description="What it is for.")
    amount: Money = allow(INSPECTOR, CLIENT, PAYER, description="This invoice's part.")
    line_item: LineItem = allow(INSPECTOR, CLIENT, relation="line_item", description="The charge it is part of.")


@strawberry.type(description="The mail of an invoice as it would go out.")
class EmailPreview:
    to: str = allow(INSPECTOR, description="The one recipient.")
    subject: str = allow(INSPECTOR, description="Its subject.")
    message: str = allow(INSPECTOR, description="The part of its body that may be edited.")
    html: str = allow(INSPECTOR, description="The whole body as HTML, with a stand-in for the payer's own link.")
    text: str = allow(INSPECTOR, description="The whole body as plain text.")
    link: str = allow(INSPECTOR, description="Where the link leads: the payment portal, whose fragment is the token.")


@strawberry.type(description="What one party is asked to pay.")
class Invoice(ModelType, Node):
    number: str = allow(INSPECTOR, CLIENT, PAYER, description="Printed on the document, unique in the company.")
    kind: InvoiceKind = allow(INSPECTOR, CLIENT, PAYER, description="Whether it is the client's.")
    status: InvoiceStatus = allow(INSPECTOR, CLIENT, PAYER, description="Where it stands.")
    payment_status: PaymentStatus = allow(INSPECTOR, CLIENT, PAYER, description="What became of what it asks for.")
    revision: int = allow(INSPECTOR, CLIENT, PAYER, description="Counts from 1 each time an open one changes.")
    company_name: str = allow(INSPECTOR, CLIENT, PAYER, description="Who bills; a snapshot.")
    property_address: str = allow(INSPECTOR, CLIENT, PAYER, description="What was inspected; a snapshot.")
    billed_to_name: str = allow(INSPECTOR, CLIENT, PAYER, description="Who is billed; a snapshot.")
    lines: list[InvoiceLine] = allow(INSPECTOR, CLIENT, PAYER, relation="lines", description="What it bills.")
    total: Money = allow(INSPECTOR, CLIENT, PAYER, description="The sum of its lines.")
    credited: Money = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="What refunds took off what is owed, here or on invoices whose share came back.",
    )
    settled: Money = allow(INSPECTOR, CLIENT, PAYER, description="What was paid, less what was given back.")
    in_flight: Money = allow(INSPECTOR, CLIENT, PAYER, description="What is under way.")
    remaining: Money = allow(INSPECTOR, CLIENT, PAYER, description="What is not paid yet.")
    overpaid: Money = allow(INSPECTOR, CLIENT, PAYER, description="What was paid beyond what is owed.")
    payments: list[PaymentRef] = allow(
        INSPECTOR, CLIENT, PAYER, relation="payments", description="Its payments, the oldest first."
    )
    created_at: datetime = allow(INSPECTOR, CLIENT, PAYER, description="When it was made.")
    sent_at: datetime | None = allow(INSPECTOR, CLIENT, PAYER, description="When it was last sent.")
    paid_at: datetime | None = allow(INSPECTOR, CLIENT, PAYER, description="When it was settled.")
    voided_at: datetime | None = allow(INSPECTOR, CLIENT, PAYER, description="When it was withdrawn.")
    document_url: str = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        resolver=resolve.document_url,
        description=f"The printable document: a signed address, valid for {minutes(SIGNED_ADDRESS_LIFE)}.",
    )
    notice: str | None = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        resolver=resolve.notice,
        description="Whom to pay, when less is left than a checkout can take; null where a checkout can be offered.",
    )
    billed_to: InspectionPerson = allow(
        INSPECTOR,
        CLIENT,
        relation="billed_to",
        resolver=resolve.billed_to,
        description="Who is billed, in the People box. Whoever came by a shared link is told the name alone.",
    )
    inspection: InspectionRef = allow(INSPECTOR, CLIENT, relation="inspection", description="What it is for.")
    email_preview: EmailPreview = allow(
        INSPECTOR,
        needs=("lines", "billed_to__person"),
        resolver=resolve.email_preview,
        description="The mail as it would go out now, or with an edited subject or message.",
    )
    emails: list[Email] = allow(INSPECTOR, relation="emails", description="Its mails, the newest first.")


InvoiceConnection = connection_of(Invoice, INSPECTOR)
