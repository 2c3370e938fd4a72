"""Invoices: what each party is asked to pay."""

from datetime import date, datetime

import strawberry

import resolvers.invoices as resolve
from graphql_server.access import allow
from resolvers import brandings
from resolvers.due_dates import OVERDUE
from rules.limits import SIGNED_ADDRESS_LIFE, minutes
from rules.states import InvoiceKind, InvoiceStatus, PaymentStatus
from schema.base_types import CLIENT, INSPECTOR, PAYER, Money
from schema.brandings import Branding
from schema.emails import Email
from schema.inspections import LineItem
from schema.nodes import Node, connection_of
from schema.people import InspectionPerson
from schema.references import InspectionRef, PaymentRef


@strawberry.type(description="The part of one charge that one invoice bills.")
class InvoiceLine(Node):
    description: str = allow(INSPECTOR, CLIENT, PAYER, description="The charge as it was named when it was billed.")
    amount: Money = allow(INSPECTOR, CLIENT, PAYER, description="The part of the charge that this invoice bills.")
    line_item: LineItem = allow(INSPECTOR, CLIENT, description="The charge that it is part of.")


@strawberry.type(description="The mail of an invoice as it would go out.")
class EmailPreview:
    to: str = allow(INSPECTOR, description="The one recipient's address.")
    subject: str = allow(INSPECTOR, description="The mail's subject.")
    message: str = allow(INSPECTOR, description="The part of the mail that may be edited for a sending.")
    html: str = allow(INSPECTOR, description="The whole body as HTML, with a stand-in for the payer's own link.")
    text: str = allow(INSPECTOR, description="The whole body as plain text.")
    link: str = allow(
        INSPECTOR, description="The address of the payment portal that the mail links to; its fragment is the token."
    )


@strawberry.type(description="What one party is asked to pay.")
class Invoice(Node):
    number: str = allow(
        INSPECTOR, CLIENT, PAYER, description="The number that the document prints, unique in the company."
    )
    kind: InvoiceKind = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="PRIMARY is the client's own invoice, SEPARATE bills somebody else a share.",
    )
    status: InvoiceStatus = allow(
        INSPECTOR, CLIENT, PAYER, description="Whether it is a draft, to be paid, paid, void or written off."
    )
    payment_status: PaymentStatus = allow(
        INSPECTOR, CLIENT, PAYER, description="How payments, refunds and disputes add up on this invoice, in one word."
    )
    revision: int = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="Starts at 1 and grows each time an open invoice's amount changes; its link stays the same.",
    )
    company_name: str = allow(
        INSPECTOR, CLIENT, PAYER, description="The company's name as it was when the invoice was made."
    )
    property_address: str = allow(
        INSPECTOR, CLIENT, PAYER, description="The property's address as it was when the invoice was made."
    )
    billed_to_name: str = allow(
        INSPECTOR, CLIENT, PAYER, description="The name of the person billed, kept as it was once the invoice is paid."
    )
    lines: list[InvoiceLine] = allow(
        INSPECTOR, CLIENT, PAYER, description="The charges that it bills, or its parts of them."
    )
    total: Money = allow(INSPECTOR, CLIENT, PAYER, description="The sum of its lines.")
    credited: Money = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="What refunds with CREDIT took off the amount asked for, here or on invoices whose"
        " share came back.",
    )
    settled: Money = allow(
        INSPECTOR, CLIENT, PAYER, description="The payments that succeeded, less succeeded refunds and lost disputes."
    )
    in_flight: Money = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="The payments that are processing at the bank, or that Stripe has not answered for.",
    )
    remaining: Money = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="The amount that is still to be paid: the total, less credits, less what is settled or in flight.",
    )
    overpaid: Money = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="The amount that was paid beyond what is owed; refund it with refundPayment.",
    )
    payments: list[PaymentRef] = allow(INSPECTOR, CLIENT, PAYER, description="Its payments, the oldest first.")
    created_at: datetime = allow(INSPECTOR, CLIENT, PAYER, description="The time at which the invoice was made.")
    sent_at: datetime | None = allow(
        INSPECTOR, CLIENT, PAYER, description="The time at which it was last mailed; null while it never was."
    )
    due_on: date | None = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        description="The day by which it is to be paid, where the company is; null until it is sent or a day is set.",
    )
    overdue: bool = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        shows=OVERDUE,
        description="Whether it is open, something remains to be paid, and the due date is over.",
    )
    paid_at: datetime | None = allow(
        INSPECTOR, CLIENT, PAYER, description="The time at which it was paid in full; null while it is not."
    )
    voided_at: datetime | None = allow(
        INSPECTOR, CLIENT, PAYER, description="The time at which it was voided; null while it is not."
    )
    document_url: str = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        shows=resolve.DOCUMENT_URL,
        description=f"The printable document: a signed address, valid for {minutes(SIGNED_ADDRESS_LIFE)}.",
    )
    notice: str | None = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        shows=resolve.NOTICE,
        description="Asks to pay the company directly, where less remains than a checkout can take; otherwise null.",
    )
    branding: Branding = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        shows=brandings.OF_INVOICE,
        description="How the company that it is to be paid to presents itself.",
    )
    billed_to: InspectionPerson = allow(
        INSPECTOR,
        CLIENT,
        shows=resolve.BILLED_TO,
        description="The entry of the People box that is billed. Refused to guests of a shared link, who"
        " have billedToName.",
    )
    inspection: InspectionRef = allow(INSPECTOR, CLIENT, description="The inspection that it charges for.")

    @allow(
        INSPECTOR,
        shows=resolve.EMAIL_PREVIEW,
        graphql_type=EmailPreview,
        description="The mail as it would go out now, or with an edited subject or message.",
    )
    def email_preview(self, subject: resolve.Subject = None, message: resolve.Message = None) -> None: ...

    emails: list[Email] = allow(INSPECTOR, description="Its mails, the newest first.")


InvoiceConnection = connection_of(Invoice, INSPECTOR)
