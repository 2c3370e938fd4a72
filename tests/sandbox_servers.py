"""Starts the real parts that the tests run against, once for each worker of pytest-xdist."""

import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest

from sandbox import postgres, valkey
from sandbox.mailbox import process as mailbox_process
from sandbox.mailbox.process import RunningMailbox
from sandbox.stripe import process as stripe_process
from sandbox.stripe.process import RunningStripe


@dataclass(frozen=True, slots=True)
class Servers:
    """Where one worker's own database, Valkey, Stripe and mailbox are."""

    database_url: str
    redis_url: str
    stripe: RunningStripe
    mailbox: RunningMailbox


@contextmanager
def running_database(directories: pytest.TempPathFactory, worker: str) -> Iterator[str]:
    """Yield the URL of this worker's empty database, on a PostgreSQL that all workers of the run share.

    The server stops with the last worker; its files go with pytest's own temporary directories.
    """
    with postgres.running(shared_directory(directories) / "postgres", durable=False) as url:
        yield postgres.create_database(url, f"test_{worker}")


@asynccontextmanager
async def running_servers(directories: pytest.TempPathFactory, worker: str) -> AsyncIterator[Servers]:
    """Run everything that a worker's tests need; `worker` is pytest-xdist's `worker_id`, or any name."""
    with (
        running_database(directories, worker) as database_url,
        valkey.running() as redis_url,
        mailbox_process.running() as mailbox,
    ):
        async with stripe_process.running() as stripe:
            yield Servers(database_url, redis_url, stripe, mailbox)


def shared_directory(directories: pytest.TempPathFactory) -> Path:
    """The temporary directory that is the same for every worker of this run, and new for each run."""
    base = directories.getbasetemp()
    return base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
