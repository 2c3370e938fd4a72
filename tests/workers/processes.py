"""The API and the worker as the processes they are in production, to be stopped and killed."""

import asyncio
import os
import sys
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path

from pydantic import SecretStr

from app.settings import Settings
from sandbox.process import answers

ROOT = Path(__file__).resolve().parents[2]
POLL_SECONDS = 0.05


@asynccontextmanager
async def running(settings: Settings, *command: str, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run `python -m app command…` inside the block; what still runs at its end is killed."""
    with log.open("ab") as output:
        process = await asyncio.create_subprocess_exec(
            sys.executable, "-m", "app", *command, cwd=ROOT, env=environment(settings), stdout=output, stderr=output
        )
    try:
        yield process
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()


@asynccontextmanager
async def serving(settings: Settings, port: int, *, log: Path) -> AsyncIterator[asyncio.subprocess.Process]:
    """Run the API inside the block, entered once it answers."""
    async with running(settings, "serve", "--port", str(port), log=log) as process:
        await until(lambda: asyncio.to_thread(answers, f"http://127.0.0.1:{port}/healthz"))
        yield process


async def kill(process: asyncio.subprocess.Process) -> None:
    """End the process as a power cut would."""
    process.kill()
    await process.wait()


def environment(settings: Settings) -> dict[str, str]:
    """The environment from which a process reads the same settings."""
    given = {
        name.upper(): value.get_secret_value() if isinstance(value, SecretStr) else str(value)
        for name, value in settings.model_dump().items()
    }
    return {"PATH": os.environ["PATH"], "PYTHONUNBUFFERED": "1", **given}


async def until(condition: Callable[[], Awaitable[object]], *, seconds: float = 60) -> float:
    """Wait until the condition holds; says how long that took. Fails after `seconds`."""
    loop = asyncio.get_running_loop()
    started = loop.time()
    while not await condition():
        assert loop.time() - started < seconds, "it did not come true in time"
        await asyncio.sleep(POLL_SECONDS)
    return loop.time() - started
