"""Receipts: told to the one who paid when money arrived, and when it was given back."""

from models import Email, EmailKind, InspectionPerson, Payment, Refund
from operations.documents.brands import brand_of
from operations.ledger.inspection_ledger import InspectionLedger
from operations.messages.outbox import Recipient, email_content, queue_mail
from rules.states import InvoiceKind


async def owe_payment_receipt(ledger: InspectionLedger, payment: Payment) -> None:
    """Write the payer's receipt; the caller holds the ledger's lock and calls once, when the payment settled."""
    amount, number = payment.amount, ledger.invoice(payment.invoice_id).number
    card = _card_of(ledger, payment)
    way = f", paid with your {card}" if card else ""
    await _owe(
        ledger,
        payment,
        subject=f"Receipt: {amount} for invoice {number}",
        message=f"{ledger.company.name} received your payment of {amount} for invoice {number}{way}. Thank you!",
    )


async def owe_refund_receipt(ledger: InspectionLedger, payment: Payment, refund: Refund) -> None:
    """Write the payer's note of what was given back; as for payments, once."""
    amount, number = refund.amount, ledger.invoice(payment.invoice_id).number
    to = _card_of(ledger, payment) or "card or account"
    way = f"It goes back to the {to} that you paid with." if payment.stripe_account_id else ""
    await _owe(
        ledger,
        payment,
        subject=f"Refund: {amount} of invoice {number}",
        message=f"{ledger.company.name} gave back {amount} of your payment for invoice {number}. {way}".rstrip(),
    )


def _card_of(ledger: InspectionLedger, payment: Payment) -> str:
    """Which card paid, as its owner knows it: "Visa card ending in 4242". Empty where no card is known.

    The client's invoice may have been paid by a guest of theirs, whose card they may not know of.
    """
    if payment.card_last4 is None or ledger.invoice(payment.invoice_id).kind is InvoiceKind.PRIMARY:
        return ""
    brand = (payment.card_brand or "").replace("_", " ").title()
    return f"{brand} card ending in {payment.card_last4}".strip()


async def _owe(ledger: InspectionLedger, payment: Payment, *, subject: str, message: str) -> None:
    """To the person billed alone; automatic, so nothing while notifications are disabled."""
    if ledger.inspection.notifications_disabled:
        return
    payer = await InspectionPerson.get(id=payment.payer_id).select_related("person")
    if payer.person.email is None:
        return
    invoice = ledger.invoice(payment.invoice_id)
    earlier = await Email.filter(invoice_id=invoice.id, kind=EmailKind.RECEIPT).count()
    content = email_content(
        subject=subject,
        message=f"Hello {payment.payer_name},\n\n{message}",
        company_name=invoice.company_name,
        brand=await brand_of(invoice.company_id),
        footer=f"Keep this as your receipt. It is about the inspection at {invoice.property_address}.",
    )
    to = Recipient(payer.person.name, payer.person.email)
    await queue_mail(ledger.inspection, EmailKind.RECEIPT, to, content, invoice=invoice, sequence=earlier + 1)
