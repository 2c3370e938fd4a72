"""`python -m benchmarks.load` asks a server as often as it can: a process of its own, over connections kept open.

It reads a Job as JSON from its standard input and writes an Outcome as JSON to its standard output.
"""

import asyncio
import json
import re
import subprocess
import sys
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from itertools import islice
from typing import cast

import uvloop

from sandbox.process import HOST, ROOT

LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
FAULTS = (b'"errors":', b'"userErrors":[{', b'"userErrors": [{')


@dataclass(frozen=True, slots=True)
class Job:
    """What to ask: `requests` are pairs of token and body, taken in turn from the one numbered `first`."""

    port: int
    path: str
    connections: int
    seconds: float
    requests: list[tuple[str, str]]
    first: int = 0


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of it: answers in time, those that told an error, and how many requests were sent.

    `busy` are those of the failed that were told to come back (503, BUSY); `good` are answers in time without an error.
    """

    answered: int
    failed: int
    sent: int
    seconds: float
    busy: int = 0
    good: int = 0

    @property
    def per_second(self) -> float:
        """Answers a second."""
        return self.answered / self.seconds


class _Asking(asyncio.Protocol):
    """One connection: sends the next request when the answer to the one before is complete, until time is up."""

    def __init__(self, messages: Iterator[bytes], ends: float) -> None:
        self.messages, self.ends = messages, ends
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.answered = self.failed = self.sent = self.busy = self.good = 0
        self._received = bytearray()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own class; it has all of it.
        self._send()

    def data_received(self, data: bytes) -> None:
        self._received += data
        head = self._received.find(b"\r\n\r\n")
        if head < 0:
            return
        length = LENGTH.search(self._received, 0, head + 1)
        assert length is not None, "answers without a length are not measured"
        if len(self._received) < head + 4 + int(length[1]):
            return
        in_time = time.perf_counter() < self.ends
        self.answered += in_time
        good = self._received.startswith(b"HTTP/1.1 200 ") and not any(fault in self._received for fault in FAULTS)
        self.failed += not good
        self.good += good and in_time
        self.busy += self._received.startswith(b"HTTP/1.1 503 ") and b'"BUSY"' in self._received
        self._received.clear()
        if in_time:
            self._send()
        else:
            self._transport.close()

    def connection_lost(self, exc: Exception | None) -> None:
        if time.perf_counter() < self.ends:
            self.failed += 1
        self.done.set_result(None)

    def _send(self) -> None:
        self.sent += 1
        self._transport.write(next(self.messages))


def run(job: Job) -> Outcome:
    """Let a process of its own do the job."""
    command = [sys.executable, "-m", "benchmarks.load"]
    done = subprocess.run(command, cwd=ROOT, input=json.dumps(asdict(job)).encode(), stdout=subprocess.PIPE, check=True)
    return Outcome(**json.loads(done.stdout))


def message(path: str, token: str, body: str) -> bytes:
    """The HTTP request, ready to send."""
    content = body.encode()
    head = (
        f"POST {path} HTTP/1.1\r\nHost: {HOST}\r\nAuthorization: Bearer {token}\r\nAccept: application/json\r\n"
        f"Content-Type: application/json\r\nContent-Length: {len(content)}\r\n\r\n"
    )
    return head.encode() + content


def _endless(job: Job) -> Iterator[bytes]:
    messages = [message(job.path, token, body) for token, body in job.requests]
    first = job.first % len(messages)
    yield from islice(messages, first, None)
    while True:
        yield from messages


async def _ask(job: Job) -> Outcome:
    loop, messages, ends = asyncio.get_running_loop(), _endless(job), time.perf_counter() + job.seconds
    asking = []
    for _ in range(job.connections):
        _, protocol = await loop.create_connection(lambda: _Asking(messages, ends), HOST, job.port)
        asking.append(protocol)
    await asyncio.gather(*(protocol.done for protocol in asking))
    counted = ("answered", "failed", "sent", "busy", "good")
    return Outcome(seconds=job.seconds, **{name: sum(getattr(each, name) for each in asking) for name in counted})


if __name__ == "__main__":
    sys.stdout.write(json.dumps(asdict(uvloop.run(_ask(Job(**json.load(sys.stdin)))))))
