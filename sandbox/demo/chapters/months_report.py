"""Chapter VI, the month's report: every grouping and the file for bookkeeping add up to the entries, to the cent."""

import csv
from collections.abc import Iterable
from datetime import datetime, timedelta
from decimal import Decimal
from io import StringIO
from typing import Any
from zoneinfo import ZoneInfo

from sandbox.demo.api_client import expect, get
from sandbox.demo.scenario import Stage

TITLE = "VI. The month's report"
ZONE = ZoneInfo("America/Chicago")
STORY_LASTS_MAX = timedelta(minutes=15)
GROUPS = ("DAY", "MONTH", "PAYER_ROLE", "METHOD", "STATUS", "INSPECTOR")
CAME_IN = ("SUCCEEDED", "DISPUTED", "LOST", "RETURNED", "RECORDED")
TAKEN_BACK = ("LOST", "RETURNED")

_PAYMENTS = """{ payments(first: 100) { totalCount nodes {
    status method amount { amount } refunds { status amount { amount } }
} } }"""
_OWED = """{
    outstanding { amount }
    invoices(first: 100, filter: {outstanding: true}) { totalCount nodes { remaining { amount } } }
}"""
_REPORT = """query($from: DateTime!, $to: DateTime!, $by: PaymentReportGroup!) {
    paymentReport(from: $from, to: $to, groupBy: $by) {
        key paid { amount } refunded { amount } outstanding { amount }
    }
}"""
_FILE = "query($from: DateTime!, $to: DateTime!) { paymentExportUrl(from: $from, to: $to) }"

Figures = tuple[Decimal, ...]
"""What came in and what went out; in reports also what is owed."""


class MonthsReport:
    """Reads only: the entries first, then what the report makes of them."""

    def __init__(self, stage: Stage) -> None:
        self.say = stage.say
        self.owner = stage.owner
        now = datetime.now(ZONE)
        start, _ = this_month(now - STORY_LASTS_MAX)  # A story may be told while the month turns.
        _, end = this_month(now)
        self.month = {"from": start.isoformat(), "to": end.isoformat()}

    def play(self) -> None:
        """Tell it from beginning to end. Raises Surprise when it goes otherwise."""
        by_method = self._entries()
        moved, owed = _added(by_method.values()), self._owed()
        for group in GROUPS:
            expect(f"The report by {group}", _added(self._report(group).values(), columns=3), (*moved, owed))
        reported = {method: row[:2] for method, row in self._report("METHOD").items() if any(row[:2])}
        expect("The report's methods", reported, by_method)
        expect("The file", _added((Decimal(line["paid"]), Decimal(line["refunded"])) for line in self._file()), moved)
        paid, gone = moved
        self.say(
            f"Received ${paid:,.2f}, gone back ${gone:,.2f}, still owed ${owed:,.2f}: so say the entries one by one,\n"
            f"  the report, grouped in {len(GROUPS)} ways, and the file for bookkeeping, line by line."
        )

    def _entries(self) -> dict[str, Figures]:
        """Payment by payment, with what became of each, summed up by method."""
        found = self.owner.read(_PAYMENTS)["payments"]
        expect("The payments on one page", len(found["nodes"]), found["totalCount"])
        summed: dict[str, Figures] = {}
        for payment in found["nodes"]:
            if payment["status"] in CAME_IN:
                so_far = summed.get(payment["method"], (Decimal(), Decimal()))
                summed[payment["method"]] = _added([so_far, _moved(payment)])
        return summed

    def _owed(self) -> Decimal:
        found = self.owner.read(_OWED)
        invoices = found["invoices"]
        expect("The unpaid invoices on one page", len(invoices["nodes"]), invoices["totalCount"])
        owed = sum((_amount(invoice["remaining"]) for invoice in invoices["nodes"]), Decimal())
        expect("What is owed in all", _amount(found["outstanding"]), owed)
        return owed

    def _report(self, group: str) -> dict[str, Figures]:
        rows = self.owner.read(_REPORT, by=group, **self.month)["paymentReport"]
        return {row["key"]: tuple(_amount(row[name]) for name in ("paid", "refunded", "outstanding")) for row in rows}

    def _file(self) -> list[dict[str, str]]:
        url = self.owner.read(_FILE, **self.month)["paymentExportUrl"]
        return list(csv.DictReader(StringIO(get(url).text, newline="")))


def this_month(now: datetime) -> tuple[datetime, datetime]:
    """From its first moment up to and without the next month's, where the company is."""
    start = now.replace(day=1, hour=0, minute=0, second=0, microsecond=0)
    following = divmod(now.month, 12)
    return start, start.replace(year=now.year + following[0], month=following[1] + 1)


def _moved(payment: Any) -> Figures:
    amount = _amount(payment["amount"])
    refunded = [_amount(refund["amount"]) for refund in payment["refunds"] if refund["status"] == "SUCCEEDED"]
    return amount, amount if payment["status"] in TAKEN_BACK else sum(refunded, Decimal())


def _added(rows: Iterable[Figures], *, columns: int = 2) -> Figures:
    nothing = (Decimal(),) * columns
    return tuple(sum(column, Decimal()) for column in zip(nothing, *rows, strict=True))


def _amount(money: Any) -> Decimal:
    return Decimal(str(money["amount"]))
