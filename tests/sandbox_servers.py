"""Starts the real parts that the tests run against, once for each worker of pytest-xdist."""

import fcntl
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from models.database import database, migrate
from sandbox import postgres, valkey
from sandbox.mailbox import process as mailbox_process
from sandbox.mailbox.process import RunningMailbox
from sandbox.stripe import process as stripe_process
from sandbox.stripe.process import RunningStripe

MIGRATED = "test_migrated"
"""The database that those of all workers are copies of: migrating one takes seconds, copying one does not."""


@dataclass(frozen=True, slots=True)
class Servers:
    """Where one worker's own database, Valkey, Stripe and mailbox are; `mails` speaks to the mailbox's web pages."""

    database_url: str
    redis_url: str
    stripe: RunningStripe
    mailbox: RunningMailbox
    mails: httpx.AsyncClient


@contextmanager
def running_postgres(directories: pytest.TempPathFactory) -> Iterator[str]:
    """Yield the URL of the PostgreSQL that all workers of the run share.

    The server stops with the last worker; its files go with pytest's own temporary directories.
    """
    with postgres.running(shared_directory(directories) / "postgres", durable=False) as url:
        yield url


async def migrated_database(directories: pytest.TempPathFactory, url: str, worker: str) -> str:
    """The URL of this worker's own database on that server: migrated, and empty."""
    made = shared_directory(directories) / "migrated"
    with made.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # The first worker migrates, and the others wait for it.
        if not made.exists():
            async with database(postgres.create_database(url, MIGRATED), pool_size=2):
                await migrate()
            made.touch()
        return postgres.create_database(url, f"test_{worker}", template=MIGRATED)


@asynccontextmanager
async def running_servers(directories: pytest.TempPathFactory, worker: str) -> AsyncIterator[Servers]:
    """Run everything that a worker's tests need; `worker` is pytest-xdist's `worker_id`, or any name."""
    with (
        running_postgres(directories) as postgres_url,
        valkey.running() as redis_url,
        mailbox_process.running() as mailbox,
    ):
        database_url = await migrated_database(directories, postgres_url, worker)
        async with (
            stripe_process.running() as stripe,
            httpx.AsyncClient(base_url=mailbox.url, trust_env=False) as mails,
        ):
            yield Servers(database_url, redis_url, stripe, mailbox, mails)


def shared_directory(directories: pytest.TempPathFactory) -> Path:
    """The temporary directory that is the same for every worker of this run, and new for each run."""
    base = directories.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
