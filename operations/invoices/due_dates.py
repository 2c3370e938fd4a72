"""Due dates that are set by hand."""

from datetime import date
from uuid import UUID

from models import Invoice
from operations.audit_log import record
from operations.ledger.due_dates import set_due_date
from operations.ledger.inspection_ledger import lock_ledger_with
from operations.ledger.posting import post
from operations.transactions import transaction
from rules import clock
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import DUE_DATE_YEARS_MAX
from rules.states import InvoiceStatus


@transaction
async def update_invoice_due_date(principal: Principal, invoice_id: UUID, due_on: date) -> UUID:
    """Set the day by which an unpaid invoice is to be paid; reminders count from it. Returns its key. Repeatable.

    A draft keeps the day when it is sent. Of any invoice, PRIMARY too.
    """
    with Checks() as check:
        check(_refuse_far_day, due_on)
        ledger = await lock_ledger_with(Invoice, invoice_id, by=principal)
    invoice = ledger.invoice(invoice_id)
    if invoice.status in (InvoiceStatus.VOID, InvoiceStatus.PAID):
        raise Refusal(
            f"Invoice {invoice.number} is {invoice.status.lower()}: nothing of it is due.",
            field=("invoiceId",),
            code=ErrorCode.INVOICE_NOT_OPEN,
        )
    before = {"due_on": invoice.due_on and invoice.due_on.isoformat()}
    set_due_date(invoice, due_on, ledger.company)
    await post(ledger, recording=True)
    after = {"due_on": due_on.isoformat()}
    await record(ledger.inspection, "invoice.due_date_set", invoice.id, by=principal, before=before, after=after)
    return invoice.id


def _refuse_far_day(due_on: date) -> None:
    if abs(due_on.year - clock.now().year) > DUE_DATE_YEARS_MAX:
        raise Refusal(f"dueOn must be within {DUE_DATE_YEARS_MAX} years of today.", field=("dueOn",))
