"""What is stored because of invoices' due dates: the dates themselves, and when to remind of what is not paid."""

from datetime import date, datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from tortoise import connections

from models import Company, Invoice
from rules import clock
from rules.due_dates import overdue_from, reminder_moments


def set_due_date(invoice: Invoice, due_on: date, company: Company) -> None:
    """Give the invoice that due date. The caller posts the ledger, and `overdue_from` follows."""
    invoice.due_on = due_on
    plan_reminders(invoice, company)


def plan_reminders(invoice: Invoice, company: Company, *, after: datetime | None = None) -> None:
    """Note when the next reminder is due: the first of all, or the first `after` a moment."""
    moments = (moment for moment in moments_to_remind(invoice, company) if after is None or moment > after)
    invoice.remind_at = next(moments, None)


def moments_to_remind(invoice: Invoice, company: Company) -> tuple[datetime, ...]:
    """When the invoice is reminded of while it is unpaid; never, while it was never mailed."""
    if invoice.due_on is None or invoice.sent_at is None:
        return ()
    zone = ZoneInfo(company.time_zone)
    return reminder_moments(company.reminder_days, due_on=invoice.due_on, sent_at=invoice.sent_at, zone=zone)


def date_overdue(invoice: Invoice, company: Company, *, outstanding_minor: int) -> datetime | None:
    """When the invoice is overdue, or will be; never, while nothing of it is outstanding."""
    if invoice.due_on is None or outstanding_minor == 0:
        return None
    return overdue_from(invoice.due_on, ZoneInfo(company.time_zone))


async def see_reminders_anew(company_id: UUID) -> None:
    """Look soon at all unpaid invoices of a company whose days of reminding, or whose being payable, changed."""
    mailed = Invoice.filter(company_id=company_id, outstanding_minor__gt=0, sent_at__isnull=False)
    await mailed.update(remind_at=clock.now())


async def date_overdue_anew(company: Company) -> None:
    """Store from when what is outstanding is overdue by the company's present time zone."""
    database = connections.get("default")
    for statement in (_INVOICES_OVERDUE, _INSPECTIONS_OVERDUE):
        await database.execute_query(statement, [company.id, company.time_zone])


_INVOICES_OVERDUE = """
    UPDATE invoices SET overdue_from = (due_on + 1)::timestamp AT TIME ZONE $2
     WHERE company_id = $1 AND outstanding_minor > 0 AND due_on IS NOT NULL
"""

_INSPECTIONS_OVERDUE = """
    UPDATE inspections SET overdue_from = dated.overdue_from
      FROM (SELECT inspection_id, MIN((due_on + 1)::timestamp AT TIME ZONE $2) AS overdue_from
              FROM invoices WHERE company_id = $1 AND outstanding_minor > 0 GROUP BY inspection_id) dated
     WHERE inspections.id = dated.inspection_id AND inspections.company_id = $1
"""
