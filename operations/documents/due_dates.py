"""The due date that mails and documents show."""

from datetime import date
from zoneinfo import ZoneInfo

from models import Company, Invoice
from rules import clock
from rules.due_dates import due_date
from rules.states import InvoiceStatus


def due_date_shown(invoice: Invoice, company: Company) -> date | None:
    """The invoice's due date; a draft's is what it would be, were it sent now (S15). None for one that has none yet."""
    if invoice.due_on is None and invoice.status is InvoiceStatus.DRAFT:
        return due_date_by_default(company)
    return invoice.due_on


def due_date_by_default(company: Company) -> date:
    """The due date of what is sent or opened now."""
    return due_date(clock.now(), days=company.default_due_days, zone=ZoneInfo(company.time_zone))
