"""Allocation: every cent is billed exactly once, nothing turns negative, and drafts yield first."""

from dataclasses import dataclass
from uuid import UUID, uuid4

from hypothesis import assume, given
from hypothesis import strategies as st

from rules.allocation import Bill, left_after, reallocate, split, taken_from

cents = st.integers(0, 1_000)
charges = st.lists(cents, max_size=6)


@given(charges, cents)
def test_taken_and_left_sum_to_the_charges(amounts: list[int], amount: int) -> None:
    taken, left = taken_from(amounts, amount), left_after(amounts, amount)
    assert [one + other for one, other in zip(taken, left, strict=True)] == amounts
    assert sum(taken) == min(amount, sum(amounts))
    assert all(part >= 0 for part in [*taken, *left])


@given(charges, cents)
def test_charges_are_used_up_in_display_order(amounts: list[int], amount: int) -> None:
    left = left_after(amounts, amount)
    touched = [index for index, (part, whole) in enumerate(zip(left, amounts, strict=True)) if part < whole]
    for index in touched[:-1]:
        assert left[index] == 0


@given(st.dictionaries(st.integers(), st.integers(1, 1_000), min_size=1), st.data())
def test_split_is_exact_and_fair(weights: dict[int, int], data: st.DataObject) -> None:
    total = sum(weights.values())
    amount = data.draw(st.integers(0, total))
    parts = split(amount, weights)
    assert sum(parts.values()) == amount
    for key, weight in weights.items():
        assert 0 <= parts[key] <= weight
        assert abs(parts[key] * total - amount * weight) < total


def test_ties_go_to_the_first() -> None:
    assert split(1, {"a": 1, "b": 1, "c": 1}) == {"a": 1, "b": 0, "c": 0}
    assert split(100, {"a": 1, "b": 1, "c": 1}) == {"a": 34, "b": 33, "c": 33}


@dataclass(frozen=True)
class Change:
    bills: list[Bill]
    items: dict[UUID, int]


@st.composite
def changes(draw: st.DrawFn, *, discounts: bool = True) -> Change:
    """A consistent set of invoices, and what its line items change to."""
    ids = [uuid4() for _ in range(draw(st.integers(1, 4)))]
    amounts = {item: draw(st.integers(1, 1_000)) for item in ids}
    discount, reduction = uuid4(), draw(st.integers(0, sum(amounts.values()))) if discounts else 0
    separate = [
        (draw(st.integers(0, 2)), draw(st.booleans()), draw(st.integers(0, 1_000)))
        for _ in range(draw(st.integers(0, 3)))
    ]
    held = dict(amounts)
    free = sum(amounts.values()) - reduction
    bills = []
    for release_priority, tracks_services, wanted in separate:
        parts = taken_from(list(held.values()), min(wanted, free))
        lines = {item: part for item, part in zip(held, parts, strict=True) if part}
        held = {item: held[item] - lines.get(item, 0) for item in held}
        free -= sum(lines.values())
        bills.append(
            Bill(
                uuid4(),
                primary=False,
                release_priority=release_priority,
                tracks_services=tracks_services and release_priority < 2,
                lines=lines,
            )
        )
    primary = {item: part for item, part in held.items() if part} | ({discount: -reduction} if reduction else {})
    bills.insert(0, Bill(uuid4(), primary=True, release_priority=1, tracks_services=False, lines=primary))
    changed = {item: draw(st.sampled_from([amount, draw(st.integers(0, 1_500))])) for item, amount in amounts.items()}
    if discounts:
        changed[discount] = -draw(st.integers(0, sum(changed.values())))
    return Change(bills, changed)


@given(changes())
def test_lines_sum_to_the_charges_and_nothing_is_negative(change: Change) -> None:
    lines = reallocate(change.bills, change.items)
    assert lines.keys() == {bill.invoice_id for bill in change.bills}
    for item, amount in change.items.items():
        assert sum(parts.get(item, 0) for parts in lines.values()) == amount
    for bill in change.bills:
        parts = lines[bill.invoice_id]
        assert sum(parts.values()) >= 0
        assert 0 not in parts.values()
        if not bill.primary:
            assert all(part > 0 for part in parts.values())


@given(changes())
def test_no_line_appears_on_an_invoice_that_did_not_bill_it(change: Change) -> None:
    lines = reallocate(change.bills, change.items)
    for bill in change.bills:
        if not bill.primary:
            assert lines[bill.invoice_id].keys() <= bill.lines.keys()


@given(changes())
def test_settled_invoices_never_grow(change: Change) -> None:
    lines = reallocate(change.bills, change.items)
    for bill in change.bills:
        if not bill.primary and not bill.tracks_services:
            assert all(part <= bill.lines[item] for item, part in lines[bill.invoice_id].items())


@given(changes(discounts=False))
def test_drafts_yield_before_open_ones_and_those_before_settled_ones(change: Change) -> None:
    lines = reallocate(change.bills, change.items)
    for item in change.items:
        for bill in change.bills:
            if bill.primary or lines[bill.invoice_id].get(item, 0) >= bill.lines.get(item, 0):
                continue
            softer = [
                other for other in change.bills if not other.primary and other.release_priority < bill.release_priority
            ]
            assert all(lines[other.invoice_id].get(item, 0) == 0 for other in softer)


@given(changes(discounts=False))
def test_primary_yields_before_anybody_else(change: Change) -> None:
    lines = reallocate(change.bills, change.items)
    primary = change.bills[0]
    for item in change.items:
        for bill in change.bills[1:]:
            if lines[bill.invoice_id].get(item, 0) < bill.lines.get(item, 0):
                assert lines[primary.invoice_id].get(item, 0) == 0


@given(changes())
def test_same_charges_change_nothing(change: Change) -> None:
    items = {item: sum(bill.lines.get(item, 0) for bill in change.bills) for item in change.items}
    assume(sum(items.values()) >= 0)
    assert reallocate(change.bills, items) == {bill.invoice_id: dict(bill.lines) for bill in change.bills}
