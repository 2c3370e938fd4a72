"""The books of one inspection: everything its balances follow from, locked, loaded, and written back consistently.

Every operation that touches money opens the books, changes rows, and closes them; closing recomputes the stored
balances and statuses from the entries, in the same transaction.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from uuid import UUID

from models import Company, Email, Grant, Inspection, Invoice, InvoiceLine, LineItem, Payment
from rules import clock
from rules.allocation import Bill, left_after, reallocate
from rules.balances import Balance, PaymentEntry, RefundEntry, balance, invoice_status, payment_status
from rules.errors import NotFound
from rules.identifiers import new_id
from rules.money import Money
from rules.states import (
    IN_FLIGHT,
    INVOICE_MOVES,
    LIVE_ATTEMPTS,
    EmailStatus,
    InvoiceKind,
    InvoiceStatus,
    PaymentState,
)


class AttemptsLive(Exception):
    """A checkout still asks for more than would remain: it must be ended at Stripe before this change."""

    def __init__(self, payment_ids: list[UUID]) -> None:
        super().__init__("checkouts must end first")
        self.payment_ids = payment_ids


@dataclass(slots=True)
class Books:
    """One inspection with its line items, invoices, lines and payments (their refunds prefetched)."""

    company: Company
    inspection: Inspection
    items: list[LineItem]
    invoices: list[Invoice]
    lines: list[InvoiceLine]
    payments: list[Payment]

    @property
    def primary(self) -> Invoice:
        """The client's invoice."""
        return next(invoice for invoice in self.invoices if invoice.kind is InvoiceKind.PRIMARY)

    @property
    def live(self) -> list[Invoice]:
        """The invoices that bill something: all but void ones."""
        return [invoice for invoice in self.invoices if invoice.status is not InvoiceStatus.VOID]

    def invoice(self, invoice_id: UUID) -> Invoice:
        """The invoice of that id, which the caller has already found."""
        return next(invoice for invoice in self.invoices if invoice.id == invoice_id)

    def lines_of(self, invoice: Invoice) -> list[InvoiceLine]:
        """The invoice's lines in display order."""
        return sorted((line for line in self.lines if line.invoice_id == invoice.id), key=lambda line: line.position)

    def payments_of(self, invoice: Invoice) -> list[Payment]:
        """The invoice's payments, oldest first."""
        return [payment for payment in self.payments if payment.invoice_id == invoice.id]

    def live_attempt(self, invoice: Invoice) -> Payment | None:
        """The one attempt that may still bring money."""
        return next((payment for payment in self.payments_of(invoice) if payment.state in LIVE_ATTEMPTS), None)

    def invoiceable(self) -> dict[UUID, int]:
        """Per charge, in display order, what is still on PRIMARY and unpaid; minor units, zeros included."""
        return invoiceable_parts(self.lines_of(self.primary), self.primary.remaining_minor)

    def money(self, amount_minor: int) -> Money:
        """An amount in the inspection's currency."""
        return Money(amount_minor, self.inspection.currency)


def invoiceable_parts(lines: Iterable[InvoiceLine], remaining_minor: int) -> dict[UUID, int]:
    """Per line item of PRIMARY's `lines`, in display order, what is left to invoice of it; minor units.

    Discounts, payments and credits use up the charges in display order, so that the parts sum to what remains.
    """
    charges = [line for line in lines if line.amount_minor > 0]
    amounts = [line.amount_minor for line in charges]
    left = left_after(amounts, sum(amounts) - remaining_minor)
    return {line.line_item_id: part for line, part in zip(charges, left, strict=True)}


async def lock_inspection(inspection_id: UUID) -> Inspection:
    """The inspection's row, locked until the transaction ends: always the first lock taken."""
    inspection = await Inspection.filter(id=inspection_id).select_for_update().get_or_none()
    if inspection is None:
        raise NotFound("Inspection")
    return inspection


async def open_books(inspection_id: UUID) -> Books:
    """Lock the inspection and load all that its balances follow from."""
    inspection = await lock_inspection(inspection_id)
    return Books(
        company=await Company.get(id=inspection.company_id),
        inspection=inspection,
        items=await LineItem.filter(inspection_id=inspection_id, removed_at=None).order_by("position", "id"),
        invoices=await Invoice.filter(inspection_id=inspection_id).order_by("id"),
        lines=await InvoiceLine.filter(invoice__inspection_id=inspection_id).order_by("position", "id"),
        payments=await Payment.filter(inspection_id=inspection_id).order_by("id").prefetch_related("refunds"),
    )


async def close_books(books: Books, *, recording: bool = False) -> None:
    """Recompute and store every balance and status.

    Raises AttemptsLive when an open checkout asks for more than remains, unless `recording` what Stripe reports:
    money that has landed is always booked.
    """
    figures = {invoice.id: _figures(books, invoice) for invoice in books.invoices}
    if not recording:
        _refuse_stale_checkouts(books, figures)
    for payment in books.payments:
        await _store_payment(payment)
    for invoice in books.invoices:
        await _store(invoice, figures[invoice.id])
    await _store_inspection(books, figures)


def _figures(books: Books, invoice: Invoice) -> Balance:
    return balance(
        total=sum(line.amount_minor for line in books.lines if line.invoice_id == invoice.id),
        status=invoice.status,
        payments=(entry(payment) for payment in books.payments_of(invoice)),
    )


def entry(payment: Payment) -> PaymentEntry:
    """A payment, with its prefetched refunds, as the rules see it."""
    refunds = tuple(
        RefundEntry(amount=refund.amount_minor, status=refund.status, credited=refund.credited_minor)
        for refund in payment.refunds.related_objects
    )
    return PaymentEntry(
        amount=payment.amount_minor, state=payment.state, refunds=refunds, disputed=payment.disputed_minor
    )


def _refuse_stale_checkouts(books: Books, figures: Mapping[UUID, Balance]) -> None:
    stale = [
        attempt.id
        for invoice in books.invoices
        if (attempt := books.live_attempt(invoice))
        and attempt.state not in IN_FLIGHT
        and attempt.amount_minor > figures[invoice.id].remaining
    ]
    if stale:
        raise AttemptsLive(stale)


async def _store_payment(payment: Payment) -> None:
    figures = entry(payment)
    if (payment.refunded_minor, payment.refundable_minor) != (figures.refunded, figures.refundable):
        payment.refunded_minor, payment.refundable_minor = figures.refunded, figures.refundable
        await payment.save(update_fields=["refunded_minor", "refundable_minor"])


async def _store(invoice: Invoice, figures: Balance) -> None:
    status = invoice_status(invoice.kind, invoice.status, figures)
    changed = {
        "total_minor": figures.total,
        "credited_minor": figures.credited,
        "settled_minor": figures.settled,
        "in_flight_minor": figures.in_flight,
        "remaining_minor": figures.remaining,
        "overpaid_minor": figures.overpaid,
        "refunded_minor": figures.refunded,
        "payment_status": figures.payment_status,
    }
    if status is not invoice.status:
        assert status in INVOICE_MOVES[invoice.status], f"{invoice.status} never becomes {status}"
        changed["status"] = status
        changed["paid_at"] = clock.now() if status is InvoiceStatus.PAID else None
    changed = {name: value for name, value in changed.items() if getattr(invoice, name) != value}
    if not changed:
        return
    invoice.update_from_dict(changed)
    await Invoice.filter(id=invoice.id).update(**changed)
    if changed.get("status") is InvoiceStatus.PAID:
        await cancel_waiting_mails(invoice)


async def _store_inspection(books: Books, figures: Mapping[UUID, Balance]) -> None:
    inspection = books.inspection
    owed = sum(figures[invoice.id].total - figures[invoice.id].credited for invoice in books.live)
    parts = figures.values()
    settled = sum(part.settled for part in parts)
    in_flight = sum(part.in_flight for part in parts)
    changed = {
        "total_minor": sum(item.amount_minor for item in books.items),
        "settled_minor": settled,
        "in_flight_minor": in_flight,
        "remaining_minor": sum(part.remaining for part in parts),
        "payment_status": payment_status(
            owed=owed,
            settled=settled,
            in_flight=in_flight,
            refunded=sum(part.refunded for part in parts),
            disputed=any(payment.state is PaymentState.DISPUTED for payment in books.payments),
        ),
    }
    changed = {name: value for name, value in changed.items() if getattr(inspection, name) != value}
    if changed:
        inspection.update_from_dict(changed)
        await Inspection.filter(id=inspection.id).update(**changed)


async def follow_items(books: Books) -> None:
    """Bring every live invoice's lines in step with the line items, after items were added, edited or removed."""
    bills = [
        Bill(
            invoice_id=invoice.id,
            primary=invoice.kind is InvoiceKind.PRIMARY,
            yields=_yields(books, invoice),
            follows=invoice.by_services and _yields(books, invoice) < 2,
            lines={line.line_item_id: line.amount_minor for line in books.lines_of(invoice)},
        )
        for invoice in books.live
    ]
    amounts = {item.id: item.amount_minor for item in books.items}
    billed = {item: 0 for bill in bills for item in bill.lines}
    for invoice_id, lines in reallocate(bills, {**billed, **amounts}).items():
        await write_lines(books, books.invoice(invoice_id), lines)


def _yields(books: Books, invoice: Invoice) -> int:
    if invoice.status is InvoiceStatus.DRAFT:
        return 0
    return 1 if invoice.settled_minor == 0 and invoice.in_flight_minor == 0 else 2


async def write_lines(books: Books, invoice: Invoice, wanted: Mapping[UUID, int]) -> None:
    """Make the invoice bill exactly `wanted` (line item → minor units); a change of an open one is a new revision."""
    present = {line.line_item_id: line for line in books.lines_of(invoice)}
    items = {item.id: item for item in books.items}
    if {item: line.amount_minor for item, line in present.items()} == dict(wanted) and all(
        present[item].description == items[item].description for item in wanted
    ):
        return
    dropped = [line for item, line in present.items() if item not in wanted]
    if dropped:
        await InvoiceLine.filter(id__in=[line.id for line in dropped]).delete()
    kept = [present[item] for item in wanted if item in present]
    for line in kept:
        line.amount_minor, line.description = wanted[line.line_item_id], items[line.line_item_id].description
    if kept:
        await InvoiceLine.bulk_update(kept, ["amount_minor", "description"])
    added = [_new_line(invoice, items[item], amount) for item, amount in wanted.items() if item not in present]
    await InvoiceLine.bulk_create(added)
    books.lines = [line for line in books.lines if line not in dropped] + added
    if invoice.kind is InvoiceKind.SEPARATE and invoice.status is not InvoiceStatus.DRAFT:
        invoice.revision += 1
        await Invoice.filter(id=invoice.id).update(revision=invoice.revision)


def _new_line(invoice: Invoice, item: LineItem, amount: int) -> InvoiceLine:
    return InvoiceLine(
        id=new_id(),
        company_id=invoice.company_id,
        invoice_id=invoice.id,
        line_item_id=item.id,
        description=item.description,
        currency=invoice.currency,
        amount_minor=amount,
        position=item.position,
    )


async def return_to_primary(books: Books, invoice: Invoice, kept: Mapping[UUID, int] | None = None) -> None:
    """Move what the invoice bills, beyond `kept`, back to PRIMARY. A void invoice keeps its lines as a record."""
    kept = kept or {}
    wanted = {line.line_item_id: line.amount_minor for line in books.lines_of(books.primary)}
    for line in books.lines_of(invoice):
        back = line.amount_minor - kept.get(line.line_item_id, 0)
        wanted[line.line_item_id] = wanted.get(line.line_item_id, 0) + back
    await write_lines(books, books.primary, {item: amount for item, amount in wanted.items() if amount})


async def cancel_waiting_mails(invoice: Invoice, kinds: Iterable[str] = ("INVOICE", "REMINDER")) -> None:
    """Cancel mails that ask for money nobody owes any more; one being sent this moment can't be called back."""
    await Email.filter(
        invoice_id=invoice.id, kind__in=list(kinds), status__in=[EmailStatus.QUEUED, EmailStatus.RETRY]
    ).update(status=EmailStatus.CANCELED, next_attempt_at=None)


async def revoke_links(invoice: Invoice) -> None:
    """End every payment link of the invoice."""
    await Grant.filter(invoice_id=invoice.id, revoked_at=None).update(revoked_at=clock.now())
