"""The embedded Valkey: answers, keeps nothing, ends with its user."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from redis.asyncio import Redis

from sandbox import process, valkey

USER_SCRIPT = """
import sys
from sandbox import valkey
with valkey.running() as url:
    print(url, flush=True)
    sys.stdin.read()
"""


async def test_it_answers_and_keeps_nothing(tmp_path: Path) -> None:
    port = process.chosen_port(None)
    for _ in range(2):
        with valkey.running(tmp_path, port) as url:
            async with Redis.from_url(url, decode_responses=True) as redis:
                assert await redis.get("key") is None
                await redis.set("key", "value")
                assert await redis.get("key") == "value"
    assert "Ready to accept connections" in (tmp_path / "valkey.log").read_text()


async def test_two_run_side_by_side() -> None:
    with valkey.running() as one, valkey.running() as two:
        assert one != two
        async with Redis.from_url(one) as first, Redis.from_url(two) as second:
            await first.set("key", "value")
            assert await second.get("key") is None


def test_it_ends_with_a_killed_parent() -> None:
    command = [sys.executable, "-c", USER_SCRIPT]
    with subprocess.Popen(
        command, cwd=process.ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        port = urlsplit(parent.stdout.readline().strip()).port
        assert port is not None
        assert not process.is_free(port)
        os.kill(parent.pid, signal.SIGKILL)
    deadline = time.monotonic() + 10
    while not process.is_free(port):
        assert time.monotonic() < deadline, "Valkey outlived its parent"
        time.sleep(0.02)


def test_taken_port_is_refused_with_advice() -> None:
    with valkey.running() as url:
        port = urlsplit(url).port
        with pytest.raises(process.ChildDidNotStart, match=f"Port {port} is taken"), valkey.running(port=port):
            pass
