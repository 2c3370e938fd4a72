"""Balances: figures follow from the entries, nothing is hidden and nothing is negative."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.balances import Balance, PaymentEntry, RefundEntry, balance, invoice_status, outstanding
from rules.states import (
    IN_FLIGHT,
    SETTLED,
    TAKEN_BACK,
    InvoiceKind,
    InvoiceStatus,
    PaymentState,
    PaymentStatus,
    RefundStatus,
)

cents = st.integers(1, 10_000)
statuses = st.sampled_from(sorted(InvoiceStatus))


@st.composite
def payments(draw: st.DrawFn) -> PaymentEntry:
    amount, state = draw(cents), draw(st.sampled_from(sorted(PaymentState)))
    refunds, left = [], amount
    while state in (PaymentState.SUCCEEDED, PaymentState.RECORDED) and left and draw(st.booleans()):
        part = draw(st.integers(1, left))
        status = draw(st.sampled_from(sorted(RefundStatus)))
        refunds.append(RefundEntry(part, status, credited=draw(st.integers(0, part))))
        left -= part
    disputable = (PaymentState.DISPUTED, PaymentState.LOST, PaymentState.RETURNED)
    return PaymentEntry(amount, state, tuple(refunds), draw(st.integers(0, amount)) if state in disputable else 0)


entries = st.lists(payments(), max_size=5)


def figures(total: int, *entries: PaymentEntry, status: InvoiceStatus = InvoiceStatus.OPEN) -> Balance:
    return balance(total=total, status=status, payments=entries)


def paid(amount: int, state: PaymentState = PaymentState.SUCCEEDED, *refunds: RefundEntry) -> PaymentEntry:
    return PaymentEntry(amount, state, refunds)


@given(cents, statuses, entries)
def test_remaining_and_overpaid_account_for_every_cent(
    total: int, status: InvoiceStatus, booked: list[PaymentEntry]
) -> None:
    found = balance(total=total, status=status, payments=booked)
    owed = 0 if status is InvoiceStatus.VOID else max(0, total - found.credited)
    assert found.remaining - found.overpaid == owed - found.settled - found.in_flight
    assert 0 in (found.remaining, found.overpaid)
    figures_of = (found.remaining, found.overpaid, found.settled, found.in_flight, found.refunded, found.credited)
    assert min(figures_of) >= 0


@given(cents, statuses, entries)
def test_order_of_entries_does_not_matter(total: int, status: InvoiceStatus, booked: list[PaymentEntry]) -> None:
    forwards = balance(total=total, status=status, payments=booked)
    assert forwards == balance(total=total, status=status, payments=reversed(booked))


@given(payments())
def test_never_more_is_refundable_than_was_paid(payment: PaymentEntry) -> None:
    assert 0 <= payment.refundable <= payment.amount - payment.refunded
    held = (RefundStatus.REQUESTED, RefundStatus.PENDING, RefundStatus.SUCCEEDED)
    left = payment.amount - payment.disputed - sum(part.amount for part in payment.refunds if part.status in held)
    assert payment.refundable == (left if payment.state in SETTLED + TAKEN_BACK else 0)


def test_a_credit_beyond_what_is_billed_is_no_debt_of_ours() -> None:
    """A credit beyond what is billed is not owed to anybody (S40)."""
    refund = RefundEntry(40, RefundStatus.SUCCEEDED, credited=40)
    assert figures(0, paid(100, PaymentState.SUCCEEDED, refund)).overpaid == 60
    rest = RefundEntry(60, RefundStatus.SUCCEEDED)
    assert figures(0, paid(100, PaymentState.SUCCEEDED, refund, rest)).overpaid == 0


@given(cents, entries)
def test_void_invoice_asks_for_nothing(total: int, booked: list[PaymentEntry]) -> None:
    found = figures(total, *booked, status=InvoiceStatus.VOID)
    assert found.remaining == 0
    assert found.overpaid == found.settled + found.in_flight


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ((), PaymentStatus.UNPAID),
        ((paid(100, PaymentState.FAILED), paid(100, PaymentState.CANCELED)), PaymentStatus.UNPAID),
        ((paid(100, PaymentState.REQUIRES_ACTION),), PaymentStatus.UNPAID),
        ((paid(100, PaymentState.REMOVED),), PaymentStatus.UNPAID),
        ((paid(40),), PaymentStatus.PARTIALLY_PAID),
        ((paid(40), paid(60, PaymentState.PROCESSING)), PaymentStatus.PROCESSING),
        ((paid(100, PaymentState.UNKNOWN),), PaymentStatus.PROCESSING),
        ((paid(100),), PaymentStatus.PAID),
        ((paid(100, PaymentState.RECORDED),), PaymentStatus.PAID),
        ((paid(100), paid(1)), PaymentStatus.OVERPAID),
        ((paid(100, PaymentState.DISPUTED),), PaymentStatus.DISPUTED),
        (
            (paid(100, PaymentState.SUCCEEDED, RefundEntry(30, RefundStatus.SUCCEEDED, credited=30)),),
            PaymentStatus.PARTIALLY_REFUNDED,
        ),
        (
            (paid(100, PaymentState.SUCCEEDED, RefundEntry(100, RefundStatus.SUCCEEDED, credited=100)),),
            PaymentStatus.REFUNDED,
        ),
        ((paid(100, PaymentState.SUCCEEDED, RefundEntry(30, RefundStatus.SUCCEEDED)),), PaymentStatus.PARTIALLY_PAID),
        ((paid(100, PaymentState.SUCCEEDED, RefundEntry(100, RefundStatus.SUCCEEDED)),), PaymentStatus.UNPAID),
        ((PaymentEntry(100, PaymentState.LOST, disputed=100),), PaymentStatus.UNPAID),
        ((PaymentEntry(100, PaymentState.LOST, disputed=40),), PaymentStatus.PARTIALLY_PAID),
        ((paid(100, PaymentState.SUCCEEDED, RefundEntry(30, RefundStatus.PENDING)),), PaymentStatus.PAID),
        ((paid(100, PaymentState.SUCCEEDED, RefundEntry(30, RefundStatus.FAILED)),), PaymentStatus.PAID),
    ],
)
def test_one_word_says_what_entries_add_up_to(entries: tuple[PaymentEntry, ...], status: PaymentStatus) -> None:
    assert figures(100, *entries).payment_status is status


@pytest.mark.parametrize(
    ("entries", "status"),
    [
        ((), PaymentStatus.NOT_DUE),
        ((paid(40, PaymentState.CANCELED),), PaymentStatus.NOT_DUE),
        ((PaymentEntry(40, PaymentState.LOST, disputed=40),), PaymentStatus.NOT_DUE),
        ((paid(40),), PaymentStatus.OVERPAID),
        ((paid(40, PaymentState.SUCCEEDED, RefundEntry(40, RefundStatus.SUCCEEDED)),), PaymentStatus.REFUNDED),
    ],
)
def test_nothing_is_due_where_nothing_is_owed_and_nothing_was_paid(
    entries: tuple[PaymentEntry, ...], status: PaymentStatus
) -> None:
    """Of a void invoice, and where there are no charges, the word is NOT_DUE unless money came in (S52)."""
    assert figures(100, *entries, status=InvoiceStatus.VOID).payment_status is status
    assert figures(0, *entries).payment_status is status


@given(cents, entries, st.sampled_from(sorted(InvoiceStatus)), st.booleans())
def test_only_open_invoices_of_live_jobs_are_outstanding(
    total: int, booked: list[PaymentEntry], status: InvoiceStatus, canceled: bool
) -> None:
    """Outstanding is all that remains of an open invoice, and nothing of any other (S53)."""
    found = figures(total, *booked, status=status)
    asked = outstanding(status, found.remaining, canceled=canceled)
    assert asked == (found.remaining if status is InvoiceStatus.OPEN and not canceled else 0)


@given(cents, cents)
def test_a_credit_taken_over_asks_for_so_much_less(total: int, credit: int) -> None:
    """What was given back on a void invoice is asked of nobody again (S40)."""
    found = balance(total=total, status=InvoiceStatus.OPEN, payments=(), taken_over=credit)
    assert (found.credited, found.remaining, found.overpaid) == (credit, max(0, total - credit), 0)


def test_credit_keeps_an_invoice_paid_and_reopening_makes_it_due() -> None:
    credit = figures(100, paid(100, PaymentState.SUCCEEDED, RefundEntry(30, RefundStatus.SUCCEEDED, credited=30)))
    assert (credit.remaining, credit.settled) == (0, 70)
    reopened = figures(100, paid(100, PaymentState.SUCCEEDED, RefundEntry(30, RefundStatus.SUCCEEDED)))
    assert (reopened.remaining, reopened.settled) == (30, 70)


def test_lost_dispute_and_return_make_the_amount_due_again() -> None:
    for state in (PaymentState.LOST, PaymentState.RETURNED):
        found = figures(100, PaymentEntry(100, state, disputed=100))
        assert (found.remaining, found.settled) == (100, 0)
        assert invoice_status(InvoiceKind.SEPARATE, InvoiceStatus.PAID, found) is InvoiceStatus.OPEN


@given(st.sampled_from(sorted(InvoiceKind)), cents, entries)
def test_drafts_and_void_invoices_move_by_decision_alone(
    kind: InvoiceKind, total: int, booked: list[PaymentEntry]
) -> None:
    for status in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
        assert invoice_status(kind, status, figures(total, *booked, status=status)) is status


@given(st.sampled_from(sorted(InvoiceKind)), cents, entries)
def test_paid_means_nothing_remains_and_nothing_is_under_way(
    kind: InvoiceKind, total: int, booked: list[PaymentEntry]
) -> None:
    found = figures(total, *booked)
    done = found.remaining == 0 and not any(payment.state in IN_FLIGHT for payment in booked)
    assert (invoice_status(kind, InvoiceStatus.OPEN, found) is InvoiceStatus.PAID) == done
    written_off = invoice_status(kind, InvoiceStatus.UNCOLLECTIBLE, found)
    assert written_off is (InvoiceStatus.PAID if done else InvoiceStatus.UNCOLLECTIBLE)


def test_primary_without_charges_is_paid() -> None:
    assert invoice_status(InvoiceKind.PRIMARY, InvoiceStatus.OPEN, figures(0)) is InvoiceStatus.PAID
