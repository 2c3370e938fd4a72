"""The invoice as a document: what a payer sees, and for the client also who else pays what."""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from models import Company, Invoice, Payment
from operations.rendering import render
from rules.errors import NotFound
from rules.money import Money
from rules.states import SETTLED, InvoiceKind, InvoiceStatus


@dataclass(frozen=True, slots=True)
class _Row:
    label: str
    detail: str
    amount: Money


async def invoice_document(invoice_id: UUID) -> str:
    """The document as HTML. A separate invoice tells nothing of others; PRIMARY names who pays which share (S22)."""
    invoice = await Invoice.get_or_none(id=invoice_id).prefetch_related("lines", "payments")
    if invoice is None:
        raise NotFound("Document")
    zone = ZoneInfo((await Company.get(id=invoice.company_id)).time_zone)
    lines = sorted(invoice.lines.related_objects, key=lambda line: (line.position, line.id))
    return render(
        "invoice.html.j2",
        invoice=invoice,
        issued=_day(invoice.sent_at or invoice.created_at, zone),
        status=invoice.status.replace("_", " ").title(),
        lines=[_Row(line.description, "", line.amount) for line in lines],
        payments=[_paid(payment, zone) for payment in _settled(invoice.payments.related_objects)],
        shares=await _shares(invoice) if invoice.kind is InvoiceKind.PRIMARY else [],
    )


def _settled(payments: list[Payment]) -> list[Payment]:
    return sorted((payment for payment in payments if payment.state in SETTLED), key=lambda payment: payment.id)


def _paid(payment: Payment, zone: ZoneInfo) -> _Row:
    settled_at = payment.settled_at or payment.created_at
    method = payment.method.title() if len(payment.method) > 3 else payment.method
    return _Row(payment.payer_name, f"{method}, {_day(settled_at, zone)}", payment.amount)


async def _shares(primary: Invoice) -> list[_Row]:
    others = await Invoice.filter(
        inspection_id=primary.inspection_id, kind=InvoiceKind.SEPARATE, status__not=InvoiceStatus.VOID
    ).order_by("id")
    return [_Row(other.billed_to_name, _state_of(other), other.total) for other in others]


def _state_of(share: Invoice) -> str:
    """The share's status, and how much was paid where the status alone does not say it."""
    state = share.payment_status.replace("_", " ").title()
    return f"{state}, {share.settled} paid" if share.settled_minor not in (0, share.total_minor) else state


def _day(moment: datetime, zone: ZoneInfo) -> str:
    return f"{moment.astimezone(zone):%B} {moment.astimezone(zone).day}, {moment.astimezone(zone).year}"
