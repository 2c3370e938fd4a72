"""What runs while it is measured: PostgreSQL, Valkey, the API and the hand-written endpoint, a process each."""

import asyncio
import secrets
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

import asyncpg

from benchmarks import data_set
from benchmarks.handwritten.endpoints import FUNCTIONS
from sandbox import postgres, process, valkey


@dataclass(frozen=True, slots=True)
class Servers:
    """Where both answer, and on which databases: the same one, or twins with the same rows."""

    api_port: int
    handwritten_port: int
    api_database_url: str
    handwritten_database_url: str
    signing_key: str
    environment: Mapping[str, str]
    """What configures the API, its database included."""


@contextmanager
def running(data_dir: Path, *, inspections: int, twins: bool) -> Iterator[Servers]:
    """Both servers on a fresh data set; with `twins` each has a database of its own, for what writes."""
    with ExitStack() as stack:
        server_url = stack.enter_context(postgres.running(data_dir / "postgres"))
        given = environment(stack.enter_context(valkey.running()))
        key = given["SIGNING_KEY"]
        url = data_set.create(server_url, "benchmark", inspections=inspections, environment=given)
        asyncio.run(_add_functions(url))
        twin = postgres.create_database(server_url, "benchmark_twin", template="benchmark") if twins else url
        api_port = process.chosen_port(None)
        stack.enter_context(_server(api_port, "app", "serve", "--port", str(api_port), url=url, given=given))
        port = process.chosen_port(None)
        stack.enter_context(_server(port, "benchmarks.handwritten", str(port), url=twin, given=given))
        yield Servers(api_port, port, url, twin, key, {**given, "DATABASE_URL": url})


@contextmanager
def database_alone(data_dir: Path, *, inspections: int) -> Iterator[Mapping[str, str]]:
    """A fresh data set and Valkey, and no server: what configures processes that use them."""
    with ExitStack() as stack:
        server_url = stack.enter_context(postgres.running(data_dir / "postgres"))
        given = environment(stack.enter_context(valkey.running()))
        url = data_set.create(server_url, "benchmark", inspections=inspections, environment=given)
        yield {**given, "DATABASE_URL": url}


@contextmanager
def another_api(servers: Servers, *options: str) -> Iterator[int]:
    """One more API on the same database, started with further options; its port."""
    port = process.chosen_port(None)
    given = dict(servers.environment)
    with _server(port, "app", "serve", "--port", str(port), *options, url=servers.api_database_url, given=given):
        yield port


def _server(
    port: int, *arguments: str, url: str, given: dict[str, str]
) -> AbstractContextManager[subprocess.Popen[bytes]]:
    return process.command(
        *(sys.executable, "-m", *arguments),
        ready=lambda: process.answers(f"http://{process.HOST}:{port}/healthz"),
        environment={**given, "DATABASE_URL": url},
    )


def api(port: int, *, url: str, given: dict[str, str]) -> AbstractContextManager[subprocess.Popen[bytes]]:
    """The API alone, on that database."""
    return _server(port, "app", "serve", "--port", str(port), url=url, given=given)


async def _add_functions(url: str) -> None:
    connection = await asyncpg.connect(url)
    try:
        await connection.execute(FUNCTIONS.read_text(encoding="utf-8"))
    finally:
        await connection.close()


def environment(redis_url: str) -> dict[str, str]:
    """The API's configuration; nothing that is measured calls Stripe or a mail server, so none is there."""
    nowhere = f"http://{process.HOST}:1"
    return {
        "REDIS_URL": redis_url,
        "SIGNING_KEY": secrets.token_urlsafe(48),
        "STRIPE_API_KEY": "sk_test_benchmark",
        "STRIPE_BASE_URL": nowhere,
        "SMTP_HOST": process.HOST,
        "MAIL_FROM": "billing@example.com",
        "PUBLIC_URL": nowhere,
        "CLIENT_PORTAL_URL": nowhere,
        "PAYMENT_PORTAL_URL": nowhere,
        "DATABASE_POOL_SIZE": "8",
        "LOG_LEVEL": "INFO",
        "LOG_FORMAT": "json",
    }
