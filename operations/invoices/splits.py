"""What a separate invoice bills: the part of the charges that are unpaid and on no other invoice."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from uuid import UUID

from operations.ledger.inspection_ledger import InspectionLedger
from rules.allocation import taken_from
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.money import Money, minimum_charge, parse_bounded_amount

SERVICES_MAX = 500
"""How many services one invoice may be made of: what an input may make us look for has a bound."""


class AmountExceedsInvoiceable(Refusal):
    """A fixed amount above what is still unpaid and on no other live invoice (S43)."""

    code = ErrorCode.AMOUNT_EXCEEDS_INVOICEABLE

    def __init__(self, limit: Money) -> None:
        super().__init__(f"Fixed amount cannot exceed {limit}", field=("fixedAmount",))


@dataclass(frozen=True, slots=True)
class InvoiceSplit:
    """What a separate invoice bills: chosen line items, or a fixed amount in major units. Exactly one of the two."""

    line_item_ids: Sequence[UUID] | None
    fixed_amount: Decimal | None


def check_split(split: InvoiceSplit, currency: str) -> None:
    """Raises Refusal for a split that no inspection could have, whatever there is to invoice."""
    if (split.line_item_ids is None) == (split.fixed_amount is None):
        raise Refusal("Give either lineItemIds or fixedAmount: exactly one of the two.", field=("fixedAmount",))
    if split.fixed_amount is not None:
        parse_bounded_amount(split.fixed_amount, currency, field="fixedAmount")
    elif not split.line_item_ids:
        raise Refusal("lineItemIds must name at least one service.", field=("lineItemIds",))
    elif len(split.line_item_ids) > SERVICES_MAX:
        raise Refusal(f"lineItemIds must name at most {SERVICES_MAX} services.", field=("lineItemIds",))


def split_lines(ledger: InspectionLedger, split: InvoiceSplit, *, own: Mapping[UUID, int]) -> dict[UUID, int]:
    """The lines that the split makes, in minor units; `own` is what the edited draft bills already."""
    available = ledger.invoiceable()
    available = {
        item.id: available.get(item.id, 0) + own.get(item.id, 0)
        for item in ledger.items
        if item.id in available or item.id in own
    }
    check_split(split, ledger.inspection.currency)
    if split.fixed_amount is not None:
        lines = _fixed(ledger, available, split.fixed_amount)
    else:
        lines = _services(ledger, available, split.line_item_ids or ())
    field = "lineItemIds" if split.fixed_amount is None else "fixedAmount"
    left_minor = sum(available.values()) - sum(lines.values())
    _refuse_unpayable_split(ledger, sum(lines.values()), left_minor=left_minor, field=field)
    return lines


def _fixed(ledger: InspectionLedger, available: dict[UUID, int], amount: Decimal) -> dict[UUID, int]:
    amount_minor = parse_bounded_amount(amount, ledger.inspection.currency, field="fixedAmount")
    limit = sum(available.values())
    if amount_minor > limit:
        raise AmountExceedsInvoiceable(ledger.money(limit))
    taken = taken_from(list(available.values()), amount_minor)
    return {item: part for item, part in zip(available, taken, strict=True) if part}


def _services(ledger: InspectionLedger, available: dict[UUID, int], chosen: Sequence[UUID]) -> dict[UUID, int]:
    descriptions = {item.id: item.description for item in ledger.items}
    with Checks() as check:
        for place, item_id in enumerate(chosen):
            with check.at("lineItemIds", place):
                if item_id not in descriptions:
                    raise NotFound("LineItem")
                if available.get(item_id, 0) == 0:
                    said = f"{descriptions[item_id]} has nothing left to invoice."
                    raise Refusal(said, code=ErrorCode.NOTHING_TO_INVOICE)
    return {item_id: available[item_id] for item_id in available if item_id in set(chosen)}


def _refuse_unpayable_split(ledger: InspectionLedger, amount_minor: int, *, left_minor: int, field: str) -> None:
    least = minimum_charge(ledger.inspection.currency)
    if amount_minor < least.amount_minor:
        raise Refusal(
            f"An invoice must be at least {least}, the smallest amount that can be charged.",
            field=(field,),
            code=ErrorCode.BELOW_MINIMUM_CHARGE,
        )
    if 0 < left_minor < least.amount_minor:
        raise Refusal(
            f"This would leave {ledger.money(left_minor)} to the client, below the smallest amount that can be charged,"
            f" {least}.",
            field=(field,),
            code=ErrorCode.BELOW_MINIMUM_CHARGE,
        )
