"""Company reporting: what was paid, given back and is still owed, to the cent, and nobody else's."""

from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import pytest

import models
from rules.identifiers import global_id
from tests.api.bookkeeping import Figures, a_month_of_business, expected, minor, month
from tests.world import Api, World, key_of

REPORT = """query($from: DateTime!, $to: DateTime!, $by: PaymentReportGroup!) {
    paymentReport(from: $from, to: $to, groupBy: $by) {
        key label count paid { amount } refunded { amount } outstanding { amount currency }
    }
}"""

ZONES = ["America/Chicago", "Asia/Kolkata", "Pacific/Auckland", "UTC"]


async def report(api: Api, start: datetime, end: datetime, by: str) -> list[Any]:
    data = await api.read(REPORT, **{"from": start.isoformat(), "to": end.isoformat(), "by": by})
    rows: list[Any] = data["paymentReport"]
    return rows


def figures(rows: list[Any]) -> dict[str, Figures]:
    return {
        row["key"]: (row["count"], minor(row["paid"]), minor(row["refunded"]), minor(row["outstanding"]))
        for row in rows
    }


def _role(entry: Any) -> str:
    return str(entry.role_name if entry.role == "ADDITIONAL" else entry.role)


@pytest.mark.parametrize("zone", ZONES)
async def test_a_month_adds_up_to_its_entries_in_every_zone_and_grouping(world: World, zone: str) -> None:
    """A month's report adds up to its entries, in every time zone and grouping (S39)."""
    await a_month_of_business(world)
    (await world.inspector.mutate("updateCompany", timeZone=zone)).done("userErrors")
    start, end = month(zone)
    local = ZoneInfo(zone)

    def dated(form: str) -> tuple[Any, Any]:
        return (
            lambda movement: movement.moment.astimezone(local).strftime(form),
            lambda invoice: invoice.created_at.astimezone(local).strftime(form),
        )

    def inspector(row: Any) -> str:
        return global_id("User", row.inspection.inspector_id)

    keys: dict[str, tuple[Any, Any]] = {
        "DAY": dated("%Y-%m-%d"),
        "MONTH": dated("%Y-%m"),
        "PAYER_ROLE": (lambda movement: _role(movement.payment.payer), lambda invoice: _role(invoice.billed_to)),
        "METHOD": (lambda movement: movement.payment.method, lambda _: "UNPAID"),
        "STATUS": (lambda movement: movement.payment.state, lambda _: "UNPAID"),
        "INSPECTOR": (lambda movement: inspector(movement.payment), inspector),
    }
    sums = set()
    for group, (moved, remains) in keys.items():
        found = figures(await report(world.inspector, start, end, group))
        assert found == await expected(start, end, moved, remains), group
        assert list(found) == sorted(found), group
        sums.add(tuple(sum(column) for column in zip(*found.values(), strict=True)))
    assert len(sums) == 1, "every grouping adds up to the same"
    assert all(next(iter(sums))), "the month has some of everything"


@pytest.mark.parametrize("zone", ["localtime", "America/Nowhere", "UTC'; SELECT 1", ""])
async def test_a_zone_that_reports_cannot_be_dated_in_is_refused(world: World, zone: str) -> None:
    """A time zone that reports cannot be dated in is refused (S39)."""
    refused = await world.inspector.mutate("updateCompany", timeZone=zone)
    assert (refused.codes, refused.fields) == (["INVALID_INPUT"], [["timeZone"]])


async def test_everything_that_moved_is_what_the_invoices_hold(world: World) -> None:
    """What a report says was paid, refunded and remains equals what invoices and inspections hold (S39)."""
    await a_month_of_business(world)
    start, end = datetime.fromisoformat("2026-01-01T00:00:00Z"), datetime.fromisoformat("2027-01-01T00:00:00Z")
    rows = figures(await report(world.inspector, start, end, "STATUS"))
    paid, refunded, remaining = (sum(row[column] for row in rows.values()) for column in (1, 2, 3))
    assert paid - refunded == sum(invoice.settled_minor for invoice in await models.Invoice.all())
    assert remaining == sum(inspection.remaining_minor for inspection in await models.Inspection.all())
    # What was lost came in and went out; what is disputed, or was won, is held; what was removed never was.
    assert rows["LOST"][:3] == (1, 6007, 6007)
    assert rows["RETURNED"][:3] == (1, 8181, 8181)
    assert rows["DISPUTED"][:3] == (1, 6007, 0)
    assert rows["RECORDED"][:3] == (3, 6006, 0)
    assert "REMOVED" not in rows
    (total,) = (await world.inspector.read("{ outstanding { amount } }")).values()
    assert minor(total) == remaining


async def test_a_refund_counts_when_it_goes_not_when_its_payment_came(world: World) -> None:
    """A refund counts in the month in which it goes, not in that of its payment (S39)."""
    job = await world.inspection("100.00")
    paid = await job.paid(await job.client_portal(), job.primary_id)
    (await world.inspector.mutate("refundPayment", paymentId=paid["id"], amount="40.00")).done("userErrors")
    await models.Payment.all().update(settled_at=datetime.fromisoformat("2026-10-31T12:00:00Z"))
    await models.Refund.all().update(settled_at=datetime.fromisoformat("2026-11-02T12:00:00Z"))
    october = await report(world.inspector, *month("America/Chicago", number=10), "METHOD")
    november = await report(world.inspector, *month("America/Chicago"), "METHOD")
    assert figures(october) == {"CARD": (1, 10000, 0, 0)}
    assert figures(november) == {"CARD": (0, 0, 4000, 0)}


async def test_rows_have_names_for_people(world: World) -> None:
    """The rows of a report have labels for people (S39)."""
    await a_month_of_business(world)
    start, end = datetime.fromisoformat("2026-10-01T00:00:00Z"), datetime.fromisoformat("2027-01-01T00:00:00Z")
    roles = await report(world.inspector, start, end, "PAYER_ROLE")
    assert {row["key"]: row["label"] for row in roles} == {
        "Attorney": "Attorney",
        "BUYERS_AGENT": "Buyer's agent",
        "CLIENT": "Client",
    }
    (inspector,) = await report(world.inspector, start, end, "INSPECTOR")
    assert inspector["label"] == "Olive Owner"
    user = await world.inspector.read("query($id: ID!) { node(id: $id) { ... on User { name } } }", id=inspector["key"])
    assert user == {"node": {"name": "Olive Owner"}}


async def test_a_report_is_of_ones_own_company(world: World) -> None:
    """Reports, lists and balances hold nothing of another company (S39)."""
    await a_month_of_business(world)
    _, stranger = await world.new_company("Elsewhere Inspections", "owner@elsewhere.test", currency="JPY")
    start, end = datetime.fromisoformat("2026-01-01T00:00:00Z"), datetime.fromisoformat("2027-01-01T00:00:00Z")
    assert await report(stranger, start, end, "DAY") == []
    assert (await stranger.read("{ outstanding { formatted } }")) == {"outstanding": {"formatted": "¥0"}}
    for page in ("payments", "invoices"):
        assert (await stranger.read(f"{{ {page} {{ totalCount }} }}")) == {page: {"totalCount": 0}}


@pytest.mark.parametrize(
    "field", ["paymentReport(from: $from, to: $to, groupBy: DAY) { key }", "outstanding { amount }"]
)
async def test_reports_are_for_staff(world: World, field: str) -> None:
    """Payers and clients read no reports (S19, S39)."""
    job = await world.inspection()
    invoice = await job.invoice("125.00")
    query, given = f"{{ {field} }}", {}
    if "$from" in field:
        query = f"query($from: DateTime!, $to: DateTime!) {query}"
        given = {"from": "2026-11-01T00:00:00Z", "to": "2026-12-01T00:00:00Z"}
    for api in (await job.payment_link(invoice["id"]), await job.client_portal()):
        answer = await api.run(query, **given)
        assert answer.body.get("data") is None
        assert set(answer.codes) == {"FORBIDDEN"}


@pytest.mark.parametrize(
    ("start", "end", "message"),
    [
        ("2026-11-01T00:00:00Z", "2026-11-01T00:00:00Z", "to must be later than from."),
        ("2026-11-02T00:00:00Z", "2026-11-01T00:00:00Z", "to must be later than from."),
        (
            "2026-01-01T00:00:00Z",
            "2027-01-02T01:00:01Z",
            "to can be at most 366 days after from; ask for less at once.",
        ),
    ],
)
@pytest.mark.parametrize(
    "field", ["paymentReport(from: $from, to: $to, groupBy: DAY) { key }", "paymentExportUrl(from: $from, to: $to)"]
)
async def test_absurd_periods_are_refused(world: World, field: str, start: str, end: str, message: str) -> None:
    """Absurd periods are refused with a sentence, naming the argument (S39)."""
    query = f"query($from: DateTime!, $to: DateTime!) {{ {field} }}"
    answer = await world.inspector.run(query, **{"from": start, "to": end})
    (error,) = answer.body["errors"]
    assert (error["message"], error["extensions"]) == (message, {"code": "INVALID_INPUT", "field": ["to"]})


async def test_a_whole_leap_year_is_no_absurd_period(world: World) -> None:
    """A whole leap year, with an hour for the clocks, is a period that can be asked for (S39)."""
    start, end = datetime(2027, 11, 1, tzinfo=ZoneInfo("UTC")), datetime(2028, 11, 1, 1, tzinfo=ZoneInfo("UTC"))
    assert await report(world.inspector, start, end, "MONTH") == []


async def test_payments_are_found_by_what_reports_group_them_by(world: World) -> None:
    """Payments are found by what reports group them by (S39)."""
    await a_month_of_business(world)
    start, end = month("America/Chicago")

    async def found(**wanted: Any) -> list[Any]:
        data = await world.inspector.read(
            "query($filter: PaymentFilter) { payments(filter: $filter, first: 100) { totalCount nodes {"
            " payerName payerRole payerRoleName method status settledAt invoice { status } } } }",
            filter=wanted,
        )
        page = data["payments"]
        assert page["totalCount"] == len(page["nodes"])
        return list(page["nodes"])

    everything = await found()
    assert len(everything) == await models.Payment.all().count()
    assert [(row["payerName"], row["payerRoleName"]) for row in await found(payerRole="ADDITIONAL")] == [
        ("Ada Attorney", "Attorney")
    ]
    assert {row["payerRoleName"] for row in await found(payerRole="BUYERS_AGENT")} == {"Buyer's agent"}
    for name, field, value in (
        ("method", "method", "CASH"),
        ("status", "status", "LOST"),
        ("payerName", "payerName", "Ada Attorney"),
    ):
        wanted = await found(**{name: value})
        assert wanted == [row for row in everything if row[field] == value] != []
    assert await found(payerName="atTOR") == await found(payerRole="ADDITIONAL")
    assert await found(invoiceStatus="PAID") == [row for row in everything if row["invoice"]["status"] == "PAID"] != []
    settled = await found(settledFrom=start.isoformat(), settledTo=end.isoformat())
    within = [row for row in everything if row["settledAt"] and start <= datetime.fromisoformat(row["settledAt"]) < end]
    assert settled == within != []
    assert len(within) < len(everything)


async def test_outstanding_invoices_sum_to_the_outstanding_balance(world: World) -> None:
    """The outstanding invoices sum to the outstanding balance (S39)."""
    await a_month_of_business(world)

    async def found(**wanted: Any) -> list[Any]:
        data = await world.inspector.read(
            "query($filter: InvoiceFilter) { outstanding { amount } invoices(filter: $filter, first: 100) {"
            " nodes { id number billedToName billedTo { role } remaining { amount } } } }",
            filter=wanted,
        )
        return [data["outstanding"], *data["invoices"]["nodes"]]

    total, *owed = await found(outstanding=True)
    assert minor(total) == sum(minor(invoice["remaining"]) for invoice in owed) > 0
    assert all(minor(invoice["remaining"]) for invoice in owed)
    _, *done = await found(outstanding=False)
    assert done
    assert not any(minor(invoice["remaining"]) for invoice in done)
    assert len(owed) + len(done) == await models.Invoice.all().count()
    _, *agents = await found(outstanding=True, payerRole="BUYERS_AGENT")
    assert {invoice["billedTo"]["role"] for invoice in agents} == {"BUYERS_AGENT"}
    _, *named = await found(search=owed[0]["number"])
    assert [key_of(invoice["id"]) for invoice in named] == [key_of(owed[0]["id"])]
