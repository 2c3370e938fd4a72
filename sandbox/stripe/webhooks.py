"""Webhooks: each event signed and posted in the background to one endpoint, and again when it isn't taken."""

import asyncio
import hashlib
import hmac
import json
import logging

import httpx

from sandbox.stripe.state import Json, Space, Store

logger = logging.getLogger(__name__)

RETRY_AFTER_SECONDS = (0.2, 1.0, 3.0)  # Stripe retries over days; a sandbox is done in seconds.
TIMEOUT_SECONDS = 10.0
AT_ONCE_MAX = 4


class Webhooks:
    def __init__(self, store: Store, *, url: str | None = None, secret: str | None = None) -> None:
        self._store = store
        self._tasks: set[asyncio.Task[None]] = set()
        self._turns = asyncio.Semaphore(AT_ONCE_MAX)
        self._client: httpx.AsyncClient | None = None
        self.configure(url, secret)
        store.event_listeners.append(self.deliver)

    def configure(self, url: str | None, secret: str | None) -> None:
        """Where events go from now on; no URL, no deliveries."""
        if url is not None and not secret:
            raise ValueError("A webhook URL needs a secret (whsec_…) to sign with.")
        self.url, self._secret = url, secret
        self._store.has_webhook = url is not None

    def deliver(self, space: Space, event: Json) -> None:
        """Post an event in the background; events of connected accounts name their account, revoked ones are silent."""
        if self.url is None or space.is_revoked:
            return
        body = {**event, "account": space.account_id} if space is not self._store.platform else event
        task = asyncio.get_running_loop().create_task(self._deliver(json.dumps(body).encode(), event))
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def close(self) -> None:
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        if self._client is not None:
            await self._client.aclose()

    async def _deliver(self, body: bytes, event: Json) -> None:
        async with self._turns:
            for pause in (*RETRY_AFTER_SECONDS, None):
                if self.url is None or await self._post(body):
                    event["pending_webhooks"] = 0
                    return
                if pause is not None:
                    await asyncio.sleep(pause)
        logger.warning("The webhook endpoint %s did not take %s (%s).", self.url, event["id"], event["type"])

    async def _post(self, body: bytes) -> bool:
        assert self.url is not None
        assert self._secret is not None
        self._client = self._client or httpx.AsyncClient(timeout=TIMEOUT_SECONDS, trust_env=False)
        headers = {
            "Content-Type": "application/json; charset=utf-8",
            "Stripe-Signature": signature(body, self._secret, self._store.clock.now()),
            "User-Agent": "Stripe/1.0 (+https://stripe.com/docs/webhooks)",
        }
        try:
            response = await self._client.post(self.url, content=body, headers=headers)
        except httpx.HTTPError:
            return False
        return response.is_success


def signature(body: bytes, secret: str, timestamp: int) -> str:
    """The `Stripe-Signature` header as docs.stripe.com/webhooks/signature describes it."""
    signed = hmac.new(secret.encode(), f"{timestamp}.".encode() + body, hashlib.sha256).hexdigest()
    return f"t={timestamp},v1={signed}"
