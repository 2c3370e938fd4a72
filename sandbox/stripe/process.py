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
class ForeignPayment:
    """The ids of what somebody else's payment is made of; a bare intent has no session, a bare charge no intent."""

    session_id: str | None
    payment_intent_id: str | None
    charge_id: str | None


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

    async def revoke_account(self, account_id: str) -> None:
        """Its owner disconnects us, or closes the account: whatever we ask about it answers 403 `account_invalid`.

        What happens on it goes on: open checkouts can be paid, banks settle and dispute.
        """
        await self.control(f"accounts/{account_id}/revoke")

    async def reject_account(self, account_id: str, *, reason: str = "rejected.fraud") -> None:
        """Stripe won't work for it any more: it can be read, its `requirements.disabled_reason` says why."""
        await self.control(f"accounts/{account_id}/reject", reason=reason)

    async def restore_account(self, account_id: str) -> None:
        """A revoked or rejected account can charge and be asked about again, what happened meanwhile included."""
        await self.control(f"accounts/{account_id}/restore")

    async def foreign_payment(self, account_id: str, *, way: str = "checkout", **given: Any) -> ForeignPayment:
        """Somebody else is paid by way of a `checkout`, an `intent` or a `charge`, or only keeps a card (`setup`).

        `given` may hold amount, currency, metadata, client_reference_id and card.
        """
        made = await self.control("foreign/payments", account=account_id, way=way, **given)
        return ForeignPayment(made["session"], made["payment_intent"], made["charge"])

    async def foreign_refund(
        self,
        *,
        payment_intent_id: str | None = None,
        charge_id: str | None = None,
        amount_minor: int | None = None,
        metadata: dict[str, str] | None = None,
    ) -> str:
        """Somebody else refunds a payment of theirs or of ours, all that is left or `amount_minor`; the refund's id.

        Without `metadata` it carries `refund_id=RMA-77`.
        """
        given: dict[str, Any] = {
            "payment_intent": payment_intent_id,
            "charge": charge_id,
            "amount": amount_minor,
            "metadata": metadata,
        }
        named = {name: value for name, value in given.items() if value is not None}
        return str((await self.control("foreign/refunds", **named))["id"])

    async def foreign_dispute(self, *, payment_intent_id: str | None = None, charge_id: str | None = None) -> str:
        """A cardholder disputes a payment, one that we know nothing of too; the dispute's id."""
        named: dict[str, Any] = {"charge": charge_id} if charge_id else {"payment_intent": payment_intent_id}
        return str((await self.control("disputes", **named))["id"])

    async def foreign_balance(self, account_id: str, *, kind: str = "payout", amount_minor: int = 100) -> str:
        """A balance entry of no payment: a `payout` to the owner's bank, or a `fee` of Stripe's; the id of either."""
        moved = await self.control("foreign/balance", account=account_id, kind=kind, amount=amount_minor)
        return str(moved["id"])

    async def save_500(self, endpoint: str, *, after_effect: bool = False, count: int = 1) -> None:
        """The next call of e.g. `POST /v1/refunds$` answers 500, and so does every repetition under its key.

        `after_effect` says whether the work was done all the same: nobody learns it without looking.
        """
        await self.control("faults", match=endpoint, kind="status", value=500, count=count, effect=after_effect)

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
