"""What an invoice adds up to: the one place where entries become balances and statuses."""

from collections.abc import Iterable
from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True)
class RefundEntry:
    """One refund as the balance sees it; minor units. `credited` is the part that its invoice no longer asks for."""

    amount: int
    status: RefundStatus
    credited: int = 0


@dataclass(frozen=True, slots=True)
class PaymentEntry:
    """One payment with its refunds as the balance sees it; minor units."""

    amount: int
    state: PaymentState
    refunds: tuple[RefundEntry, ...] = ()
    disputed: int = 0

    @property
    def refunded(self) -> int:
        """What has gone back to the payer."""
        return sum(refund.amount for refund in self.refunds if refund.status is RefundStatus.SUCCEEDED)

    @property
    def settled(self) -> int:
        """What we hold of it: all but what went back, and what a lost dispute or a bank's return took."""
        if self.state in SETTLED:
            return self.amount - self.refunded
        if self.state in TAKEN_BACK:
            return max(0, self.amount - self.refunded - self.disputed)
        return 0

    @property
    def refundable(self) -> int:
        """What may still go back: what was paid, less refunds made or under way, less what is or was disputed."""
        if self.state not in SETTLED + TAKEN_BACK:
            return 0
        held = (RefundStatus.REQUESTED, RefundStatus.PENDING, RefundStatus.SUCCEEDED)
        given_back = sum(refund.amount for refund in self.refunds if refund.status in held)
        return max(0, self.amount - given_back - self.disputed)


@dataclass(frozen=True, slots=True)
class Balance:
    """The stored figures of an invoice, in minor units.

    `remaining` is what is not paid yet; `overpaid` is money held beyond what is owed; `credited` is what refunds with
    disposition CREDIT took off what is owed.
    """

    total: int
    credited: int
    settled: int
    in_flight: int
    remaining: int
    overpaid: int
    refunded: int
    payment_status: PaymentStatus

    def columns(self) -> dict[str, int | PaymentStatus]:
        """The figures by the names of the columns that store them."""
        return {
            "total_minor": self.total,
            "credited_minor": self.credited,
            "settled_minor": self.settled,
            "in_flight_minor": self.in_flight,
            "remaining_minor": self.remaining,
            "overpaid_minor": self.overpaid,
            "refunded_minor": self.refunded,
            "payment_status": self.payment_status,
        }


def balance(*, total: int, status: InvoiceStatus, payments: Iterable[PaymentEntry], taken_over: int = 0) -> Balance:
    """Figures of one invoice from its lines' sum and its payments. A void invoice owes nothing.

    `taken_over` are credits of void invoices whose charges it bills now: what was given back is billed to nobody again.
    """
    payments = tuple(payments)
    settled = sum(payment.settled for payment in payments)
    in_flight = sum(payment.amount for payment in payments if payment.state in IN_FLIGHT)
    refunded = sum(payment.refunded for payment in payments)
    credited = taken_over + credits_of(payments)
    owed = 0 if status is InvoiceStatus.VOID else max(0, total - credited)
    remaining = max(0, owed - settled - in_flight)
    return Balance(
        total=total,
        credited=credited,
        settled=settled,
        in_flight=in_flight,
        remaining=remaining,
        overpaid=max(0, settled + in_flight - owed),
        refunded=refunded,
        payment_status=payment_status(
            owed=owed,
            settled=settled,
            in_flight=in_flight,
            remaining=remaining,
            refunded=refunded,
            disputed=any(payment.state is PaymentState.DISPUTED for payment in payments),
        ),
    )


def credits_of(payments: Iterable[PaymentEntry]) -> int:
    """What succeeded refunds of these payments took off what is owed."""
    return sum(
        refund.credited for payment in payments for refund in payment.refunds if refund.status is RefundStatus.SUCCEEDED
    )


def payment_status(
    *, owed: int, settled: int, in_flight: int, remaining: int, refunded: int, disputed: bool
) -> PaymentStatus:
    """What became of what is owed, in one word (S52): of an invoice, or summed up over an inspection's invoices.

    What needs somebody's attention comes first. What somebody still owes shows, whatever was given back before.
    """
    if disputed:
        return PaymentStatus.DISPUTED
    if settled > owed:
        return PaymentStatus.OVERPAID
    if in_flight:
        return PaymentStatus.PROCESSING
    if remaining:
        return PaymentStatus.PARTIALLY_PAID if settled else PaymentStatus.UNPAID
    if refunded:
        return PaymentStatus.PARTIALLY_REFUNDED if settled else PaymentStatus.REFUNDED
    return PaymentStatus.PAID if settled else PaymentStatus.NOT_DUE


def outstanding(status: InvoiceStatus, remaining: int, *, canceled: bool) -> int:
    """What somebody can still be asked for (S53), in minor units: not a draft's, a written-off or a canceled job's."""
    return remaining if status is InvoiceStatus.OPEN and not canceled else 0


def invoice_status(kind: InvoiceKind, current: InvoiceStatus, figures: Balance) -> InvoiceStatus:
    """Where an invoice stands once its entries changed: paid when nothing is owed or in flight, else open.

    Drafts and void invoices stay what they are: only a decision of a person moves those.
    """
    if current in (InvoiceStatus.DRAFT, InvoiceStatus.VOID):
        return current
    done = figures.remaining == 0 and figures.in_flight == 0
    if done and (kind is InvoiceKind.PRIMARY or figures.total > 0 or figures.settled > 0):
        return InvoiceStatus.PAID
    return InvoiceStatus.UNCOLLECTIBLE if current is InvoiceStatus.UNCOLLECTIBLE else InvoiceStatus.OPEN
