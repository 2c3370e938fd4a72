"""The mailbox as a child process, for the demo and for tests."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import process


@dataclass(frozen=True, slots=True)
class RunningMailbox:
    """Where a running mailbox is reached."""

    url: str
    smtp_host: str
    smtp_port: int


@contextmanager
def running(port: int | None = None, smtp_port: int | None = None, log: Path | None = None) -> Iterator[RunningMailbox]:
    """Run a mailbox inside the block, on free ports unless they are given; it ends with this process in any case."""
    port, smtp_port = process.chosen_port(port), process.chosen_port(smtp_port)
    url = f"http://{process.HOST}:{port}"
    ports = ("--port", str(port), "--smtp-port", str(smtp_port))
    with process.child("sandbox.mailbox", *ports, ready_url=f"{url}/healthz", log=log):
        yield RunningMailbox(url, process.HOST, smtp_port)
