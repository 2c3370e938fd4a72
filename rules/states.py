"""The states of invoices, payments, refunds and emails, and which moves between them exist."""

from enum import StrEnum


class InvoiceKind(StrEnum):
    """PRIMARY is the client's, one per inspection; SEPARATE ones bill others."""

    PRIMARY = "PRIMARY"
    SEPARATE = "SEPARATE"


class InvoiceStatus(StrEnum):
    """Where an invoice stands between being prepared and being settled."""

    DRAFT = "DRAFT"
    OPEN = "OPEN"
    PAID = "PAID"
    VOID = "VOID"
    UNCOLLECTIBLE = "UNCOLLECTIBLE"


class PaymentStatus(StrEnum):
    """What the entries of an invoice or inspection add up to."""

    UNPAID = "UNPAID"
    PARTIALLY_PAID = "PARTIALLY_PAID"
    PROCESSING = "PROCESSING"
    PAID = "PAID"
    OVERPAID = "OVERPAID"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"
    DISPUTED = "DISPUTED"
    NOT_DUE = "NOT_DUE"


class PaymentMethod(StrEnum):
    """CARD and ACH go through Stripe; the others are recorded by hand."""

    CARD = "CARD"
    ACH = "ACH"
    CASH = "CASH"
    CHECK = "CHECK"
    OTHER = "OTHER"


class PaymentState(StrEnum):
    """Where one payment stands, from its checkout on."""

    CREATED = "CREATED"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    PROCESSING = "PROCESSING"
    UNKNOWN = "UNKNOWN"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"
    DISPUTED = "DISPUTED"
    LOST = "LOST"
    RETURNED = "RETURNED"
    RECORDED = "RECORDED"
    REMOVED = "REMOVED"


class RefundStatus(StrEnum):
    """Where giving money back stands."""

    REQUESTED = "REQUESTED"
    PENDING = "PENDING"
    SUCCEEDED = "SUCCEEDED"
    FAILED = "FAILED"
    CANCELED = "CANCELED"


class RefundDisposition(StrEnum):
    """CREDIT credits the invoice by the refund, so that it stays paid; REOPEN makes the amount due again."""

    CREDIT = "CREDIT"
    REOPEN = "REOPEN"


class EmailStatus(StrEnum):
    """Where one email of the outbox stands."""

    QUEUED = "QUEUED"
    SENDING = "SENDING"
    RETRY = "RETRY"
    ACCEPTED = "ACCEPTED"
    FAILED = "FAILED"
    UNCERTAIN = "UNCERTAIN"
    CANCELED = "CANCELED"


INVOICE_MOVES: dict[InvoiceStatus, frozenset[InvoiceStatus]] = {
    InvoiceStatus.DRAFT: frozenset({InvoiceStatus.OPEN, InvoiceStatus.VOID}),
    InvoiceStatus.OPEN: frozenset({InvoiceStatus.PAID, InvoiceStatus.VOID, InvoiceStatus.UNCOLLECTIBLE}),
    InvoiceStatus.PAID: frozenset({InvoiceStatus.OPEN}),
    InvoiceStatus.VOID: frozenset(),
    InvoiceStatus.UNCOLLECTIBLE: frozenset({InvoiceStatus.PAID, InvoiceStatus.VOID}),
}
assert INVOICE_MOVES.keys() == set(InvoiceStatus)

PAID_AT_STRIPE = frozenset({PaymentState.SUCCEEDED, PaymentState.DISPUTED, PaymentState.LOST, PaymentState.RETURNED})
"""Where a payment may be that Stripe says was paid; steps between may have been missed."""

_ENDED = frozenset({PaymentState.FAILED, PaymentState.CANCELED})

PAYMENT_MOVES: dict[PaymentState, frozenset[PaymentState]] = {
    PaymentState.CREATED: PAID_AT_STRIPE
    | _ENDED
    | {PaymentState.REQUIRES_ACTION, PaymentState.PROCESSING, PaymentState.UNKNOWN},
    PaymentState.REQUIRES_ACTION: PAID_AT_STRIPE | _ENDED | {PaymentState.PROCESSING, PaymentState.UNKNOWN},
    PaymentState.PROCESSING: PAID_AT_STRIPE | _ENDED | {PaymentState.REQUIRES_ACTION},
    PaymentState.UNKNOWN: PAID_AT_STRIPE | _ENDED | {PaymentState.REQUIRES_ACTION, PaymentState.PROCESSING},
    PaymentState.SUCCEEDED: PAID_AT_STRIPE - {PaymentState.SUCCEEDED},
    PaymentState.DISPUTED: PAID_AT_STRIPE - {PaymentState.DISPUTED},
    # A success that Stripe confirms wins over what we believed.
    PaymentState.FAILED: PAID_AT_STRIPE,
    PaymentState.CANCELED: PAID_AT_STRIPE,
    PaymentState.LOST: frozenset(),
    PaymentState.RETURNED: frozenset(),
    PaymentState.RECORDED: frozenset({PaymentState.REMOVED}),
    PaymentState.REMOVED: frozenset(),
}
assert PAYMENT_MOVES.keys() == set(PaymentState)

REFUND_MOVES: dict[RefundStatus, frozenset[RefundStatus]] = {
    RefundStatus.REQUESTED: frozenset(
        {RefundStatus.PENDING, RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.CANCELED}
    ),
    RefundStatus.PENDING: frozenset({RefundStatus.SUCCEEDED, RefundStatus.FAILED, RefundStatus.CANCELED}),
    # A bank may send a refund back days later.
    RefundStatus.SUCCEEDED: frozenset({RefundStatus.FAILED}),
    RefundStatus.FAILED: frozenset(),
    RefundStatus.CANCELED: frozenset(),
}
assert REFUND_MOVES.keys() == set(RefundStatus)

EMAIL_MOVES: dict[EmailStatus, frozenset[EmailStatus]] = {
    EmailStatus.QUEUED: frozenset({EmailStatus.SENDING, EmailStatus.CANCELED}),
    EmailStatus.SENDING: frozenset(
        {
            EmailStatus.ACCEPTED,
            EmailStatus.RETRY,
            EmailStatus.FAILED,
            EmailStatus.UNCERTAIN,
        }
    ),
    EmailStatus.RETRY: frozenset({EmailStatus.SENDING, EmailStatus.CANCELED}),
    EmailStatus.ACCEPTED: frozenset(),
    # By an operator alone: nothing that may have arrived is ever sent again by itself.
    EmailStatus.FAILED: frozenset({EmailStatus.QUEUED}),
    EmailStatus.UNCERTAIN: frozenset({EmailStatus.QUEUED}),
    EmailStatus.CANCELED: frozenset(),
}
assert EMAIL_MOVES.keys() == set(EmailStatus)

LIVE_SEPARATE = (InvoiceStatus.DRAFT, InvoiceStatus.OPEN)
"""A separate invoice somebody may still be asked to pay (S3, S7)."""

LIVE_PAYMENTS = (PaymentState.CREATED, PaymentState.REQUIRES_ACTION, PaymentState.PROCESSING, PaymentState.UNKNOWN)
"""Payments that may still bring money; an invoice has at most one."""

IN_FLIGHT = (PaymentState.PROCESSING, PaymentState.UNKNOWN)
"""Payments whose amount is spoken for until Stripe says how they ended."""

SETTLED = (PaymentState.SUCCEEDED, PaymentState.DISPUTED, PaymentState.RECORDED)
"""Payments whose money we hold; a disputed one is ours until it is lost."""

TAKEN_BACK = (PaymentState.LOST, PaymentState.RETURNED)
"""Payments of which a dispute or a bank took back the disputed part, most often all."""

MANUAL_METHODS = (PaymentMethod.CASH, PaymentMethod.CHECK, PaymentMethod.OTHER)


def next_payment_state(current: PaymentState, fetched: PaymentState) -> PaymentState:
    """`fetched` where that is a move from `current`, else `current`: late and repeated events never downgrade."""
    return fetched if fetched in PAYMENT_MOVES[current] else current


def next_refund_status(current: RefundStatus, fetched: RefundStatus) -> RefundStatus:
    """As `next_payment_state`, for refunds."""
    return fetched if fetched in REFUND_MOVES[current] else current
