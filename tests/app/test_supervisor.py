"""Several processes of one command, as they are in production: killed, replaced and stopped."""

import asyncio
import os
import signal
import socket
import subprocess
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

import httpx
import pytest

from sandbox.process import chosen_port
from tests.workers.processes import ROOT, environment, running, until
from tests.world import World

HELLO = {"query": "{ viewer { __typename } }"}


@dataclass
class Family:
    """A supervisor with its processes, and the port they serve at."""

    process: asyncio.subprocess.Process
    port: int
    log: Path

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.port}/graphql"

    def children(self) -> set[int]:
        """The processes that it started and that still run."""
        return children_of(self.process.pid)

    def printed(self) -> str:
        return self.log.read_text()


def children_of(parent: int) -> set[int]:
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listed.splitlines())
    return {int(pid) for pid, of, state in rows if int(of) == parent and not state.startswith("Z")}


def sockets_of(process: int) -> int:
    """How many files it has open, most of them sockets."""
    return len([*Path(f"/proc/{process}/fd").iterdir()])


def is_running(process: int) -> bool:
    try:
        os.kill(process, 0)
    except ProcessLookupError:
        return False
    return True


@asynccontextmanager
async def serving(world: World, log: Path) -> AsyncIterator[Family]:
    """The API in two processes."""
    port = chosen_port(None)
    arguments = ("serve", "--port", str(port), "--processes", "2")
    async with running(world.settings, *arguments, log=log) as process:
        family = Family(process, port, log)
        await until_printed(family, '"processes_ready"')
        yield family


async def until_printed(family: Family, text: str) -> None:
    async def is_printed() -> bool:
        return text in await asyncio.to_thread(family.printed)

    await until(is_printed)


async def load(url: str, stop: asyncio.Event) -> tuple[int, list[str]]:
    """Ask over connections that are kept open, and over new ones, until told to stop."""
    answered = 0
    failed: list[str] = []

    async def ask(*, keep: bool) -> None:
        nonlocal answered
        headers = {} if keep else {"Connection": "close"}
        async with httpx.AsyncClient(timeout=20, headers=headers) as client:
            while not stop.is_set():
                try:
                    response = await client.post(url, json=HELLO)
                except httpx.HTTPError as fault:
                    failed.append(repr(fault))
                    continue
                answered += 1
                if response.status_code != 200:
                    failed.append(response.text)

    await asyncio.gather(*(ask(keep=number % 2 == 0) for number in range(6)))
    return answered, failed


async def test_processes_are_replaced_without_a_failed_request(world: World, tmp_path: Path) -> None:
    """SIGHUP starts a new process for each before it stops an old one, under load; SIGTERM ends them all."""
    async with serving(world, tmp_path / "log") as family:
        before = family.children()
        assert len(before) == 2
        stop = asyncio.Event()
        asking = asyncio.create_task(load(family.url, stop))
        family.process.send_signal(signal.SIGHUP)
        await until_printed(family, '"processes_replaced"')
        stop.set()
        answered, failed = await asking
        assert failed == []
        assert answered > 20
        assert len(family.children()) == 2
        assert family.children().isdisjoint(before)
        family.process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(family.process.wait(), 30) == 0
    assert "Traceback" not in family.printed()


async def test_each_process_gets_its_part_of_the_connections(world: World, tmp_path: Path) -> None:
    """Also of those that come at the same moment: one process alone would take them all."""
    async with serving(world, tmp_path / "log") as family:
        before = {child: sockets_of(child) for child in family.children()}
        opened = await asyncio.gather(*(asyncio.open_connection("127.0.0.1", family.port) for _ in range(40)))
        for _, writer in opened:
            writer.write(b"GET /healthz HTTP/1.1\r\nHost: x\r\n\r\n")
        for reader, _ in opened:
            await reader.readuntil(b"}")
        taken = [sockets_of(child) - number for child, number in before.items()]
        for _, writer in opened:
            writer.close()
    assert min(taken) >= 5, taken


async def test_a_process_that_dies_is_replaced(world: World, tmp_path: Path) -> None:
    """The other answers meanwhile, and the pause before it is replaced grows while they go on dying."""
    async with serving(world, tmp_path / "log") as family:
        before = family.children()
        victim = min(before)
        os.kill(victim, signal.SIGKILL)
        await until_printed(family, '"process_died"')
        async with httpx.AsyncClient() as client:
            assert (await client.post(family.url, json=HELLO)).status_code == 200

        async def is_replaced() -> bool:
            return len(family.children() - before) == 1

        await until(is_replaced)
        (second,) = family.children() - before
        os.kill(second, signal.SIGKILL)
        await until_printed(family, '"pause_seconds": 0.8')


async def test_processes_end_with_their_supervisor(world: World, tmp_path: Path) -> None:
    async with serving(world, tmp_path / "log") as family:
        children = family.children()
        family.process.kill()

        async def are_gone() -> bool:
            return not any(is_running(child) for child in children)

        await until(are_gone, seconds=20)


async def test_an_address_that_is_taken_is_told(world: World, tmp_path: Path) -> None:
    """An address that is taken is told in a sentence."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        arguments = ("serve", "--port", str(taken.getsockname()[1]), "--processes", "2")
        async with running(world.settings, *arguments, log=tmp_path / "taken") as process:
            assert await asyncio.wait_for(process.wait(), 30) == 2
    assert (tmp_path / "taken").read_text().startswith("The address 127.0.0.1, port ")


async def test_processes_that_never_serve_end_the_command(tmp_path: Path) -> None:
    """Where the configuration is broken meanwhile, say: the exit status tells."""
    script = (
        "import asyncio; from app.supervisor import *\n"
        "try: asyncio.run(Supervisor('serve', '--listening', '0', number=2).run())\n"
        "except DidNotStart: raise SystemExit(7)"
    )
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", script, cwd=ROOT, env={"PATH": os.environ["PATH"]}, stderr=asyncio.subprocess.DEVNULL
    )
    assert await asyncio.wait_for(process.wait(), 60) == 7


async def test_workers_share_what_is_to_be_done(world: World, tmp_path: Path) -> None:
    """Two workers under one supervisor: a mail is sent once, and SIGTERM ends them in order."""
    await (await world.inspection()).invoice("100.00", send=True)
    async with running(world.settings, "worker", "--processes", "2", log=tmp_path / "log") as process:
        await until(lambda: _one_mail(world))
        assert len(children_of(process.pid)) == 2
        process.send_signal(signal.SIGTERM)
        assert await asyncio.wait_for(process.wait(), 30) == 0
    assert len(await world.mails()) == 1
    assert "Traceback" not in (tmp_path / "log").read_text()


async def _one_mail(world: World) -> bool:
    return len(await world.mails()) == 1


@pytest.mark.parametrize("command", ["serve", "worker"])
async def test_a_configuration_at_fault_is_told_once(world: World, tmp_path: Path, command: str) -> None:
    settings = world.settings.model_copy(update={"smtp_port": 0})
    assert environment(settings)["SMTP_PORT"] == "0"
    async with running(settings, command, "--processes", "2", log=tmp_path / "log") as process:
        assert await asyncio.wait_for(process.wait(), 30) == 2
    assert (tmp_path / "log").read_text().count("SMTP_PORT can't be used") == 1
