"""Answers about a whole company's money."""

from typing import Final
from urllib.parse import urlencode

from graphql_server.reads import Aggregate, Arguments, Filling, Hole, Many, Narrowing, Shape, Value
from operations.ledger.entries import Period
from operations.ledger.payment_reports import PaymentReportGroup, payment_report
from resolvers.context import context_of
from resolvers.global_ids import global_id


def _period(arguments: Arguments) -> Period:
    """Raises Refusal for one that is empty or too long."""
    start, end = arguments.moment("from"), arguments.moment("to")
    assert start is not None, "from is required"
    assert end is not None, "to is required"
    return Period(start, end)


def _report(arguments: Arguments) -> Narrowing:
    period, group = _period(arguments), PaymentReportGroup(arguments.text("groupBy") or "")
    values = {"start": Value(period.start, "timestamptz"), "end": Value(period.end, "timestamptz")}
    return Narrowing(values=values, rows=_ROWS[group])


def _rows(group: PaymentReportGroup) -> str:
    """The report as rows of the caller's company."""
    report = payment_report(group).replace("$1", "caller.company_id")
    report = report.replace("$2", "{given.start}").replace("$3", "{given.end}")
    of_inspectors = group is PaymentReportGroup.INSPECTOR
    key = global_id("User", "report.key").sql if of_inspectors else "report.key"
    order = "report.label, report.key" if of_inspectors else "report.key"
    return f"""(
        select caller.company_id, row_number() over (order by {order}) as place, {key} as key, report.label,
               report.count, report.paid, report.refunded, report.outstanding, report.unsent, report.written_off,
               report.currency
          from ({report}) report)
    """  # noqa: S608 - constants of this module


_ROWS: Final = {group: _rows(group) for group in PaymentReportGroup}


def _export_url(name: str) -> Hole:
    def fill(filling: Filling) -> str:
        period = _period(filling.arguments)
        bound = {
            "company": filling.row["company_id"],
            "from": period.start.isoformat(),
            "to": period.end.isoformat(),
        }
        return context_of(filling).dependencies.sign_address(f"/exports/{name}.csv?{urlencode(bound)}")

    return Hole({"company_id": "{row.company_id}"}, fill)


PAYMENT_REPORT: Final = Many(("place",), narrow=_report)
"""The figures of a period in groups, in their order."""

PAYMENT_EXPORT_URL: Final = _export_url("payments")
"""The signed address of a period's payments as CSV, bound to the caller's company."""

RECEIVABLES_EXPORT_URL: Final = _export_url("receivables")
"""The signed address of what is owed on a period's invoices as CSV, bound to the caller's company."""

OUTSTANDING: Final = Shape(
    {
        "minor": Aggregate(
            "Invoice", "coalesce(sum({row.outstanding_minor}), 0)", where="{row.outstanding_minor} > 0", nullable=False
        ),
        "currency": "(select company.currency from companies company where company.id = {row.company_id})",
    }
)
"""What somebody can still be asked for on all the company's invoices (S53)."""
