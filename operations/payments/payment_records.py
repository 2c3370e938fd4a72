"""Writing a payment: what every one of them takes from the invoice it pays."""

from typing import Any

from models import InspectionPerson, Invoice, Payment
from rules.identifiers import new_id


async def create_payment(invoice: Invoice, *, amount_minor: int, **columns: Any) -> Payment:
    """One payment by the party that the invoice bills; `columns` are what it differs in."""
    payer = await InspectionPerson.get(id=invoice.billed_to_id)
    return await Payment.create(
        id=new_id(),
        company_id=invoice.company_id,
        inspection_id=invoice.inspection_id,
        invoice_id=invoice.id,
        payer_id=payer.id,
        payer_name=invoice.billed_to_name,
        payer_role=payer.role,
        currency=invoice.currency,
        amount_minor=amount_minor,
        **columns,
    )
