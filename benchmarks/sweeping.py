"""What workers do: mails beside a bare pool of connections, and asking Stripe; two workers beside one."""

import asyncio
import json
import os
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from pathlib import Path
from statistics import median
from typing import Any, Final

import asyncpg

from benchmarks.counterparts import CHECKOUT_EXPIRES_AT, HOST
from benchmarks.servers import database_alone
from sandbox import process

CONCURRENCY: Final = 16
LATENCY_MS: Final = 100.0
"""How long Stripe takes to answer."""

START_SECONDS: Final = 4.0
"""Until a worker has started; on a busy machine it may take longer, and the first row tells."""

LOOK_SECONDS: Final = 0.05
SECONDS_MAX: Final = 600.0

_ROW: Final = {"label": "Home inspection", "detail": "", "amount": "$150.00"}
DOCUMENT: Final[dict[str, Any]] = {
    "title": "Invoice 000012-2",
    "company_name": "Company 1",
    "status": "Unpaid",
    "date": "November 2, 2026",
    "revision": "",
    "billed_to": "Bob Person12",
    "property_address": "112 Main St, Springfield, IL 60012",
    "lines": [_ROW, _ROW],
    "sums": [_ROW],
    "due": _ROW,
    "payments": [],
    "shares": [],
    "paper": "us-letter",
}
"""What the PDF of each mail says."""

_QUEUE: Final = """
    UPDATE emails SET status = 'QUEUED', attempts = 0, accepted_at = NULL, next_attempt_at = now(), document = $2::jsonb
     WHERE id IN (SELECT id FROM emails ORDER BY id LIMIT $1)
"""
_SENT: Final = "SELECT count(*) FROM emails WHERE accepted_at IS NOT NULL AND document IS NOT NULL"

_OPEN: Final = f"""
    UPDATE payments SET state = 'REQUIRES_ACTION', next_poll_at = now(), failure_message = NULL, method = 'CARD',
           card_brand = NULL, card_last4 = NULL, stripe_payment_intent_id = NULL, refundable_minor = 0,
           checkout_session_id = 'cs_bench_' || replace(id::text, '-', ''), settled_at = NULL,
           checkout_url = 'https://checkout.stripe.com/c/pay/cs_bench_' || replace(id::text, '-', ''),
           checkout_expires_at = to_timestamp({CHECKOUT_EXPIRES_AT}),
           stripe_account_id = (SELECT stripe_account_id FROM companies WHERE companies.id = payments.company_id)
     WHERE id IN (SELECT id FROM payments ORDER BY md5(id::text) LIMIT $1)
"""
_POLLED: Final = "SELECT count(*) FROM payments WHERE next_poll_at > now() + interval '5 minutes'"


def mails(data_dir: Path, *, inspections: int, rounds: int, number: int) -> Iterator[str]:
    """Mails a second, each with its PDF: one worker and two, in ratio to the bare pool with the same messages ready."""
    with _set_up(data_dir, inspections, "mail") as (environment, port):
        bare, one, two = [], [], []
        for _ in range(rounds):
            bare.append(_bare(port, number))
            one.append(_measure(environment, 1, _QUEUE, [number, DOCUMENT], _SENT, number))
            two.append(_measure(environment, 2, _QUEUE, [number, DOCUMENT], _SENT, number))
    yield _line("bare pool, mails/s", bare)
    yield _line("one worker, mails/s", one)
    yield _line("one worker / bare pool", [a / b for a, b in zip(one, bare, strict=True)])
    yield _line("two workers / one", [a / b for a, b in zip(two, one, strict=True)])


def polling(data_dir: Path, *, inspections: int, rounds: int, number: int) -> Iterator[str]:
    """Payments a second that Stripe is asked about, where it takes 100 ms to answer: one worker and two."""
    with _set_up(data_dir, inspections, "stripe") as (environment, _):
        one, two = [], []
        for _ in range(rounds):
            one.append(_measure(environment, 1, _OPEN, [number], _POLLED, number))
            two.append(_measure(environment, 2, _OPEN, [number], _POLLED, number))
    yield _line("one worker, payments/s", one)
    yield _line("two workers / one", [a / b for a, b in zip(two, one, strict=True)])


@contextmanager
def _set_up(data_dir: Path, inspections: int, kind: str) -> Iterator[tuple[Mapping[str, str], int]]:
    with ExitStack() as stack:
        environment = stack.enter_context(database_alone(data_dir, inspections=inspections))
        port = process.chosen_port(None)
        command = [sys.executable, "-m", "benchmarks.counterparts", kind, str(port), str(LATENCY_MS)]
        stack.enter_context(process.command(*command, ready=lambda: _listens(port)))
        yield (
            {
                **environment,
                "SMTP_PORT": str(port),
                "SMTP_TLS": "none",
                "STRIPE_API_KEY": "sk_live_benchmark",  # Live limits; the address below is all that is called.
                "STRIPE_BASE_URL": f"http://{HOST}:{port}",
                "WORKER_CONCURRENCY": str(CONCURRENCY),
                "LOG_LEVEL": "WARNING",
            },
            port,
        )


def _listens(port: int) -> bool:
    return not process.is_free(port)


def _bare(port: int, number: int) -> float:
    command = [sys.executable, "-m", "benchmarks.bare_pool", str(port), str(number), str(CONCURRENCY)]
    return float(subprocess.run(command, cwd=process.ROOT, stdout=subprocess.PIPE, check=True).stdout)


def _measure(
    environment: Mapping[str, str], workers: int, begin: str, given: list[Any], done: str, number: int
) -> float:
    """Rows a second, from the first that is done to the last: workers may take two seconds before they look."""
    with ExitStack() as stack:
        for _ in range(workers):
            command = [sys.executable, "-m", "app", "worker"]
            log = subprocess.DEVNULL
            worker = stack.enter_context(
                subprocess.Popen(command, cwd=process.ROOT, env={**os.environ, **environment}, stdout=log, stderr=log)
            )
            stack.callback(worker.terminate)
        return asyncio.run(_rate(environment["DATABASE_URL"], begin, given, done, number))


async def _rate(url: str, begin: str, given: list[Any], done: str, number: int) -> float:
    connection = await asyncpg.connect(url)
    try:
        await connection.set_type_codec("jsonb", encoder=json.dumps, decoder=json.loads, schema="pg_catalog")
        await asyncio.sleep(START_SECONDS)
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(begin, *given)
        first = await _until(connection, done, 1)
        last = await _until(connection, done, number)
        return (last[1] - first[1]) / (last[0] - first[0])
    finally:
        await connection.close()


async def _until(connection: asyncpg.Connection, done: str, number: int) -> tuple[float, int]:
    ends = time.perf_counter() + SECONDS_MAX
    while time.perf_counter() < ends:
        found = await connection.fetchval(done)
        if found >= number:
            return time.perf_counter(), found
        await asyncio.sleep(LOOK_SECONDS)
    raise TimeoutError(f"{found} of {number} are done after {SECONDS_MAX:g} seconds")


def _line(name: str, values: list[float]) -> str:
    return f"{name:28} {median(values):8.2f}  {min(values):.2f}–{max(values):.2f}"  # noqa: RUF001 - a range
