"""Charges: adding, editing and removing line items, and the invoices that follow them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import TypeVar
from uuid import UUID

from gateways.stripe import StripeGateway
from models import AutomationTrigger, Inspection, InspectionStatus, LineItem, LineItemKind, Service
from operations.audit_log import record, record_all
from operations.automation_events import emit
from operations.currencies import currency_of
from operations.inspections.agreements import update_agreement
from operations.inspections.amounts import checked_amount
from operations.inspections.catalogue import find_offered
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger_with
from operations.ledger.invoice_lines import track_line_items
from operations.ledger.posting import post
from operations.ledger.voiding import void
from operations.payments.checkout_expiry import with_checkouts_expired
from operations.transactions import transaction, unit_of_work
from rules import clock, texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.identifiers import new_id
from rules.limits import DESCRIPTION_LENGTH_MAX
from rules.money import AMOUNT_MINOR_MAX, InvalidAmount, minimum_charge, parse_amount
from rules.states import InvoiceKind

Value = TypeVar("Value")


@dataclass(frozen=True, slots=True)
class NewLineItem:
    """A charge to add; `amount` in major units, negative for a DISCOUNT.

    With a `service_id`, what is None is taken from that entry of the catalogue, as it is now.
    """

    kind: LineItemKind | None = None
    description: str | None = None
    amount: Decimal | None = None
    service_id: UUID | None = None


@dataclass(frozen=True, slots=True)
class AddLineItem:
    """A charge to add to an inspection, and whether agreements are to be regenerated with its new total."""

    inspection_id: UUID
    new: NewLineItem
    update_agreements: bool


@dataclass(frozen=True, slots=True)
class UpdateLineItem:
    """What is to be different about a charge, `amount` in major units; what is None stays as it is."""

    line_item_id: UUID
    description: str | None = None
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class Charge:
    """A charge that was checked; `amount_minor` in minor units."""

    kind: LineItemKind
    description: str
    amount_minor: int


def checked_charge(new: NewLineItem, currency: str, services: Mapping[UUID, Service]) -> Charge:
    """The charge, if all of it is as it must be; `services` are those that it may be taken from.

    Raises what is wrong with it, all at once.
    """
    service = services.get(new.service_id) if new.service_id else None
    if new.service_id is not None and service is None:
        raise NotFound("Service", field=("serviceId",))
    with Checks() as check:
        kind = check(_given, "kind", new.kind, service.kind if service else None)
        description = check(_described, new, service.name if service else None)
        amount = check(_given, "amount", new.amount, service.amount.amount if service else None)
        if kind is not None and amount is not None:
            amount_minor = check(checked_amount, kind, amount, currency)
    return Charge(kind, description, amount_minor)


def _described(new: NewLineItem, otherwise: str | None) -> str:
    return _description(_given("description", new.description, otherwise))


def _given(field: str, value: Value | None, otherwise: Value | None) -> Value:
    """The value, or the catalogue's in its place. Raises Refusal where there is neither."""
    found = otherwise if value is None else value
    if found is None:
        raise Refusal(f"{field} must be given, unless serviceId is.", field=(field,))
    return found


async def add_line_item(principal: Principal, command: AddLineItem, *, stripe: StripeGateway) -> UUID:
    """Add a charge; what may be invoiced rises by its amount. Returns its key."""
    return await with_checkouts_expired(lambda: _add(principal, command), stripe=stripe)


@transaction
async def _add(principal: Principal, command: AddLineItem) -> UUID:
    with Checks() as check:
        services = await find_offered(principal, [command.new.service_id])
        charge = check(checked_charge, command.new, await currency_of(principal), services)
        ledger = await _lock_ledger(principal, command.inspection_id)
    (item,) = await insert_line_items(ledger, [charge], by=principal, field="amount")
    await _follow(ledger, by=principal, field="amount")
    if command.update_agreements:
        await update_agreement(ledger, by=principal)
    if item.kind is not LineItemKind.DISCOUNT:
        await emit(ledger.inspection, AutomationTrigger.FEE_ADDED, item.id)
    return item.id


async def update_line_item(principal: Principal, changes: UpdateLineItem, *, stripe: StripeGateway) -> UUID:
    """Change a charge's description or amount; drafts and PRIMARY follow. Returns its key."""
    return await with_checkouts_expired(lambda: _update(principal, changes), stripe=stripe)


@transaction
async def _update(principal: Principal, changes: UpdateLineItem) -> UUID:
    description = changes.description
    with Checks() as check:
        if description is not None:
            description = check(_description, description)
        if changes.amount is not None:
            check(parse_amount, changes.amount, await currency_of(principal), field="amount")
        ledger, item = await _lock_ledger_of(principal, changes.line_item_id)
    before = _snapshot(item)
    if description is not None:
        item.description = description
    if changes.amount is not None:
        item.amount_minor = checked_amount(item.kind, changes.amount, item.currency)
    await record(ledger.inspection, "line_item.updated", item.id, by=principal, before=before, after=_snapshot(item))
    await _follow(ledger, by=principal, field="amount")
    return item.id


async def remove_line_item(principal: Principal, line_item_id: UUID, *, stripe: StripeGateway) -> UUID:
    """Remove a charge; returns the inspection's key."""
    return await with_checkouts_expired(lambda: _remove(principal, line_item_id), stripe=stripe)


@transaction
async def _remove(principal: Principal, line_item_id: UUID) -> UUID:
    ledger, item = await _lock_ledger_of(principal, line_item_id)
    await record(ledger.inspection, "line_item.removed", item.id, by=principal, before=_snapshot(item))
    item.amount_minor, item.removed_at = 0, clock.now()
    ledger.items.remove(item)
    await _follow(ledger, by=principal, field="lineItemId")
    return ledger.inspection.id


async def insert_line_items(
    ledger: InspectionLedger, charges: Sequence[Charge], *, by: Principal, field: str
) -> list[LineItem]:
    """Write new charges behind the present ones; whoever calls this lets the invoices follow.

    A refusal of their total names `field` of the input.
    """
    last = max((item.position for item in ledger.items), default=0)
    items = [
        LineItem(
            id=new_id(),
            company_id=ledger.company.id,
            inspection_id=ledger.inspection.id,
            kind=charge.kind,
            description=charge.description,
            currency=ledger.inspection.currency,
            amount_minor=charge.amount_minor,
            position=position,
        )
        for position, charge in enumerate(charges, start=last + 1)
    ]
    unit_of_work().add(*items)
    await record_all(ledger.inspection, "line_item.added", {item.id: _snapshot(item) for item in items}, by=by)
    ledger.items.extend(items)
    _refuse_absurd_total(ledger, field=field)
    return items


async def _follow(ledger: InspectionLedger, *, by: Principal, field: str) -> None:
    """Let the invoices follow the charges; refusals name `field` of the input."""
    _refuse_absurd_total(ledger, field=field)
    before = {invoice.id: invoice.remaining_minor for invoice in ledger.invoices}
    track_line_items(ledger)
    await _void_empty(ledger, by=by)
    await post(ledger)
    _refuse_unpayable(ledger, before, field=field)


async def _void_empty(ledger: InspectionLedger, *, by: Principal) -> None:
    """A separate invoice that has nothing left to bill, and neither received nor awaits money, is void."""
    for invoice in ledger.live:
        unpaid = invoice.settled_minor == 0 and invoice.in_flight_minor == 0
        if invoice.kind is InvoiceKind.SEPARATE and not ledger.lines_of(invoice) and unpaid:
            await void(ledger, invoice, by=by, reason="nothing to bill")


def _refuse_unpayable(ledger: InspectionLedger, before: Mapping[UUID, int], *, field: str) -> None:
    """Of what the edit changed: a little that some refund left due must not keep the charges from being edited."""
    least = minimum_charge(ledger.inspection.currency)
    for invoice in ledger.live:
        changed = invoice.remaining_minor != before[invoice.id]
        if changed and invoice.kind is InvoiceKind.SEPARATE and 0 < invoice.remaining_minor < least.amount_minor:
            raise Refusal(
                f"This would leave {ledger.money(invoice.remaining_minor)} on invoice {invoice.number}, below the"
                f" minimum charge of {least}. Void that invoice first.",
                field=(field,),
                code=ErrorCode.BELOW_MINIMUM_CHARGE,
            )


def _refuse_absurd_total(ledger: InspectionLedger, *, field: str) -> None:
    total = sum(item.amount_minor for item in ledger.items)
    if total < 0:
        raise Refusal(
            f"The inspection's total must not be negative; it would be {ledger.money(total)}.",
            field=(field,),
            code=ErrorCode.TOTAL_NEGATIVE,
        )
    if total > AMOUNT_MINOR_MAX:
        raise InvalidAmount(f"The inspection's total must not exceed {ledger.money(AMOUNT_MINOR_MAX)}.", field=(field,))


def _description(description: str) -> str:
    return texts.line(description, field="description", length_max=DESCRIPTION_LENGTH_MAX)


def _snapshot(item: LineItem) -> dict[str, str | int]:
    return {"kind": item.kind, "description": item.description, "amount_minor": item.amount_minor}


async def _lock_ledger(principal: Principal, inspection_id: UUID) -> InspectionLedger:
    ledger = await lock_ledger_with(Inspection, inspection_id, by=principal)
    _refuse_canceled(ledger)
    return ledger


def _refuse_canceled(ledger: InspectionLedger) -> None:
    if ledger.inspection.status is InspectionStatus.CANCELED:
        raise Refusal("The inspection is canceled.", code=ErrorCode.INSPECTION_CANCELED)


async def _lock_ledger_of(principal: Principal, line_item_id: UUID) -> tuple[InspectionLedger, LineItem]:
    ledger = await lock_ledger_with(LineItem, line_item_id, by=principal)
    item = next((item for item in ledger.items if item.id == line_item_id), None)
    if item is None:  # Removed.
        raise NotFound("LineItem", field=("lineItemId",))
    _refuse_canceled(ledger)
    return ledger, item
