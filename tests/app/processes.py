"""Commands of ours as processes, for tests that start, kill and stop them."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
WAIT_SECONDS_MAX = 180.0
SANDBOX = ("demo", "story")
OURS = ("DATABASE_URL", "REDIS_URL", "SIGNING_KEY", "STRIPE_API_KEY", "OWNER_PASSWORD")


def command(*arguments: str, environment: Mapping[str, str] | None = None, **options: object) -> list[str]:
    """The words of `python -m app …`, or of `python -m sandbox …` for what only a checkout has."""
    package = "sandbox" if arguments[0] in SANDBOX else "app"
    return [sys.executable, "-m", package, *arguments]


def clean(environment: Mapping[str, str] | None = None) -> dict[str, str]:
    """Our environment without what would configure Inspectpay, and with `environment`."""
    return {name: value for name, value in os.environ.items() if name not in OURS} | dict(environment or {})


def run(
    *arguments: str,
    environment: Mapping[str, str] | None = None,
    given: str | None = None,
    seconds_max: float = WAIT_SECONDS_MAX,
) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        command(*arguments),
        cwd=ROOT,
        env=clean(environment),
        input=given,
        capture_output=True,
        text=True,
        timeout=seconds_max,
        check=False,
    )


@contextlib.contextmanager
def started(
    *arguments: str, log: Path, environment: Mapping[str, str] | None = None
) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs inside the block, unless it ends or is ended before; what it prints goes to `log`."""
    with log.open("wb") as output:
        process = subprocess.Popen(
            command(*arguments),
            cwd=ROOT,
            env=clean(environment),
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
        )
        try:
            yield process
        finally:
            if process.poll() is None:
                process.kill()
            process.wait()


def until(what: str, look: Callable[[], object], seconds_max: float = WAIT_SECONDS_MAX) -> None:
    """Wait until `look()` is true."""
    deadline = time.monotonic() + seconds_max
    while not look():
        assert time.monotonic() < deadline, f"{what}: not within {seconds_max:g} s"
        time.sleep(0.05)


def stop(process: subprocess.Popen[bytes], number: int = signal.SIGTERM) -> int:
    """Ask a process to stop and return its exit status."""
    process.send_signal(number)
    return process.wait(WAIT_SECONDS_MAX)
