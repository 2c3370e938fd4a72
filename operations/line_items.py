"""Charges: adding, editing and removing line items, and the invoices that follow them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from gateways.stripe import StripeGateway
from models import AutomationTrigger, Inspection, InspectionStatus, LineItem, LineItemKind
from models.visible import visible
from operations.agreements import update_agreement
from operations.attempts import ending_attempts
from operations.audit_trail import record, record_all
from operations.billing import follow_items
from operations.books import Books, close_books, open_books
from operations.currencies import currency_of
from operations.invoice_ends import mark_void
from operations.occurrences import note
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.identifiers import new_id
from rules.money import AMOUNT_MINOR_MAX, InvalidAmount, minimum_charge, parse_amount
from rules.states import InvoiceKind

DESCRIPTION_LENGTH_MAX = 200


@dataclass(frozen=True, slots=True)
class NewLineItem:
    """A charge to add; `amount` in major units, negative for a DISCOUNT."""

    kind: LineItemKind
    description: str
    amount: Decimal


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge that was checked; `amount_minor` in minor units."""

    kind: LineItemKind
    description: str
    amount_minor: int


def checked_charge(new: NewLineItem, currency: str) -> Charge:
    """The charge, if all of it is as it must be. Raises what is wrong with it, all at once."""
    with Checks() as check:
        description = check(_description, new.description)
        amount_minor = check(_amount, new.kind, new.amount, currency)
    return Charge(new.kind, description, amount_minor)


async def add_line_item(
    principal: Principal, inspection_id: UUID, new: NewLineItem, *, update_agreements: bool, stripe: StripeGateway
) -> UUID:
    """Add a charge; what may be invoiced rises by its amount. Returns its key."""
    return await ending_attempts(
        lambda: _add(principal, inspection_id, new, update_agreements=update_agreements), stripe=stripe
    )


@transaction
async def _add(principal: Principal, inspection_id: UUID, new: NewLineItem, *, update_agreements: bool) -> UUID:
    with Checks() as check:
        charge = check(checked_charge, new, await currency_of(principal))
        books = await _books(principal, inspection_id)
    (item,) = await insert_line_items(books, [charge], by=principal, field="amount")
    await _follow(books, by=principal, field="amount")
    if update_agreements:
        await update_agreement(books, by=principal)
    if item.kind is not LineItemKind.DISCOUNT:
        await note(books.inspection, AutomationTrigger.FEE_ADDED, item.id)
    return item.id


async def update_line_item(
    principal: Principal,
    line_item_id: UUID,
    *,
    description: str | None,
    amount: Decimal | None,
    stripe: StripeGateway,
) -> UUID:
    """Change a charge's description or amount; drafts and PRIMARY follow. Returns its key."""
    return await ending_attempts(
        lambda: _update(principal, line_item_id, description=description, amount=amount), stripe=stripe
    )


@transaction
async def _update(principal: Principal, line_item_id: UUID, *, description: str | None, amount: Decimal | None) -> UUID:
    with Checks() as check:
        if description is not None:
            description = check(_description, description)
        if amount is not None:
            check(parse_amount, amount, await currency_of(principal), field="amount")
        books, item = await _books_of(principal, line_item_id)
    before = _snapshot(item)
    item.description = description if description is not None else item.description
    item.amount_minor = _amount(item.kind, amount, item.currency) if amount is not None else item.amount_minor
    await item.save(update_fields=["description", "amount_minor"])
    await record(books.inspection, "line_item.updated", item.id, by=principal, before=before, after=_snapshot(item))
    await _follow(books, by=principal, field="amount")
    return item.id


async def remove_line_item(principal: Principal, line_item_id: UUID, *, stripe: StripeGateway) -> UUID:
    """Remove a charge; returns the inspection's key."""
    return await ending_attempts(lambda: _remove(principal, line_item_id), stripe=stripe)


@transaction
async def _remove(principal: Principal, line_item_id: UUID) -> UUID:
    books, item = await _books_of(principal, line_item_id)
    await record(books.inspection, "line_item.removed", item.id, by=principal, before=_snapshot(item))
    item.amount_minor, item.removed_at = 0, clock.now()
    await item.save(update_fields=["amount_minor", "removed_at"])
    books.items.remove(item)
    await _follow(books, by=principal, field="lineItemId")
    return books.inspection.id


async def insert_line_items(books: Books, charges: Sequence[Charge], *, by: Principal, field: str) -> list[LineItem]:
    """Write new charges behind the present ones; the caller lets the invoices follow.

    A refusal of their total names `field` of the caller's input.
    """
    last = max((item.position for item in books.items), default=0)
    items = [
        LineItem(
            id=new_id(),
            company_id=books.company.id,
            inspection_id=books.inspection.id,
            kind=charge.kind,
            description=charge.description,
            currency=books.inspection.currency,
            amount_minor=charge.amount_minor,
            position=position,
        )
        for position, charge in enumerate(charges, start=last + 1)
    ]
    await LineItem.bulk_create(items)
    await record_all(books.inspection, "line_item.added", {item.id: _snapshot(item) for item in items}, by=by)
    books.items.extend(items)
    _refuse_absurd_total(books, field=field)
    return items


async def _follow(books: Books, *, by: Principal, field: str) -> None:
    """Let the invoices follow the charges; refusals name `field` of the caller's input."""
    _refuse_absurd_total(books, field=field)
    before = {invoice.id: invoice.remaining_minor for invoice in books.invoices}
    await follow_items(books)
    await _void_empty(books, by=by)
    await close_books(books)
    _refuse_unpayable(books, before, field=field)


async def _void_empty(books: Books, *, by: Principal) -> None:
    """A separate invoice that has nothing left to bill, and neither received nor awaits money, is void."""
    for invoice in books.live:
        unpaid = invoice.settled_minor == 0 and invoice.in_flight_minor == 0
        if invoice.kind is InvoiceKind.SEPARATE and not books.lines_of(invoice) and unpaid:
            await mark_void(invoice)
            await record(books.inspection, "invoice.voided", invoice.id, by=by, after={"reason": "nothing to bill"})


def _refuse_unpayable(books: Books, before: Mapping[UUID, int], *, field: str) -> None:
    """Of what the edit changed: a little that some refund left due must not keep the charges from being edited."""
    least = minimum_charge(books.inspection.currency)
    for invoice in books.live:
        changed = invoice.remaining_minor != before[invoice.id]
        if changed and invoice.kind is InvoiceKind.SEPARATE and 0 < invoice.remaining_minor < least.amount_minor:
            raise Refusal(
                f"This would leave {books.money(invoice.remaining_minor)} on invoice {invoice.number}, below the"
                f" minimum charge of {least}. Void that invoice first.",
                field=(field,),
                code=ErrorCode.BELOW_MINIMUM_CHARGE,
            )


def _refuse_absurd_total(books: Books, *, field: str) -> None:
    total = sum(item.amount_minor for item in books.items)
    if total < 0:
        raise Refusal(
            f"The inspection's total must not be negative; it would be {books.money(total)}.",
            field=(field,),
            code=ErrorCode.TOTAL_NEGATIVE,
        )
    if total > AMOUNT_MINOR_MAX:
        raise InvalidAmount(f"The inspection's total must not exceed {books.money(AMOUNT_MINOR_MAX)}.", field=(field,))


def _description(description: str) -> str:
    return texts.line(description, field="description", length_max=DESCRIPTION_LENGTH_MAX)


def _amount(kind: LineItemKind, amount: Decimal, currency: str) -> int:
    minor = parse_amount(amount, currency, field="amount")
    if kind is LineItemKind.DISCOUNT and minor >= 0:
        raise InvalidAmount("amount must be negative for a DISCOUNT.", field=("amount",))
    if kind is not LineItemKind.DISCOUNT and minor <= 0:
        raise InvalidAmount("amount must be greater than zero; use a DISCOUNT to reduce the total.", field=("amount",))
    return minor


def _snapshot(item: LineItem) -> dict[str, str | int]:
    return {"kind": item.kind, "description": item.description, "amount_minor": item.amount_minor}


async def _books(principal: Principal, inspection_id: UUID) -> Books:
    if not await visible(Inspection, principal).filter(id=inspection_id).exists():
        raise NotFound("Inspection", field=("inspectionId",))
    books = await open_books(inspection_id)
    if books.inspection.status is InspectionStatus.CANCELED:
        raise Refusal("The inspection is canceled.", code=ErrorCode.INSPECTION_CANCELED)
    return books


async def _books_of(principal: Principal, line_item_id: UUID) -> tuple[Books, LineItem]:
    found = await visible(LineItem, principal).get_or_none(id=line_item_id, removed_at=None)
    if found is None:
        raise NotFound("LineItem", field=("lineItemId",))
    books = await _books(principal, found.inspection_id)
    item = next((item for item in books.items if item.id == line_item_id), None)
    if item is None:  # Removed by somebody else while we waited for the lock.
        raise NotFound("LineItem", field=("lineItemId",))
    return books, item
