"""Who bills what: how charges are spread over invoices so that every cent is billed exactly once."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar
from uuid import UUID

Key = TypeVar("Key")


def left_after(charges: Sequence[int], credit: int) -> list[int]:
    """What is left of each charge when `credit` is used up in display order. All in minor units."""
    return [charge - used for charge, used in zip(charges, taken_from(charges, credit), strict=True)]


def taken_from(charges: Sequence[int], amount: int) -> list[int]:
    """How much of each charge `amount` consumes in display order; what exceeds their sum is not taken."""
    taken = []
    for charge in charges:
        part = min(charge, amount)
        taken.append(part)
        amount -= part
    return taken


def split(amount: int, weights: Mapping[Key, int]) -> dict[Key, int]:
    """`amount` in proportion to `weights` by largest remainder: the parts sum to it exactly, ties go to the first.

    No part exceeds its weight as long as `amount` does not exceed the sum of the weights.
    """
    total = sum(weights.values())
    if total == 0:
        assert amount == 0, "nothing to split over"
        return dict.fromkeys(weights, 0)
    parts = {key: amount * weight // total for key, weight in weights.items()}
    by_remainder = sorted(weights, key=lambda key: -(amount * weights[key] % total))
    for key in by_remainder[: amount - sum(parts.values())]:
        parts[key] += 1
    return parts


@dataclass(frozen=True, slots=True)
class Bill:
    """One live invoice as the allocation sees it.

    `release_priority` orders separate invoices by which gives up lines first: 0 drafts, 1 open and unpaid, 2 paid ones.
    `tracks_services` says that it bills whole services, so that it also grows with them.
    """

    invoice_id: UUID
    primary: bool
    release_priority: int
    tracks_services: bool
    lines: Mapping[UUID, int]


def reallocate(bills: Sequence[Bill], items: Mapping[UUID, int]) -> dict[UUID, dict[UUID, int]]:
    """The lines of every live invoice after line items changed to the amounts in `items`.

    Guarantees, for a non-negative sum of items: each item's lines sum to its amount, no invoice's total is negative,
    and PRIMARY absorbs what it can before a separate invoice moves; among those, drafts release first.
    """
    lines = {bill.invoice_id: dict(bill.lines) for bill in bills}
    primary = next(bill.invoice_id for bill in bills if bill.primary)
    for item, amount in items.items():
        _bring_to(amount, item, bills, lines, primary)
    _lift_primary(bills, lines, primary)
    return {invoice: {item: part for item, part in parts.items() if part} for invoice, parts in lines.items()}


def _bring_to(
    amount: int, item: UUID, bills: Sequence[Bill], lines: dict[UUID, dict[UUID, int]], primary: UUID
) -> None:
    change = amount - sum(parts.get(item, 0) for parts in lines.values())
    on_primary = lines[primary].get(item, 0)
    if change >= 0 or amount < 0 or on_primary + change >= 0:
        holder = _sole_tracker(item, bills, lines) if change > 0 else None
        holder = holder or primary
        lines[holder][item] = lines[holder].get(item, 0) + change
        return
    lines[primary][item] = 0
    _take_back(-(change + on_primary), (item,), bills, lines)


def _sole_tracker(item: UUID, bills: Sequence[Bill], lines: Mapping[UUID, Mapping[UUID, int]]) -> UUID | None:
    """The separate invoice that bills the whole item and still may grow with it."""
    holders = [bill for bill in bills if lines[bill.invoice_id].get(item, 0)]
    if len(holders) == 1 and holders[0].tracks_services and not holders[0].primary:
        return holders[0].invoice_id
    return None


def _lift_primary(bills: Sequence[Bill], lines: dict[UUID, dict[UUID, int]], primary: UUID) -> None:
    """Move billing back to PRIMARY where discounts would leave its total below zero."""
    deficit = -sum(lines[primary].values())
    if deficit <= 0:
        return
    items = [item for parts in lines.values() for item in parts]
    for item, part in _take_back(deficit, items, bills, lines).items():
        lines[primary][item] = lines[primary].get(item, 0) + part


def _take_back(
    amount: int, items: Sequence[UUID], bills: Sequence[Bill], lines: dict[UUID, dict[UUID, int]]
) -> dict[UUID, int]:
    """Take `amount` off the separate invoices' lines for `items`; returns what was taken of each item."""
    wanted = set(items)
    taken: dict[UUID, int] = {}
    for rank in sorted({bill.release_priority for bill in bills if not bill.primary}):
        cells = {
            (bill.invoice_id, item): part
            for bill in bills
            if bill.release_priority == rank and not bill.primary
            for item, part in lines[bill.invoice_id].items()
            if item in wanted and part > 0
        }
        here = min(amount, sum(cells.values()))
        for (invoice, item), part in split(here, cells).items():
            lines[invoice][item] -= part
            taken[item] = taken.get(item, 0) + part
        amount -= here
    assert amount == 0, "separate invoices hold less than is to be taken back"
    return taken
