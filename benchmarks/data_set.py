"""The rows that the benchmarks run on: a database of its own in an embedded PostgreSQL, filled by SQL."""

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import asyncpg

from sandbox import postgres
from sandbox.process import ROOT

LOAD = Path(__file__).with_name("data_set.sql")
INSPECTIONS_PER_COMPANY = 400


def create(
    server_url: str, name: str, *, inspections: int, environment: dict[str, str], companies: int | None = None
) -> str:
    """A new database with today's schema and that many inspections, and its URL; 400 of a company, if not told."""
    url = postgres.create_database(server_url, name)
    migrating = [sys.executable, "-m", "app", "migrate"]
    subprocess.run(
        migrating, cwd=ROOT, env={**os.environ, **environment, "DATABASE_URL": url}, check=True, capture_output=True
    )
    asyncio.run(_load(url, inspections, companies or max(1, inspections // INSPECTIONS_PER_COMPANY)))
    return url


async def _load(url: str, inspections: int, companies: int) -> None:
    connection = await asyncpg.connect(url)
    try:
        sizes = {"bench.inspections": inspections, "bench.companies": companies}
        for name, size in sizes.items():
            await connection.execute("SELECT set_config($1, $2, false)", name, str(size))
        await connection.execute(LOAD.read_text(encoding="utf-8"))
        await connection.execute("VACUUM (ANALYZE)")
    finally:
        await connection.close()


def link_token(number: int) -> str:
    """The token of the payer's link to the separate invoice of inspection `number`, counted from 1."""
    return f"bench-payer-{number}"
