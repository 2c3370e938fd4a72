"""Small remainders: what a change leaves to pay of an invoice, where it is too little for a checkout (S59)."""

from uuid import UUID

from tortoise.expressions import Subquery
from tortoise.queryset import QuerySet

from models import InspectionStatus, Invoice
from rules.notices import Notice, is_too_little_to_charge, too_little_left
from rules.states import InvoiceStatus


async def small_remainders_of_inspection(inspection_id: UUID) -> tuple[Notice, ...]:
    """One notice for each of the inspection's invoices whose remainder is too little for a checkout."""
    return await _small_remainders(Invoice.filter(inspection_id=inspection_id))


async def small_remainders_beside_line_item(line_item_id: UUID) -> tuple[Notice, ...]:
    """As `small_remainders_of_inspection`, for the inspection that the charge is on."""
    return await _small_remainders(Invoice.filter(inspection__line_items__id=line_item_id))


async def small_remainders_beside_invoice(invoice_id: UUID) -> tuple[Notice, ...]:
    """As `small_remainders_of_inspection`, for the inspection that the invoice bills."""
    inspection = Subquery(Invoice.filter(id=invoice_id).values("inspection_id"))
    return await _small_remainders(Invoice.filter(inspection_id__in=inspection))


async def small_remainder_of_payment(payment_id: UUID) -> tuple[Notice, ...]:
    """A notice when what remains of the invoice that the payment pays is too little for a checkout."""
    return await _small_remainders(Invoice.filter(payments__id=payment_id))


async def small_remainder_of_refund(refund_id: UUID) -> tuple[Notice, ...]:
    """A notice when what remains of the invoice whose payment was refunded is too little for a checkout."""
    return await _small_remainders(Invoice.filter(payments__refunds__id=refund_id))


async def _small_remainders(invoices: QuerySet[Invoice]) -> tuple[Notice, ...]:
    asked = invoices.filter(
        status__in=(InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE),
        remaining_minor__gt=0,
        inspection__status__not=InspectionStatus.CANCELED,
    )
    return tuple(
        too_little_left(invoice.remaining, invoice_number=invoice.number)
        for invoice in await asked.order_by("id")
        if is_too_little_to_charge(invoice.remaining)
    )
