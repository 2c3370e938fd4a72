"""Answers about a whole company's money."""

from datetime import datetime
from urllib.parse import urlencode

from operations.ledger import payment_reports
from operations.ledger.entries import Period
from resolvers.context import Info
from rules.money import Money


async def payment_report(
    info: Info, start: datetime, end: datetime, group: payment_reports.PaymentReportGroup
) -> list[payment_reports.PaymentReportRow]:
    """The figures of a period in groups."""
    return await payment_reports.payment_report(info.context.principal, Period(start, end), group)


async def outstanding(info: Info) -> Money:
    """What somebody can still be asked for on all invoices."""
    return await payment_reports.outstanding(info.context.principal)


def payment_export_url(info: Info, start: datetime, end: datetime) -> str:
    """The signed address of a period's payments as CSV, bound to the principal's company."""
    return _export_url(info, "payments", start, end)


def receivables_export_url(info: Info, start: datetime, end: datetime) -> str:
    """The signed address of what is owed on a period's invoices as CSV, bound to the principal's company."""
    return _export_url(info, "receivables", start, end)


def _export_url(info: Info, name: str, start: datetime, end: datetime) -> str:
    period = Period(start, end)
    bound = {
        "company": info.context.principal.company_id,
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
    }
    return info.context.dependencies.sign_address(f"/exports/{name}.csv?{urlencode(bound)}")
