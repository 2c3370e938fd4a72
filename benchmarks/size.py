"""How long one API process takes until it answers, and how much memory it then has."""

import http.client
import os
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from statistics import median

from benchmarks.load import Job, run
from benchmarks.servers import Servers
from benchmarks.workloads import Workload
from sandbox.process import HOST, ROOT, chosen_port

PAUSE_SECONDS = 0.005
START_SECONDS_MAX = 60.0


def measure(workloads: list[Workload], servers: Servers, *, rounds: int, seconds: float) -> Iterator[str]:
    """How long the first answer took, and megabytes then and after load: each as median, smallest and largest."""
    taken, resting, used = [], [], []
    for _ in range(rounds):
        port = chosen_port(None)
        started = time.perf_counter()
        with _serving(servers, port) as process:
            _wait_for_answer(port, workloads[0])
            taken.append(time.perf_counter() - started)
            resting.append(_megabytes(process.pid))
            for workload in workloads:
                run(Job(port, "/graphql", 16, seconds, workload.requests))
            used.append(_megabytes(process.pid))
    yield _line("start to first answer", "s", taken)
    yield _line("memory after it", "MB", resting)
    yield _line("memory after some thousand answers", "MB", used)


@contextmanager
def _serving(servers: Servers, port: int) -> Iterator[subprocess.Popen[bytes]]:
    command = [sys.executable, "-m", "app", "serve", "--port", str(port)]
    environment = {**os.environ, **servers.environment}
    with subprocess.Popen(command, cwd=ROOT, env=environment, stdout=subprocess.DEVNULL) as process:
        try:
            yield process
        finally:
            process.terminate()


def _wait_for_answer(port: int, workload: Workload) -> None:
    token, body = workload.requests[0]
    headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    ends = time.perf_counter() + START_SECONDS_MAX
    while time.perf_counter() < ends:
        connection = http.client.HTTPConnection(HOST, port, timeout=START_SECONDS_MAX)
        try:
            connection.request("POST", "/graphql", body, headers)
            assert connection.getresponse().status == 200
        except OSError:
            time.sleep(PAUSE_SECONDS)
        else:
            return
        finally:
            connection.close()
    raise TimeoutError(f"no answer within {START_SECONDS_MAX:g} s")


def _megabytes(process: int) -> float:
    """The resident memory of a process, shared pages included, in millions of bytes."""
    shown = subprocess.run(["ps", "-o", "rss=", "-p", str(process)], capture_output=True, text=True, check=True)
    return int(shown.stdout) * 1024 / 1e6


def _line(name: str, unit: str, values: list[float]) -> str:
    return f"{name:36} {median(values):7.2f} {unit:3} {min(values):.2f}–{max(values):.2f}"  # noqa: RUF001
