"""Reconciliation: every stored balance recomputed from the entries, and payments compared with Stripe's balance."""

from collections.abc import AsyncIterator, Iterable
from dataclasses import dataclass
from uuid import UUID

from tortoise import connections
from tortoise.queryset import QuerySet
from tortoise.transactions import in_transaction

from gateways.stripe import StripeAccountHidden, StripeGateway
from gateways.stripe_answers import BalanceTransaction
from models import ConnectedAccount, Inspection, Invoice, Payment
from operations.ledger.inspection_ledger import InspectionLedger, load_ledger
from operations.ledger.posting import all_figures, entry, figures_of, inspection_figures, stored_of
from rules.states import PAID_AT_STRIPE, InvoiceKind, PaymentState, RefundStatus

BATCH = 200


@dataclass(frozen=True, slots=True)
class Discrepancy:
    """A stored figure that the entries don't bear out."""

    what: str
    figure: str
    stored: object
    proven: object

    def __str__(self) -> str:
        return f"{self.what}: {self.figure} is stored as {self.stored}, but the entries say {self.proven}."


async def reconcile_ledgers(company_id: UUID | None = None) -> AsyncIterator[Discrepancy]:
    """Every discrepancy between stored balances and statuses and what their entries add up to; changes nothing.

    Of one company, or of all.
    """
    last = UUID(int=0)
    rows = Inspection.all() if company_id is None else Inspection.filter(company_id=company_id)
    while True:
        keys = [row.id for row in await rows.filter(id__gt=last).order_by("id").limit(BATCH).only("id")]
        if not keys:
            return
        last = keys[-1]
        for key in keys:
            for discrepancy in await _reconcile_inspection(key):
                yield discrepancy


async def _reconcile_inspection(inspection_id: UUID) -> list[Discrepancy]:
    async with in_transaction():
        await connections.get("default").execute_query("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
        ledger = await load_ledger(inspection_id)
    return [*_discrepancies_of_lines(ledger), *_discrepancies_of_payments(ledger), *_discrepancies_of_balances(ledger)]


def _discrepancies_of_lines(ledger: InspectionLedger) -> list[Discrepancy]:
    live = {invoice.id for invoice in ledger.live}
    billed = {item.id: 0 for item in ledger.items}
    for line in ledger.lines:
        if line.invoice_id in live:
            billed[line.line_item_id] = billed.get(line.line_item_id, 0) + line.amount_minor
    amounts = {item.id: item.amount_minor for item in ledger.items}
    return _compare(
        (f"Line item {item}", "amount_minor", amounts.get(item, 0), amount) for item, amount in billed.items()
    )


def _discrepancies_of_payments(ledger: InspectionLedger) -> list[Discrepancy]:
    rows: list[tuple[str, str, object, object]] = []
    for payment in ledger.payments:
        proven = entry(payment)
        what = f"Payment {payment.id}"
        rows.append((what, "refunded_minor", payment.refunded_minor, proven.refunded))
        rows.append((what, "refundable_minor", payment.refundable_minor, proven.refundable))
        rows.append((what, "unread_reason", payment.unread_reason, None))
    return _compare(rows)


def _discrepancies_of_balances(ledger: InspectionLedger) -> list[Discrepancy]:
    rows: list[tuple[str, str, object, object]] = []
    for invoice in ledger.invoices:
        proven = stored_of(ledger, invoice, figures_of(ledger, invoice))
        rows += [(_name(invoice), name, getattr(invoice, name), value) for name, value in proven.items()]
    what = f"Inspection {ledger.inspection.number}"
    rows += [
        (what, name, getattr(ledger.inspection, name), value)
        for name, value in inspection_figures(ledger, all_figures(ledger)).items()
    ]
    return _compare(rows)


def _name(invoice: Invoice) -> str:
    return f"{'Primary invoice' if invoice.kind is InvoiceKind.PRIMARY else 'Invoice'} {invoice.number}"


def _compare(rows: Iterable[tuple[str, str, object, object]]) -> list[Discrepancy]:
    return [Discrepancy(what, figure, stored, proven) for what, figure, stored, proven in rows if stored != proven]


async def reconcile_stripe(company_id: UUID | None = None, *, stripe: StripeGateway) -> AsyncIterator[Discrepancy]:
    """Every discrepancy between our payments and Stripe's balance transactions, account by account; changes nothing.

    Raises StripeUnavailable or StripeRefused. Compares what the account's own currency shows, unconverted.
    """
    async for account in _accounts(company_id):
        assert account.account_id is not None
        try:
            balance_transactions = await stripe.read_balance_transactions(account.account_id)
        except StripeAccountHidden:
            continue  # `unseen` names it.
        payments = Payment.filter(company_id=account.company_id, stripe_account_id=account.account_id)
        known: set[str] = set()
        paid = payments.filter(stripe_payment_intent_id__isnull=False).prefetch_related("refunds")
        async for payment in paid.order_by("id"):
            intent = str(payment.stripe_payment_intent_id)
            known.add(intent)
            for discrepancy in _discrepancies_from_stripe(
                payment, balance_transactions.get(intent, BalanceTransaction(intent))
            ):
                yield discrepancy
        for intent in sorted(balance_transactions.keys() - known):
            if balance_transactions[intent].ours:  # What else a company takes on its account is none of our business.
                yield Discrepancy(
                    f"Payment intent {intent}", "captured", "no payment", balance_transactions[intent].captured
                )


def _accounts(company_id: UUID | None) -> QuerySet[ConnectedAccount]:
    accounts = ConnectedAccount.all() if company_id is None else ConnectedAccount.filter(company_id=company_id)
    return accounts.filter(account_id__isnull=False).order_by("id")


async def unseen(company_id: UUID | None = None) -> AsyncIterator[str]:
    """What could not be compared, a sentence each: accounts that Stripe hides, and payments it says nothing of."""
    async for account in _accounts(company_id).filter(hidden_since__isnull=False):
        yield f"Stripe has not shown us account {account.account_id} since {account.hidden_since:%Y-%m-%d %H:%M} UTC."
    payments = Payment.all() if company_id is None else Payment.filter(company_id=company_id)
    async for payment in payments.filter(unanswered_since__isnull=False).order_by("id"):
        yield f"Payment {payment.id} ({payment.state}): Stripe has not said what became of it."


def _discrepancies_from_stripe(payment: Payment, moved: BalanceTransaction) -> list[Discrepancy]:
    what = f"Payment {payment.id} ({payment.state})"
    paid = payment.amount_minor if payment.state in PAID_AT_STRIPE else 0
    # Stripe may move the money of a refund when it is made, or later: while it is pending, both agree with us.
    pending = sum(
        refund.amount_minor for refund in payment.refunds.related_objects if refund.status is RefundStatus.PENDING
    )
    refunded = payment.refunded_minor + (pending if moved.refunded > payment.refunded_minor else 0)
    taken = payment.disputed_minor if payment.state is not PaymentState.SUCCEEDED else 0
    return _compare(
        [
            (what, "amount at Stripe", paid, moved.captured),
            (what, "refunds at Stripe", refunded, moved.refunded),
            (what, "disputes at Stripe", taken, moved.taken_back),
        ]
    )
