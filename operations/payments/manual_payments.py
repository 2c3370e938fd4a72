"""Money taken by hand: recorded on an invoice, and struck out again with a trace."""

from dataclasses import dataclass
from decimal import Decimal
from typing import ClassVar
from uuid import UUID

from gateways.stripe import StripeGateway
from models import AutomationTrigger, Inspection, InspectionPerson, Invoice, Payment
from operations.audit_log import record
from operations.automation_events import emit
from operations.currencies import currency_of
from operations.idempotency import KeyedCommand, claim
from operations.ledger.inspection_ledger import InspectionLedger, lock_ledger_with
from operations.ledger.open_invoice import open_draft
from operations.ledger.posting import post
from operations.messages.receipts import owe_payment_receipt
from operations.payments.checkout_expiry import with_checkouts_expired
from operations.payments.payment_records import create_payment
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import REASON_LENGTH_MAX, REFERENCE_LENGTH_MAX
from rules.money import parse_positive_amount
from rules.states import MANUAL_METHODS, InvoiceStatus, PaymentMethod, PaymentState


@dataclass(frozen=True, slots=True, kw_only=True)
class RecordPayment(KeyedCommand):
    """Money taken by hand, `amount` in major units, on an invoice or on an inspection's PRIMARY: one of the two."""

    operation: ClassVar[str] = "recordPayment"
    invoice_id: UUID | None = None
    inspection_id: UUID | None = None
    amount: Decimal
    method: PaymentMethod
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RemovePayment:
    """Strike out a payment that was recorded by hand, for a reason."""

    payment_id: UUID
    reason: str


async def record_payment(principal: Principal, command: RecordPayment, *, stripe: StripeGateway) -> UUID:
    """Record money that was taken by hand, on an invoice or on an inspection's PRIMARY; opens a draft.

    Returns the payment's key.
    """
    return await with_checkouts_expired(lambda: _record(principal, command), stripe=stripe)


@transaction
async def _record(principal: Principal, command: RecordPayment) -> UUID:
    method, reference = command.method, command.reference
    with Checks() as check:
        with check.at():
            claimed = await claim(principal, command)
            if claimed.first_result:
                return claimed.first_result
        amount_minor = check(parse_positive_amount, command.amount, await currency_of(principal), field="amount")
        if method not in MANUAL_METHODS:
            said = "method must be CASH, CHECK or OTHER for a payment taken by hand."
            check.refuse(Refusal(said, field=("method",)))
        if reference:
            reference = check(texts.line, reference, field="reference", length_max=REFERENCE_LENGTH_MAX)
        ledger, invoice = await _lock_invoice(principal, command.invoice_id, command.inspection_id)
    if invoice.status is InvoiceStatus.VOID or amount_minor > invoice.remaining_minor:
        raise Refusal(
            f"amount cannot exceed {ledger.money(invoice.remaining_minor)}, which is what remains.",
            field=("amount",),
            code=ErrorCode.AMOUNT_EXCEEDS_REMAINING,
        )
    if invoice.status is InvoiceStatus.DRAFT:
        await open_draft(ledger, invoice, by=principal)
    payer = await InspectionPerson.get(id=invoice.billed_to_id)
    payment = create_payment(
        ledger,
        invoice,
        payer,
        amount_minor=amount_minor,
        method=method,
        state=PaymentState.RECORDED,
        refundable_minor=amount_minor,
        reference=reference or None,
        settled_at=clock.now(),
    )
    after = {"invoice_id": str(invoice.id), "amount_minor": amount_minor, "method": method}
    await record(ledger.inspection, "payment.recorded", payment.id, by=principal, after=after)
    await post(ledger)
    await emit(ledger.inspection, AutomationTrigger.PAYMENT_RECEIVED, payment.id)
    await owe_payment_receipt(ledger, payment)
    claimed.keep(payment.id)
    return payment.id


async def _lock_invoice(
    principal: Principal, invoice_id: UUID | None, inspection_id: UUID | None
) -> tuple[InspectionLedger, Invoice]:
    """The invoice, or the inspection's PRIMARY (S29), in its ledger."""
    if (invoice_id is None) == (inspection_id is None):
        raise Refusal("Give either invoiceId or inspectionId: exactly one of the two.", field=("invoiceId",))
    if invoice_id is not None:
        ledger = await lock_ledger_with(Invoice, invoice_id, by=principal)
        return ledger, ledger.invoice(invoice_id)
    assert inspection_id is not None
    ledger = await lock_ledger_with(Inspection, inspection_id, by=principal)
    return ledger, ledger.primary


async def remove_payment(principal: Principal, command: RemovePayment, *, stripe: StripeGateway) -> UUID:
    """Strike out a payment that was recorded by hand; the audit trail keeps it. Returns the payment's key."""
    return await with_checkouts_expired(lambda: _remove(principal, command), stripe=stripe)


@transaction
async def _remove(principal: Principal, command: RemovePayment) -> UUID:
    with Checks() as check:
        reason = check(texts.line, command.reason, field="reason", length_max=REASON_LENGTH_MAX)
        ledger = await lock_ledger_with(Payment, command.payment_id, by=principal)
    payment = ledger.payment(command.payment_id)
    if payment.state is not PaymentState.RECORDED or payment.refunds.related_objects:
        raise Refusal(
            "Only a payment recorded by hand, and not refunded, can be removed.",
            field=("paymentId",),
            code=ErrorCode.PAYMENT_NOT_REMOVABLE,
        )
    payment.state = PaymentState.REMOVED
    await record(
        ledger.inspection,
        "payment.removed",
        payment.id,
        by=principal,
        before={"state": PaymentState.RECORDED, "amount_minor": payment.amount_minor},
        after={"reason": reason},
    )
    await post(ledger)
    return payment.id
