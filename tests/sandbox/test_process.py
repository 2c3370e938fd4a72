"""Children end with their parent, and say why when they do not start."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from sandbox import process

PARENT_SCRIPT = """
import sys
from sandbox import process
port = int(sys.argv[1])
with process.child("http.server", str(port), "--bind", process.HOST, ready_url=f"http://{process.HOST}:{port}/"):
    print("ready", flush=True)
    sys.stdin.read()
"""


def wait_until_free(port: int) -> None:
    deadline = time.monotonic() + 10
    while not process.is_free(port):
        assert time.monotonic() < deadline, f"port {port} is still taken after 10 s"
        time.sleep(0.02)


def test_child_is_ready_inside_the_block_and_gone_after_it() -> None:
    port = process.chosen_port(None)
    url = f"http://{process.HOST}:{port}/"
    with process.child("http.server", str(port), "--bind", process.HOST, ready_url=url):
        assert process.answers(url)
    assert process.is_free(port)


@pytest.mark.parametrize("kind", [signal.SIGKILL, signal.SIGTERM])
def test_child_ends_with_a_parent_that_could_not_say_goodbye(kind: signal.Signals) -> None:
    port = process.chosen_port(None)
    command = [sys.executable, "-c", PARENT_SCRIPT, str(port)]
    with subprocess.Popen(command, cwd=process.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as parent:
        assert parent.stdout is not None
        assert parent.stdout.readline() == b"ready\n"
        assert not process.is_free(port)
        os.kill(parent.pid, kind)
    wait_until_free(port)


def test_child_that_ignores_being_asked_is_made_to_end(tmp_path: Path) -> None:
    ready = tmp_path / "ready"
    deaf = f"import signal, pathlib; signal.signal(15, signal.SIG_IGN); pathlib.Path({str(ready)!r}).touch(); input()"
    stubborn = deaf.replace("input()", "signal.pause()")
    with process.command(sys.executable, "-c", stubborn, ready=ready.exists):
        started = time.monotonic()
    assert time.monotonic() - started < process.STOP_SECONDS_MAX


def test_child_that_fails_says_what_it_printed() -> None:
    with (
        pytest.raises(process.ChildDidNotStart, match=r"(?s)ended with status 3.*out of paper"),
        process.command(sys.executable, "-c", "print('out of paper'); raise SystemExit(3)", ready=lambda: False),
    ):
        pass


def test_taken_port_is_refused_with_advice() -> None:
    port = process.chosen_port(None)
    url = f"http://{process.HOST}:{port}/"
    with (
        process.child("http.server", str(port), "--bind", process.HOST, ready_url=url),
        pytest.raises(process.ChildDidNotStart, match=f"Port {port} is taken.*--port"),
    ):
        process.chosen_port(port)
