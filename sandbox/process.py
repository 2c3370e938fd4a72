"""Child processes of the sandbox: each ends with its parent, however that ends, and is awaited until it is ready."""

import http.client
import os
import random
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import IO
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[1]
HOST = "127.0.0.1"
READY_SECONDS_MAX = 20.0
STOP_SECONDS_MAX = 10.0
# Below the range that the system takes outgoing ports from, so that no connection can snatch a port chosen here.
CHOSEN_PORTS = range(20000, 30000)


class ChildDidNotStart(RuntimeError):
    """A child process ended or stayed silent instead of becoming ready; the message carries what it printed."""


@contextmanager
def child(module: str, *arguments: str, ready_url: str, log: Path | None = None) -> Iterator[None]:
    """Run `python -m module arguments…` inside the block, entered once `ready_url` answers 200."""
    with command(sys.executable, "-m", module, *arguments, ready=lambda: answers(ready_url), log=log):
        yield


@contextmanager
def command(
    *arguments: str, ready: Callable[[], bool], log: Path | None = None, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """Run a command from the checkout's root inside the block, entered once `ready()`; what it prints goes to `log`.

    Its environment is ours with `environment` on top. The process that is yielded lives as long as the command does.
    A log that is there already is added to: it may tell why an earlier process ended.
    """
    with log.open("a+b") if log else tempfile.TemporaryFile() as output:
        earlier = output.seek(0, os.SEEK_END)
        process = subprocess.Popen(
            [sys.executable, "-I", "-S", str(Path(__file__).with_name("attached.py")), *arguments],
            cwd=ROOT,
            stdin=subprocess.PIPE,
            stdout=output,
            stderr=subprocess.STDOUT,
            env={**os.environ, **(environment or {})},
            start_new_session=True,  # A terminal's Ctrl-C reaches the parent alone, which stops children in order.
        )
        try:
            _wait(process, " ".join(arguments), output, earlier, ready)
            yield process
        finally:
            _stop(process)


def answers(url: str) -> bool:
    """Whether a GET of `url` answers 200 within a second."""
    parts = urlsplit(url)
    connection = http.client.HTTPConnection(parts.hostname or HOST, parts.port, timeout=1)
    try:
        connection.request("GET", parts.path or "/")
        return connection.getresponse().status == 200
    except (OSError, http.client.HTTPException):
        return False
    finally:
        connection.close()


def is_free(port: int) -> bool:
    """Whether a server could listen on that port now."""
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((HOST, port))
        except OSError:
            return False
    return True


def chosen_port(port: int | None) -> int:
    """The port that was asked for, refused if it is taken, or else any that nobody listens on."""
    if port is not None:
        if is_free(port):
            return port
        raise ChildDidNotStart(f"Port {port} is taken by another program. Stop it, or choose other ports with --port.")
    for port in random.SystemRandom().sample(CHOSEN_PORTS, 100):
        if is_free(port):
            return port
    raise ChildDidNotStart(f"No free port among 100 tried in {CHOSEN_PORTS}.")


def _wait(
    process: subprocess.Popen[bytes], name: str, output: IO[bytes], earlier: int, ready: Callable[[], bool]
) -> None:
    """Return once it is ready; what its log says from the byte `earlier` on is its own."""
    deadline = time.monotonic() + READY_SECONDS_MAX
    while True:
        if process.poll() is not None:
            reason = f"ended with status {process.returncode}"
        elif ready() and process.poll() is None:  # Asked again: what answered may be a stranger on the same port.
            return
        elif time.monotonic() > deadline:
            reason = f"was not ready after {READY_SECONDS_MAX:.0f} s"
        else:
            time.sleep(0.02)
            continue
        output.seek(earlier)
        raise ChildDidNotStart(f"{name} {reason}:\n{output.read()[-2000:].decode(errors='replace').strip()}")


def _stop(process: subprocess.Popen[bytes]) -> None:
    assert process.stdin is not None
    process.stdin.close()
    try:
        process.wait(STOP_SECONDS_MAX)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
