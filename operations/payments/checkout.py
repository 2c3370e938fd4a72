"""Paying an invoice at Stripe: starting a checkout, and canceling it."""

from dataclasses import dataclass
from datetime import timedelta
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from gateways.stripe import StripeGateway, StripeRefused, StripeUnavailable
from models import ConnectedAccount, InspectionPerson, InspectionStatus, Invoice, Payment, StripeStatus
from models.visible import find_visible, visible
from operations.audit_log import record
from operations.currencies import currency_of
from operations.idempotency import KeyedCommand, claim
from operations.leases import Turns, claim_due
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger
from operations.ledger.posting import CheckoutsOpen
from operations.payments.checkout_expiry import (
    PaymentInProgress,
    ProviderUnavailable,
    expire_checkout,
    with_checkouts_expired,
)
from operations.payments.fetch_payments import checkout_request
from operations.payments.payment_records import create_payment
from operations.payments.sync_payments import apply_payment, mark_unknown, note_refusal
from operations.transactions import transaction
from rules import clock
from rules.access import Principal, Scope
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.links import Portals
from rules.money import minimum_charge, parse_positive_amount
from rules.notices import whom_to_pay
from rules.retry import next_poll_delay
from rules.states import LIVE_PAYMENTS, InvoiceKind, InvoiceStatus, PaymentMethod, PaymentState

CHECKOUT_LIFE = timedelta(hours=12)
"""How long a checkout can be paid; Stripe allows 30 minutes to 24 hours."""


class InvoiceNotPayable(Refusal):
    """An invoice that takes no payment now, or not from this caller."""

    code = ErrorCode.INVOICE_NOT_PAYABLE


@dataclass(frozen=True, slots=True, kw_only=True)
class StartPayment(KeyedCommand):
    """Begin paying an invoice: `amount` in major units, or all that remains."""

    operation: ClassVar[str] = "startPayment"
    invoice_id: UUID
    amount: Decimal | None = None


@dataclass(frozen=True, slots=True)
class _Begun:
    payment: Payment
    invoice: Invoice

    @property
    def needs_checkout(self) -> bool:
        """Whether nobody was told the address of its checkout yet."""
        return self.payment.state in LIVE_PAYMENTS and self.payment.checkout_session_id is None


async def start_payment(
    principal: Principal, command: StartPayment, *, portals: Portals, stripe: StripeGateway
) -> UUID:
    """Begin paying an invoice, by default all that remains of it; returns the payment's key.

    While a checkout is open, asking again for the same amount returns its payment; another amount ends it first.
    """
    return_url = portals.client_url if principal.scope is Scope.CLIENT else portals.payment_url
    begun = await with_checkouts_expired(lambda: _begin(principal, command, return_url=return_url), stripe=stripe)
    if begun.needs_checkout:
        await _open_checkout(begun.payment, begun.invoice, stripe=stripe)
    return begun.payment.id


@transaction
async def _begin(principal: Principal, command: StartPayment, *, return_url: str) -> _Begun:
    with Checks() as check:
        with check.at():
            claimed = await claim(principal, command)
            if claimed.first_result:
                return await _repeat(claimed.first_result)
        if command.amount is not None:
            check(parse_positive_amount, command.amount, await currency_of(principal), field="amount")
        found = await _find_invoice(principal, command.invoice_id)
    ledger = await lock_ledger(found.inspection_id)
    invoice = ledger.invoice(found.id)
    _refuse_unpayable(principal, invoice, ledger)
    payment = ledger.open_checkout(invoice)
    amount_minor = _amount_to_pay(invoice, command.amount, payment, ledger)
    if payment is None:
        payer = await _payer_of(invoice, found)
        payment = await _insert_payment(principal, ledger, invoice, payer, amount_minor, return_url)
    claimed.keep(payment.id)
    return _Begun(payment, invoice)


async def _repeat(payment_id: UUID) -> _Begun:
    """The payment that the same key began; one that Stripe refused is refused again."""
    payment = await Payment.get(id=payment_id).select_related("invoice")
    if payment.state is PaymentState.FAILED and payment.checkout_session_id is None:
        raise _provider_refused(payment.failure_message or "no reason was given.")
    return _Begun(payment, payment.invoice)


async def _find_invoice(principal: Principal, invoice_id: UUID) -> Invoice:
    """The invoice, with whom it bills, if the principal may see it."""
    found = visible(Invoice, principal).filter(id=invoice_id).select_related("billed_to__person")
    invoice = await found.get_or_none()
    if invoice is None:
        raise NotFound("Invoice", field=("invoiceId",))
    return invoice


async def _payer_of(invoice: Invoice, found: Invoice) -> InspectionPerson:
    """Whom the locked invoice bills: hardly ever somebody else than it did when it was found."""
    if invoice.billed_to_id == found.billed_to_id:
        return found.billed_to
    return await InspectionPerson.get(id=invoice.billed_to_id).select_related("person")


def _provider_refused(reason: str) -> Refusal:
    return Refusal(f"The payment provider refused: {reason}", code=ErrorCode.PAYMENT_PROVIDER_REFUSED)


def _refuse_unpayable(principal: Principal, invoice: Invoice, ledger: InspectionLedger) -> None:
    if principal.scope is Scope.CLIENT and invoice.kind is not InvoiceKind.PRIMARY:
        raise InvoiceNotPayable("This invoice is somebody else's to pay.", field=("invoiceId",))
    if ledger.inspection.status is InspectionStatus.CANCELED:
        raise InvoiceNotPayable("The inspection is canceled.", field=("invoiceId",))
    if ledger.company.stripe_status is not StripeStatus.READY:
        raise InvoiceNotPayable("The company can't take payments online at the moment.", field=("invoiceId",))
    if invoice.status not in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE):
        raise InvoiceNotPayable(
            f"Invoice {invoice.number} is {invoice.status.lower()}: there is nothing to pay.", field=("invoiceId",)
        )


def _amount_to_pay(
    invoice: Invoice, amount: Decimal | None, open_payment: Payment | None, ledger: InspectionLedger
) -> int:
    """The payment's amount in minor units. An open checkout of the same amount is kept; one of another has to end."""
    remaining_minor = invoice.remaining_minor
    if open_payment is not None and open_payment.state is PaymentState.UNKNOWN:
        remaining_minor += open_payment.amount_minor  # Its own amount is what is in flight.
    amount_minor = remaining_minor
    if amount is not None:
        amount_minor = parse_positive_amount(amount, invoice.currency, field="amount")
        if amount_minor > remaining_minor:
            raise Refusal(
                f"amount cannot exceed {ledger.money(remaining_minor)}, which is what remains.",
                field=("amount",),
                code=ErrorCode.AMOUNT_EXCEEDS_REMAINING,
            )
    if open_payment is not None and open_payment.state is PaymentState.PROCESSING:
        raise PaymentInProgress("A payment of this invoice is still being processed.", field=("invoiceId",))
    if open_payment is not None:
        return _same_or_end(open_payment, amount_minor, account_id=ledger.company.stripe_account_id)
    _refuse_too_little(invoice)
    least = minimum_charge(invoice.currency)
    if amount_minor < least.amount_minor or 0 < remaining_minor - amount_minor < least.amount_minor:
        raise Refusal(
            f"A payment, and what it leaves to pay, must be at least {least}.",
            field=("amount",),
            code=ErrorCode.BELOW_MINIMUM_CHARGE,
        )
    return amount_minor


def _refuse_too_little(invoice: Invoice) -> None:
    """What no checkout can take: the payer is told whom to pay instead (S59)."""
    if sentence := whom_to_pay(invoice.remaining, company_name=invoice.company_name):
        raise Refusal(sentence, field=("invoiceId",), code=ErrorCode.BELOW_MINIMUM_CHARGE)


def _same_or_end(payment: Payment, amount_minor: int, *, account_id: str | None) -> int:
    """An open checkout is gone on with while it asks for the same, on the account that the company charges on now."""
    expired = payment.checkout_expires_at is not None and payment.checkout_expires_at <= clock.now()
    if payment.amount_minor != amount_minor or expired or payment.stripe_account_id != account_id:
        raise CheckoutsOpen([payment.id])
    return amount_minor


async def _insert_payment(
    principal: Principal,
    ledger: InspectionLedger,
    invoice: Invoice,
    payer: InspectionPerson,
    amount_minor: int,
    return_url: str,
) -> Payment:
    now = clock.now()
    payment = create_payment(
        ledger,
        invoice,
        payer,
        amount_minor=amount_minor,
        method=PaymentMethod.CARD,
        state=PaymentState.CREATED,
        stripe_account_id=ledger.company.stripe_account_id,
        return_url=return_url,
        # Kept: a repeated call to Stripe has to say the same, even if the address was corrected since.
        checkout_email=payer.person.email,
        checkout_expires_at=(now + CHECKOUT_LIFE).replace(microsecond=0),
        next_poll_at=now + next_poll_delay(timedelta(0)),
    )
    soon = payment.next_poll_at
    later = ConnectedAccount.filter(account_id=payment.stripe_account_id, next_sync_at__gt=soon)
    await later.update(next_sync_at=soon)
    after = {"invoice_id": str(invoice.id), "amount_minor": amount_minor}
    await record(ledger.inspection, "payment.started", payment.id, by=principal, after=after)
    return payment


async def _open_checkout(payment: Payment, invoice: Invoice, *, stripe: StripeGateway) -> None:
    """Open it at Stripe, or learn again of the one that was opened under the same key: the payment's."""
    try:
        fetched = await stripe.create_checkout(checkout_request(payment, invoice))
    except StripeUnavailable:
        await mark_unknown(payment.id)
        raise ProviderUnavailable from None
    except StripeRefused as refused:
        await note_refusal(payment, refused)
        raise _provider_refused(refused.message) from None
    await apply_payment(payment.id, fetched)


async def cancel_payment(principal: Principal, payment_id: UUID, *, stripe: StripeGateway) -> UUID:
    """End an open checkout, so that it can't be paid any more. Safe to repeat."""
    payment = await find_visible(Payment, principal, payment_id)
    if principal.scope is Scope.CLIENT and not await Invoice.exists(id=payment.invoice_id, kind=InvoiceKind.PRIMARY):
        raise NotFound("Payment", field=("paymentId",))
    if payment.state is PaymentState.PROCESSING:
        raise PaymentInProgress("This payment is being processed and can't be called back.", field=("paymentId",))
    if payment.state not in (*LIVE_PAYMENTS, PaymentState.CANCELED):
        raise Refusal(
            f"A payment that is {payment.state.lower()} can't be canceled.",
            field=("paymentId",),
            code=ErrorCode.PAYMENT_NOT_CANCELABLE,
        )
    await expire_checkout(payment_id, stripe=stripe)
    return payment_id


async def claim_payments_due(*, limit: int, turns: Turns | None = None) -> list[UUID]:
    """The payments that Stripe was asked about longest ago, claimed so that no other worker asks too."""
    return await claim_due(Payment, "next_poll_at", limit=limit, turns=turns)
