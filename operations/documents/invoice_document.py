"""The invoice as a document: what a payer sees, and for the client also who else pays what."""

from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from models import Company, Invoice, Payment
from operations.documents.brands import Brand, brand_of, logo_content
from operations.documents.due_dates import due_date_shown
from operations.documents.pdf import print_pdf
from operations.documents.qr_codes import qr_code
from operations.documents.rendering import long_date, render
from rules.colors import DEFAULT_COLOR
from rules.errors import NotFound
from rules.money import Money
from rules.states import (
    IN_FLIGHT,
    SETTLED,
    TAKEN_BACK,
    InvoiceKind,
    InvoiceStatus,
    PaymentMethod,
    PaymentState,
    RefundStatus,
)

METHODS = {
    PaymentMethod.CARD: "Card",
    PaymentMethod.ACH: "Bank debit",
    PaymentMethod.CASH: "Cash",
    PaymentMethod.CHECK: "Check",
    PaymentMethod.OTHER: "Other",
}
assert METHODS.keys() == set(PaymentMethod)

LETTER_CURRENCIES = ("USD", "CAD", "MXN")
"""Where people print on US letter; everybody else does on A4."""


@dataclass(frozen=True, slots=True)
class Row:
    """One line of a document: what it is, a word more about it, and an amount."""

    label: str
    detail: str
    amount: str


@dataclass(frozen=True, slots=True)
class Fact:
    """Something that a document says of its invoice, below a word for it."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class InvoiceDocument:
    """All that an invoice's document says, in words: HTML and PDF only lay it out. Nothing of it is a person's contact
    or card.

    `contact` is where the company is found, line by line, `color` is as #rrggbb, and `logo` the name of a file. `sums`
    lead from the charges' total to `due`; `shares` are what others are billed, on the client's invoice alone.
    """

    title: str
    company_name: str
    status: str
    date: str
    revision: str
    due_on: str
    facts: tuple[Fact, ...]
    lines: tuple[Row, ...]
    sums: tuple[Row, ...]
    due: Row
    payments: tuple[Row, ...]
    shares: tuple[Row, ...]
    paper: str
    contact: tuple[str, ...] = ()
    color: str = DEFAULT_COLOR
    logo: str = ""


async def invoice_document(invoice_id: UUID, *, brand: Brand | None = None) -> InvoiceDocument:
    """The document as it is now. A draft's is word for word the one its payer will see (S15), whenever it is sent.

    A separate invoice tells nothing of others; PRIMARY names who pays which share (S22). `brand` is the
    company's, where the caller knows it.
    """
    invoice = await Invoice.get_or_none(id=invoice_id).prefetch_related("lines")
    if invoice is None:
        raise NotFound("Document")
    company = await Company.get(id=invoice.company_id)
    brand = brand or await brand_of(invoice.company_id)
    zone = ZoneInfo(company.time_zone)
    lines = sorted(invoice.lines.related_objects, key=lambda line: (line.position, line.id))
    payments = await Payment.filter(invoice_id=invoice.id).order_by("id").prefetch_related("refunds")
    return InvoiceDocument(
        title=f"Invoice {invoice.number}",
        company_name=invoice.company_name,
        status=_status(invoice),
        date=_day(invoice.created_at, zone),
        due_on=_due_on(invoice, company),
        revision=f"Revision {invoice.revision}" if invoice.revision > 1 else "",
        facts=tuple(_facts(invoice)),
        lines=tuple(Row(line.description, "", str(line.amount)) for line in lines),
        sums=tuple(_sums(invoice)),
        due=Row("Amount due", "", str(invoice.remaining)),
        payments=tuple(row for payment in payments for row in _movements(payment, zone)),
        shares=await _shares(invoice) if invoice.kind is InvoiceKind.PRIMARY else (),
        paper="us-letter" if invoice.currency in LETTER_CURRENCIES else "a4",
        contact=brand.contact_lines,
        color=brand.color,
        logo=brand.logo,
    )


def as_html(document: InvoiceDocument) -> str:
    """The document as a page."""
    return render("invoice.html.j2", document=document)


async def as_pdf(document: InvoiceDocument) -> bytes:
    """The document as a PDF."""
    return await data_as_pdf(as_data(document))


def as_data(document: InvoiceDocument) -> dict[str, object]:
    """All that the document says, as it can be kept to be printed later."""
    return asdict(document)


async def data_as_pdf(data: Mapping[str, object], *, pay_link: str | None = None) -> bytes:
    """What was kept of a document, as a PDF. With a `pay_link`, which is a secret, it is its payer's own copy."""
    logo = str(data.get("logo", ""))
    pictures = {
        "logo": await logo_content(logo) if logo else None,
        "qr_code": qr_code(pay_link) if pay_link else None,
    }
    return await print_pdf("invoice.typ", {**data, "pay_link": pay_link or ""}, pictures=pictures)


def _due_on(invoice: Invoice, company: Company) -> str:
    due_on = None if invoice.status is InvoiceStatus.VOID else due_date_shown(invoice, company)
    return f"Due {long_date(due_on)}" if due_on else ""


def _facts(invoice: Invoice) -> Iterator[Fact]:
    """What both page and PDF show above the charges, two in a row. Whatever is told to a payer more is added here."""
    yield Fact("Billed to", invoice.billed_to_name)
    yield Fact("Property", invoice.property_address)


def _status(invoice: Invoice) -> str:
    """What its payer needs to know; whether it was sent yet is not of it."""
    return "Withdrawn" if invoice.status is InvoiceStatus.VOID else _words(invoice.payment_status)


def _sums(invoice: Invoice) -> Iterator[Row]:
    """What leads from the total to what is due."""
    void = invoice.status is InvoiceStatus.VOID
    yield Row("Total", "", str(invoice.total))
    for label, amount_minor in (
        ("Withdrawn", -invoice.total_minor if void else 0),
        ("Credited", 0 if void else -invoice.credited_minor),
        ("Paid, less refunds" if invoice.refunded_minor else "Paid", -invoice.settled_minor),
        ("Payment under way", -invoice.in_flight_minor),
        ("Overpaid", invoice.overpaid_minor),
    ):
        if amount_minor:
            yield Row(label, "", str(Money(amount_minor, invoice.currency)))


def _movements(payment: Payment, zone: ZoneInfo) -> Iterator[Row]:
    """A payment that brought, or is to bring, money, and what went back of it."""
    if payment.state not in (*SETTLED, *TAKEN_BACK, *IN_FLIGHT):
        return
    method = METHODS[payment.method]
    if payment.state in IN_FLIGHT:
        yield Row(payment.payer_name, f"{method}, under way", str(payment.amount))
        return
    disputed = ", disputed" if payment.state is PaymentState.DISPUTED else ""
    yield Row(payment.payer_name, f"{method}, {_day(payment.settled_at, zone)}{disputed}", str(payment.amount))
    for refund in sorted(payment.refunds.related_objects, key=lambda refund: refund.id):
        if refund.status is RefundStatus.SUCCEEDED:
            back = Money(-refund.amount_minor, refund.currency)
            yield Row(payment.payer_name, f"Refund, {_day(refund.settled_at, zone)}", str(back))
    if payment.state in TAKEN_BACK:
        reason = "Returned by the bank" if payment.state is PaymentState.RETURNED else "Disputed and taken back"
        back = Money(-min(payment.disputed_minor, payment.amount_minor - payment.refunded_minor), payment.currency)
        yield Row(payment.payer_name, f"{reason}, {_day(payment.taken_back_at, zone)}", str(back))


async def _shares(primary: Invoice) -> tuple[Row, ...]:
    others = await Invoice.filter(
        inspection_id=primary.inspection_id, kind=InvoiceKind.SEPARATE, status__not=InvoiceStatus.VOID
    ).order_by("id")
    return tuple(Row(other.billed_to_name, _progress(other), str(other.total)) for other in others)


def _progress(share: Invoice) -> str:
    part = f", {share.settled} of it" if 0 < share.settled_minor < share.total_minor else ""
    return f"{_words(share.payment_status)}{part}"


def _words(status: str) -> str:
    return status.replace("_", " ").capitalize()


def _day(moment: datetime | None, zone: ZoneInfo) -> str:
    assert moment is not None, "the database dates all money that moved"
    return long_date(moment.astimezone(zone).date())
