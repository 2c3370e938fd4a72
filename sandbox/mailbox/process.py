"""The mailbox as a child process, for the demo and for tests."""

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from pathlib import Path

from sandbox import process

TRIES_MAX = 3


@dataclass(frozen=True, slots=True)
class RunningMailbox:
    """Where a running mailbox is reached."""

    url: str
    smtp_host: str
    smtp_port: int


@contextmanager
def running(
    port: int | None = None, smtp_port: int | None = None, *, log: Path | None = None, kept_in: Path | None = None
) -> Iterator[RunningMailbox]:
    """Run a mailbox inside the block, on free ports unless they are given; it ends with this process in any case.

    Its mails are there at the next start in the directory `kept_in`, if one is given.
    """
    with ExitStack() as stack:
        yield _start(stack, port, smtp_port, log, kept_in)


def _start(
    stack: ExitStack, port: int | None, smtp_port: int | None, log: Path | None, kept_in: Path | None
) -> RunningMailbox:
    """Start the child; where we chose a port that somebody took in the meantime, choose again."""
    for attempt in range(1, TRIES_MAX + 1):
        web, smtp = process.chosen_port(port), process.chosen_port(smtp_port)
        url = f"http://{process.HOST}:{web}"
        options = ["--port", str(web), "--smtp-port", str(smtp)]
        options += ["--keep", str(kept_in)] if kept_in else []
        try:
            stack.enter_context(process.child("sandbox.mailbox", *options, ready_url=f"{url}/healthz", log=log))
        except process.ChildDidNotStart:
            if attempt == TRIES_MAX or None not in (port, smtp_port):
                raise
        else:
            return RunningMailbox(url, process.HOST, smtp)
    raise AssertionError("the last try returns or raises")
