"""The simulator as a process: it starts, it is quick, and it is gone when its parent is."""

import asyncio
import signal
import socket
import statistics
import sys
from pathlib import Path

import httpx
import pytest

from sandbox.stripe.process import running
from tests.sandbox.stripe_shop import CLIENT_WARNING, Shop

CHECKOUT = Path(__file__).resolve().parents[2]
PARENT = """
import asyncio
from sandbox.stripe.process import running
async def main():
    async with running() as server:
        print(server.url, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


async def answers(url: str) -> bool:
    async with httpx.AsyncClient(trust_env=False) as client:
        try:
            return (await client.get(f"{url}/_control/ready")).is_success
        except httpx.HTTPError:
            return False


async def test_it_answers_while_it_runs_and_is_gone_afterwards() -> None:
    async with running() as server:
        assert await answers(server.url)
    assert not await answers(server.url)


async def test_it_takes_the_port_that_is_named() -> None:
    with socket.create_server(("127.0.0.1", 0)) as free:
        port = free.getsockname()[1]
    async with running(port) as server:
        assert server.url == f"http://127.0.0.1:{port}"
        assert await answers(server.url)


async def test_two_of_them_share_nothing() -> None:
    async with running() as first, running() as second:
        account = await first.ready_account(id="acct_1Same")
        assert await second.ready_account(id="acct_1Same") == account
        assert await first.requests() == await second.requests() == []


async def test_it_dies_with_its_parent() -> None:
    parent = await asyncio.create_subprocess_exec(
        sys.executable, "-c", PARENT, cwd=CHECKOUT, stdout=asyncio.subprocess.PIPE
    )
    assert parent.stdout is not None
    url = (await asyncio.wait_for(parent.stdout.readline(), 20)).decode().strip()
    assert await answers(url)
    parent.send_signal(signal.SIGKILL)
    await parent.wait()
    for _ in range(100):
        if not await answers(url):
            return
        await asyncio.sleep(0.05)
    pytest.fail("The simulator outlived its parent by five seconds.")


@pytest.mark.filterwarnings(CLIENT_WARNING.args[0])
async def test_creating_a_session_takes_less_than_three_milliseconds(shop: Shop) -> None:
    for _ in range(100):
        await shop.open()
    durations = [entry["duration_ms"] for entry in await shop.server.requests()]
    assert statistics.median(durations) < 3
