"""The simulator as a child process: started, waited for, and gone with whoever started it."""

import asyncio
import contextlib
import socket
import sys
import time
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

START_SECONDS_MAX = 20.0
STOP_SECONDS_MAX = 5.0
POLL_SECONDS = 0.02
_CHECKOUT = Path(__file__).resolve().parents[2]


class ControlFailed(RuntimeError):
    """The simulator refused a control; the sentence is its own."""


@dataclass(frozen=True, slots=True)
class RunningStripe:
    """A simulator that answers at `url`."""

    url: str
    client: httpx.AsyncClient

    async def control(self, path: str, /, *, method: str = "POST", **body: Any) -> Any:
        """Use a control, e.g. `await stripe.control("settle", payment_intent="pi_…")`; raises what it refuses."""
        response = await self.client.request(method, f"/_control/{path}", json=body)
        if response.is_error:
            raise ControlFailed(f"{method} /_control/{path}: {response.text}")
        return response.json()

    async def requests(self, *, with_bodies: bool = False) -> list[dict[str, Any]]:
        """What the API received, newest last."""
        found = await self.control(f"requests{'?bodies=1' if with_bodies else ''}", method="GET")
        return list(found["data"])

    async def ready_account(self, **given: Any) -> str:
        """A connected account that can charge; its id."""
        return str((await self.control("accounts", ready=True, **given))["id"])

    async def pay(self, checkout_url: str, **form: str) -> httpx.Response:
        """What a person does on a checkout page: `card="4242…"` or `bank="succeeds"`. Redirects are not followed."""
        return await self.client.post(f"{checkout_url}/pay", data=form)


@contextlib.asynccontextmanager
async def running(
    port: int | None = None,
    *,
    keep_bodies: bool = True,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
) -> AsyncIterator[RunningStripe]:
    """Start a simulator on loopback, on a free port unless one is named, and stop it at the end.

    The socket is opened here and inherited, so nobody can take the port in between. The child also stops when this
    process dies, because its standard input ends then.
    """
    with socket.create_server(("127.0.0.1", port or 0), backlog=2048) as listening:
        listening.set_inheritable(True)
        url = f"http://127.0.0.1:{listening.getsockname()[1]}"
        options = ["--fd", str(listening.fileno()), "--watch-stdin", "--log-level", "warning"]
        if keep_bodies:
            options.append("--keep-bodies")
        if webhook_url is not None and webhook_secret is not None:
            options += ["--webhook-url", webhook_url, "--webhook-secret", webhook_secret]
        child = await asyncio.create_subprocess_exec(
            sys.executable,
            "-m",
            "sandbox.stripe",
            *options,
            cwd=_CHECKOUT,
            stdin=asyncio.subprocess.PIPE,
            pass_fds=[listening.fileno()],
        )
    try:
        async with httpx.AsyncClient(base_url=url, timeout=30, trust_env=False) as client:
            await _until_ready(client, child)
            yield RunningStripe(url, client)
    finally:
        await _stop(child)


async def _until_ready(client: httpx.AsyncClient, child: asyncio.subprocess.Process) -> None:
    deadline = time.monotonic() + START_SECONDS_MAX
    while time.monotonic() < deadline:
        if child.returncode is not None:
            raise RuntimeError(f"The Stripe simulator stopped at once, with code {child.returncode}; see its output.")
        # The socket listens before the child does, so a request waits in its queue rather than being refused.
        with contextlib.suppress(httpx.HTTPError):
            if (await client.get("/_control/ready")).is_success:
                return
        await asyncio.sleep(POLL_SECONDS)
    raise TimeoutError(f"The Stripe simulator did not answer within {START_SECONDS_MAX:.0f} seconds.")


async def _stop(child: asyncio.subprocess.Process) -> None:
    if child.stdin is not None:
        child.stdin.close()
    if child.returncode is None:
        with contextlib.suppress(ProcessLookupError):
            child.terminate()
    try:
        await asyncio.wait_for(child.wait(), STOP_SECONDS_MAX)
    except TimeoutError:
        child.kill()
        await child.wait()
