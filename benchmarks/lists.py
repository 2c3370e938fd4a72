"""What lists, searches, reports and sweeps cost in a large data set and in a small one: it should be the same."""

import asyncio
import http.client
import json
import time
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from statistics import median

import asyncpg

from benchmarks import data_set, servers, workloads
from benchmarks.handwritten.global_ids import global_id
from operations.invoices import reminders
from sandbox import postgres, process, valkey

COMPANY = 7
"""The company that asks, counted from 0 in the order of keys."""

PAGE = "pageInfo { hasNextPage endCursor }"
QUERIES = {
    "inspections": f"query($filter: InspectionFilter, $orderBy: InspectionOrder, $after: String) {{"
    f" inspections(first: 50, filter: $filter, orderBy: $orderBy, after: $after)"
    f" {{ nodes {{ id number propertyAddress paymentStatus total {{ formatted }} }} {PAGE} }} }}",
    "invoices": f"query($filter: InvoiceFilter, $orderBy: InvoiceOrder) {{"
    f" invoices(first: 50, filter: $filter, orderBy: $orderBy)"
    f" {{ nodes {{ id number billedToName dueOn total {{ formatted }} }} {PAGE} }} }}",
    "payments": f"query($filter: PaymentFilter, $orderBy: PaymentOrder) {{"
    f" payments(first: 50, filter: $filter, orderBy: $orderBy)"
    f" {{ nodes {{ id payerName status amount {{ formatted }} }} {PAGE} }} }}",
    "people": f"query($search: String, $orderBy: PersonOrder) {{"
    f" people(first: 50, search: $search, orderBy: $orderBy) {{ nodes {{ id name email }} {PAGE} }} }}",
    "paymentReport": "query($from: DateTime!, $to: DateTime!, $groupBy: PaymentReportGroup!) {"
    " paymentReport(from: $from, to: $to, groupBy: $groupBy) { key count paid { formatted } } }",
}
SAMPLE = """
    SELECT inspection.number, inspection.property_address, inspection.scheduled_at, inspection.inspector_id,
           person.id AS person_id, person.name, person.email
      FROM inspections inspection
      JOIN inspection_people entry ON entry.inspection_id = inspection.id AND entry.position = 1
      JOIN people person ON person.id = entry.person_id
     WHERE inspection.company_id = $1 ORDER BY inspection.scheduled_at OFFSET 10 LIMIT 1
"""


@dataclass(slots=True)
class Question:
    """One request, and how long its answers took in each data set, in milliseconds."""

    name: str
    took: dict[str, list[float]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Side:
    """One data set with an API on it, and the requests by the name of their question."""

    name: str
    database_url: str
    connection: http.client.HTTPConnection
    token: str
    requests: Mapping[str, str]


def measure(directory: Path, *, sizes: list[int], companies: int | None, rounds: int) -> Iterator[str]:
    """A line for each question: both medians, and their ratio. Both sides are asked in turn."""
    with ExitStack() as stack:
        sides = [stack.enter_context(side) for side in _sides(stack, directory, sizes, companies)]
        questions = [Question(name) for name in sides[0].requests] + [Question("sweep for reminders")]
        for number in range(rounds + 1):
            for question in questions:
                for side in sides if number % 2 else sides[::-1]:
                    took = (
                        asyncio.run(_sweep(side)) if question.name not in side.requests else _ask(side, question.name)
                    )
                    if number:  # The first round warms up.
                        question.took.setdefault(side.name, []).append(took)
    yield f"{'milliseconds':36} {sizes[0]:>10} {sizes[1]:>10}  ratio"
    for question in questions:
        small, large = (median(question.took[side.name]) for side in sides)
        yield f"{question.name:36} {small:10.2f} {large:10.2f} {large / small:6.2f}"


def _sides(
    stack: ExitStack, directory: Path, sizes: list[int], companies: int | None
) -> Iterator[AbstractContextManager[Side]]:
    server_url = stack.enter_context(postgres.running(directory / "postgres"))
    environment = servers.environment(stack.enter_context(valkey.running()))
    for size in sizes:
        url = data_set.create(
            server_url, f"lists_{size}", inspections=size, environment=environment, companies=companies
        )
        yield _side(str(size), url, environment)


@contextmanager
def _side(name: str, url: str, environment: dict[str, str]) -> Iterator[Side]:
    port = process.chosen_port(None)
    with servers.api(port, url=url, given=environment):
        token, requests = asyncio.run(_requests(url, environment["SIGNING_KEY"]))
        connection = http.client.HTTPConnection(process.HOST, port)
        yield Side(name, url, connection, token, requests)
        connection.close()


def _ask(side: Side, name: str) -> float:
    """How long one answer takes. Raises AssertionError for an answer with an error."""
    headers = {"Authorization": f"Bearer {side.token}", "Content-Type": "application/json"}
    started = time.perf_counter()
    side.connection.request("POST", "/graphql", side.requests[name], headers)
    answer = side.connection.getresponse().read()
    took = (time.perf_counter() - started) * 1000
    assert b'"errors"' not in answer, answer
    return took


async def _sweep(side: Side) -> float:
    """How long it takes to see which invoices a reminder is due for, without claiming them."""
    connection = await asyncpg.connect(side.database_url)
    try:
        now = datetime.now().astimezone()
        transaction = connection.transaction()
        await transaction.start()
        started = time.perf_counter()
        await connection.fetch(reminders.CLAIM, now, 50, now, now)
        took = (time.perf_counter() - started) * 1000
        await transaction.rollback()
        return took
    finally:
        await connection.close()


async def _requests(url: str, signing_key: str) -> tuple[str, dict[str, str]]:
    connection = await asyncpg.connect(url)
    try:
        tokens = await workloads.access_tokens(connection, signing_key)
        company_id = sorted(tokens)[min(COMPANY, len(tokens) - 1)]
        row = await connection.fetchrow(SAMPLE, company_id)
        assert row is not None, "each company has as many inspections"
        return tokens[company_id], {name: _body(kind, given) for name, kind, given in _questions(row)}
    finally:
        await connection.close()


def _body(kind: str, given: Mapping[str, object]) -> str:
    return json.dumps({"query": QUERIES[kind], "variables": given})


def _questions(row: asyncpg.Record) -> Iterator[tuple[str, str, dict[str, object]]]:
    """Each way to find, to narrow and to order; their words and rows are taken from the company's own."""
    person, inspector = global_id("Person", row["person_id"]), global_id("User", row["inspector_id"])
    since = row["scheduled_at"]
    for kind, fields in (
        ("inspections", ("DATE", "AMOUNT", "NAME", "STATUS")),
        ("invoices", ("DATE", "AMOUNT", "NAME", "STATUS")),
        ("payments", ("DATE", "AMOUNT", "NAME", "STATUS")),
        ("people", ("DATE", "NAME")),
    ):
        for name in fields:
            yield f"{kind} by {name.lower()}", kind, {"orderBy": {"field": name, "direction": "DESC"}}
    for what, sought in (
        ("a number", row["number"]),
        ("an email address", row["email"]),
        ("an address", row["property_address"]),
        ("a common word", "springfield"),
        ("one letter", "s"),
        ("nothing", "zzzz"),
    ):
        for kind in ("inspections", "invoices", "payments"):
            yield f"{kind} with {what}", kind, {"filter": {"search": sought}}
    yield "people with a name", "people", {"search": row["name"]}
    yield "people with a common word", "people", {"search": "person"}
    for what, narrow in (
        ("outstanding", {"outstanding": True}),
        ("overdue", {"overdue": True}),
        ("of statuses", {"statusIn": ["COMPLETED", "CANCELED"]}),
        ("of payment statuses", {"paymentStatusIn": ["PARTIALLY_PAID", "DISPUTED"]}),
        ("of an inspector", {"inspectorId": inspector}),
        ("of a person", {"personId": person}),
    ):
        yield f"inspections {what}", "inspections", {"filter": narrow}
    for what, narrow in (
        ("outstanding", {"outstanding": True}),
        ("overdue", {"overdue": True}),
        ("of statuses", {"statusIn": ["OPEN", "DRAFT"]}),
        ("due on some days", {"dueFrom": since.date().isoformat(), "dueTo": since.date().isoformat()}),
        ("of a person", {"personId": person}),
        ("of a role", {"payerRole": "BUYERS_AGENT"}),
    ):
        yield f"invoices {what}", "invoices", {"filter": narrow}
    for what, narrow in (
        ("of statuses", {"statusIn": ["FAILED", "DISPUTED"]}),
        ("of methods", {"methodIn": ["ACH", "CASH"]}),
        ("of a person", {"personId": person}),
        ("of a payer's name", {"payerName": row["name"]}),
    ):
        yield f"payments {what}", "payments", {"filter": narrow}
    month = {"from": since.isoformat(), "to": (since + timedelta(days=30)).isoformat(), "groupBy": "DAY"}
    yield "a month's report", "paymentReport", month
