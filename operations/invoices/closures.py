"""Ending invoices other than by payment in full: withdrawing them, closing them short, writing them off."""

from uuid import UUID

from gateways.stripe import StripeGateway
from models import Invoice
from operations.audit_log import record
from operations.invoices.drafts import lock_ledger_of
from operations.ledger.inspection_ledger import InspectionLedger
from operations.ledger.invoice_ends import cancel_waiting_mails
from operations.ledger.invoice_lines import return_to_primary, write_lines
from operations.ledger.posting import post
from operations.ledger.voiding import void
from operations.payments.checkout_expiry import PaymentInProgress, with_checkouts_expired
from operations.transactions import transaction
from rules.access import Principal
from rules.allocation import taken_from
from rules.errors import ErrorCode, Refusal
from rules.states import INVOICE_MOVES, InvoiceStatus


async def void_invoice(principal: Principal, invoice_id: UUID, *, stripe: StripeGateway) -> UUID:
    """Withdraw a separate invoice on which no money is held; its links end. Repeatable.

    Its lines return to PRIMARY, which credits what was credited on it: nobody is billed for what was given back.
    """
    return await with_checkouts_expired(lambda: _void(principal, invoice_id), stripe=stripe)


@transaction
async def _void(principal: Principal, invoice_id: UUID) -> UUID:
    ledger, invoice = await lock_ledger_of(principal, invoice_id)
    if invoice.status is InvoiceStatus.VOID:
        return invoice.id
    _refuse_in_flight(invoice)
    if invoice.settled_minor or invoice.status is InvoiceStatus.PAID:
        raise Refusal(
            f"Invoice {invoice.number} has been paid, at least in part; close it short or refund it instead.",
            field=("invoiceId",),
            code=ErrorCode.INVOICE_NOT_VOIDABLE,
        )
    await void(ledger, invoice, by=principal)
    await post(ledger)
    return invoice.id


async def close_invoice_short(principal: Principal, invoice_id: UUID, *, stripe: StripeGateway) -> UUID:
    """Be content with what was paid: the invoice's total becomes that, and the rest returns to PRIMARY."""
    return await with_checkouts_expired(lambda: _close_short(principal, invoice_id), stripe=stripe)


@transaction
async def _close_short(principal: Principal, invoice_id: UUID) -> UUID:
    ledger, invoice = await lock_ledger_of(principal, invoice_id)
    _refuse_unless_owed(invoice)
    _refuse_in_flight(invoice)
    if invoice.settled_minor == 0:
        raise Refusal(
            f"Nothing was paid on invoice {invoice.number}; void it instead.",
            field=("invoiceId",),
            code=ErrorCode.INVOICE_NOT_OPEN,
        )
    before = {"status": invoice.status, "total_minor": invoice.total_minor}
    kept = _lines_worth(ledger, invoice, invoice.settled_minor + invoice.credited_minor)
    return_to_primary(ledger, invoice, kept)
    write_lines(ledger, invoice, kept)
    await post(ledger)
    after = {"status": invoice.status, "total_minor": invoice.total_minor}
    await record(ledger.inspection, "invoice.closed_short", invoice.id, by=principal, before=before, after=after)
    return invoice.id


def _lines_worth(ledger: InspectionLedger, invoice: Invoice, amount_minor: int) -> dict[UUID, int]:
    """The invoice's lines, cut in display order to `amount_minor` in all."""
    lines = ledger.lines_of(invoice)
    parts = taken_from([line.amount_minor for line in lines], amount_minor)
    return {line.line_item_id: part for line, part in zip(lines, parts, strict=True) if part}


async def mark_invoice_uncollectible(principal: Principal, invoice_id: UUID, *, stripe: StripeGateway) -> UUID:
    """Write an open invoice off; its link stays, and money that comes in is still taken. Safe to repeat."""
    return await with_checkouts_expired(lambda: _mark_uncollectible(principal, invoice_id), stripe=stripe)


@transaction
async def _mark_uncollectible(principal: Principal, invoice_id: UUID) -> UUID:
    ledger, invoice = await lock_ledger_of(principal, invoice_id)
    if invoice.status is InvoiceStatus.UNCOLLECTIBLE:
        return invoice.id
    _refuse_unless_owed(invoice)
    _refuse_in_flight(invoice)
    before = {"status": invoice.status}
    _move(invoice, InvoiceStatus.UNCOLLECTIBLE)
    await cancel_waiting_mails(invoice)
    await post(ledger)
    await record(ledger.inspection, "invoice.written_off", invoice.id, by=principal, before=before)
    return invoice.id


def _refuse_unless_owed(invoice: Invoice) -> None:
    if invoice.status not in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE):
        raise Refusal(
            f"Only an open invoice can be ended so; invoice {invoice.number} is {invoice.status.lower()}.",
            field=("invoiceId",),
            code=ErrorCode.INVOICE_NOT_OPEN,
        )


def _refuse_in_flight(invoice: Invoice) -> None:
    if invoice.in_flight_minor:
        raise PaymentInProgress("A payment of this invoice is still being processed.", field=("invoiceId",))


def _move(invoice: Invoice, status: InvoiceStatus) -> None:
    assert status in INVOICE_MOVES[invoice.status], f"{invoice.status} never becomes {status}"
    invoice.status = status
