"""States: no way out of terminal ones, and late or repeated news never downgrade."""

from hypothesis import given
from hypothesis import strategies as st

from rules.states import (
    EMAIL_MOVES,
    INVOICE_MOVES,
    PAYMENT_MOVES,
    REFUND_MOVES,
    EmailStatus,
    InvoiceStatus,
    PaymentState,
    RefundStatus,
    next_payment_state,
    next_refund_status,
)

AT_STRIPE = sorted(set(PaymentState) - {PaymentState.RECORDED, PaymentState.REMOVED})
HAPPENED = {PaymentState.SUCCEEDED, PaymentState.DISPUTED, PaymentState.LOST, PaymentState.RETURNED}
payment_states = st.sampled_from(AT_STRIPE)


def test_every_move_leads_somewhere_known_and_elsewhere() -> None:
    for moves in (INVOICE_MOVES, PAYMENT_MOVES, REFUND_MOVES, EMAIL_MOVES):
        for state, targets in moves.items():
            assert state not in targets
            assert targets <= set(type(state))


def test_nothing_leaves_a_terminal_state() -> None:
    assert INVOICE_MOVES[InvoiceStatus.VOID] == frozenset()
    for state in (PaymentState.LOST, PaymentState.RETURNED, PaymentState.REMOVED):
        assert PAYMENT_MOVES[state] == frozenset()
    for refund in (RefundStatus.FAILED, RefundStatus.CANCELED):
        assert REFUND_MOVES[refund] == frozenset()
    for email in (EmailStatus.ACCEPTED, EmailStatus.CANCELED):
        assert EMAIL_MOVES[email] == frozenset()


def test_moves_are_those_of_the_specification() -> None:
    assert INVOICE_MOVES[InvoiceStatus.DRAFT] == {InvoiceStatus.OPEN, InvoiceStatus.VOID}
    assert INVOICE_MOVES[InvoiceStatus.PAID] == {InvoiceStatus.OPEN}
    assert INVOICE_MOVES[InvoiceStatus.UNCOLLECTIBLE] == {InvoiceStatus.PAID, InvoiceStatus.VOID}
    assert PAYMENT_MOVES[PaymentState.RECORDED] == {PaymentState.REMOVED}
    assert REFUND_MOVES[RefundStatus.SUCCEEDED] == {RefundStatus.FAILED}
    assert EMAIL_MOVES[EmailStatus.QUEUED] == {EmailStatus.SENDING, EmailStatus.CANCELED}


@given(st.lists(payment_states, max_size=30))
def test_money_that_came_is_never_forgotten(news: list[PaymentState]) -> None:
    state, succeeded = PaymentState.CREATED, False
    for fetched in news:
        state = next_payment_state(state, fetched)
        succeeded = succeeded or fetched in HAPPENED
        assert (state in HAPPENED) == succeeded


@given(payment_states, payment_states)
def test_repeated_payment_news_change_nothing(current: PaymentState, fetched: PaymentState) -> None:
    once = next_payment_state(current, fetched)
    assert next_payment_state(once, fetched) == once
    assert once in (current, fetched)


def test_confirmed_success_wins_over_what_we_believed() -> None:
    for state in (PaymentState.FAILED, PaymentState.CANCELED, PaymentState.UNKNOWN, PaymentState.PROCESSING):
        assert next_payment_state(state, PaymentState.SUCCEEDED) is PaymentState.SUCCEEDED


def test_late_news_do_not_downgrade_a_success() -> None:
    unsettled = set(PaymentState) - HAPPENED
    for late in unsettled:
        assert next_payment_state(PaymentState.SUCCEEDED, late) is PaymentState.SUCCEEDED


def test_payment_taken_by_hand_hears_nothing_from_stripe() -> None:
    for fetched in AT_STRIPE:
        assert next_payment_state(PaymentState.RECORDED, fetched) is PaymentState.RECORDED
        assert next_payment_state(PaymentState.REMOVED, fetched) is PaymentState.REMOVED


@given(st.lists(st.sampled_from(sorted(RefundStatus)), max_size=20))
def test_refunds_end_once(news: list[RefundStatus]) -> None:
    status, ended = RefundStatus.REQUESTED, None
    for fetched in news:
        status = next_refund_status(status, fetched)
        assert ended in (None, status)
        ended = status if status in (RefundStatus.FAILED, RefundStatus.CANCELED) else None
