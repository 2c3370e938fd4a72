"""The `/v1` API: who asks, under which key, for which endpoint, and which fault befalls the reply."""

import asyncio
import base64
import binascii
import json
import logging
import time
from dataclasses import dataclass, field
from typing import Any

from starlette.requests import Request
from starlette.types import Receive, Scope, Send

from sandbox.stripe import accounts, checkout, listing, reading, refunds
from sandbox.stripe.call import Call, Endpoint
from sandbox.stripe.connection import drop
from sandbox.stripe.errors import API, StripeError, account_unreachable, hide_key
from sandbox.stripe.faults import Fault, Faults
from sandbox.stripe.idempotency import IdempotencyKeys
from sandbox.stripe.parameters import parse
from sandbox.stripe.request_log import Entry, RequestLog, without_secrets
from sandbox.stripe.state import API_VERSION, Json, Origin, Space, Store, new_id

logger = logging.getLogger(__name__)

ENDPOINTS: tuple[Endpoint, ...] = (
    *checkout.ENDPOINTS,
    *refunds.ENDPOINTS,
    *accounts.ENDPOINTS,
    *reading.ENDPOINTS,
)
DERIVED: dict[tuple[str, str], listing.Derived] = {
    ("charge", "refunds"): refunds.refunds_of,
    ("checkout.session", "line_items"): lambda space, session: listing.whole(
        checkout.lines_of(space, session), url=f"/v1/checkout/sessions/{session['id']}/line_items"
    ),
}
BODY_BYTES_MAX = 1024 * 1024


@dataclass(slots=True)
class Reply:
    status: int
    body: Json
    headers: dict[str, str] = field(default_factory=dict)


class Api:
    """An ASGI application for everything below `/v1`."""

    def __init__(self, store: Store, keys: IdempotencyKeys, faults: Faults, log: RequestLog) -> None:
        self.store = store
        self.keys = keys
        self.faults = faults
        self.log = log

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        started = time.perf_counter()
        request = Request(scope, receive)
        entry = Entry(
            id=new_id("req", 14),
            method=request.method,
            path=request.url.path,
            headers=without_secrets(dict(request.headers)),
            idempotency_key=request.headers.get("idempotency-key"),
            account=request.headers.get("stripe-account"),
        )
        self.log.add(entry)
        try:
            reply = await self._reply(request, entry)
        except StripeError as error:
            reply = _error_reply(error, entry)
        except Exception:
            logger.exception("The simulator failed at %s %s", entry.method, entry.path)
            reply = _error_reply(StripeError("The simulator has a bug; see its log.", status=500, type=API), entry)
        entry.status = reply.status
        entry.duration_ms = round((time.perf_counter() - started) * 1000, 3)
        if self.log.keep_bodies:
            entry.response = reply.body
        if entry.reply_lost:
            await drop(receive, send)
        else:
            await _send(reply, entry, request, send)

    async def _reply(self, request: Request, entry: Entry) -> Reply:
        body = await request.body()
        if len(body) > BODY_BYTES_MAX:
            raise StripeError("The request body is too large.", status=413)
        entry.query, entry.params = parse(request.url.query), parse(body.decode("utf-8", errors="replace"))
        self.store.catch_up()
        key = _secret_key(request.headers.get("authorization"))
        space = self._space(entry.account, key)
        found, ids = _find(entry.method, entry.path)
        parameters = {**entry.query, **entry.params}
        idempotency_key = entry.idempotency_key if entry.method == "POST" else None
        if idempotency_key is None:
            return await self._execute(found, ids, parameters, space, request, entry, key)
        saved = self.keys.claim(
            space.account_id, idempotency_key, path=entry.path, parameters=parameters, request_id=entry.id
        )
        if saved is not None:
            assert saved.status is not None
            entry.replayed = True
            return Reply(saved.status, saved.body, _replay_headers(saved.status, saved.request_id))
        try:
            return await self._execute(found, ids, parameters, space, request, entry, key)
        except BaseException:
            self.keys.release(space.account_id, idempotency_key)  # Nothing was executed, so the key is free again.
            raise

    async def _execute(
        self,
        endpoint: Endpoint,
        ids: tuple[str, ...],
        parameters: Json,
        space: Space,
        request: Request,
        entry: Entry,
        key: str,
    ) -> Reply:
        """Faults, then validation, then the endpoint; raises only for what happens before execution begins."""
        struck = {fault.kind: fault for fault in self.faults.strike(entry.method, entry.path)}
        entry.faults = list(struck)
        if latency := struck.get("latency"):
            await asyncio.sleep(latency.value / 1000)
        entry.reply_lost = "lost_reply" in struck
        status = struck.get("status")
        if status and not status.effect:
            return self._refuse(status, space, entry)
        checked = endpoint.shape(parameters, "")
        base_url = f"{request.url.scheme}://{request.headers.get('host', 'localhost')}"
        call = Call(self.store, space, checked, ids, base_url, entry.path, key)
        self.store.origin = Origin(entry.id, entry.idempotency_key)
        try:
            reply = Reply(200, _expand(endpoint.answer(call), checked.get("expand", []), space))
        except StripeError as error:
            reply = _error_reply(error, entry)
        finally:
            self.store.origin = Origin()
        if status:
            return self._refuse(status, space, entry)
        self._save(space, entry, reply)
        return reply

    def _refuse(self, fault: Fault, space: Space, entry: Entry) -> Reply:
        error = fault.error()
        if entry.method != "POST" or entry.idempotency_key is None or not fault.is_saved:
            raise error
        error.retry_advised = False  # A repeat gets the saved reply: useless, and Stripe says so.
        reply = _error_reply(error, entry)
        self._save(space, entry, reply)
        return reply

    def _save(self, space: Space, entry: Entry, reply: Reply) -> None:
        if entry.method == "POST" and entry.idempotency_key is not None:
            frozen = json.loads(json.dumps(reply.body))  # Objects change afterwards; the saved reply must not.
            self.keys.save(space.account_id, entry.idempotency_key, status=reply.status, body=frozen)
        elif self.log.keep_bodies:
            reply.body = json.loads(json.dumps(reply.body))

    def _space(self, account_id: str | None, key: str) -> Space:
        if account_id is None:
            return self.store.platform
        space = self.store.spaces.get(account_id)
        if space is None or space.is_revoked:
            raise account_unreachable(account_id, key)
        return space


def _find(method: str, path: str) -> tuple[Endpoint, tuple[str, ...]]:
    for endpoint in ENDPOINTS:
        if endpoint.method == method and (match := endpoint.pattern.fullmatch(path)):
            return endpoint, match.groups()
    raise StripeError(
        f"Unrecognized request URL ({method}: {path}). Please see https://stripe.com/docs or we can help at "
        "https://support.stripe.com/.",
        status=404,
    )


def _secret_key(authorization: str | None) -> str:
    """The key of `Bearer sk_…`, or of Basic with the key as the user."""
    scheme, _, credentials = (authorization or "").partition(" ")
    key = credentials.strip()
    if scheme.lower() == "basic":
        try:
            key = base64.b64decode(key, validate=True).decode().partition(":")[0]
        except (binascii.Error, UnicodeDecodeError):
            key = ""
    if scheme.lower() not in ("bearer", "basic") or not key:
        raise StripeError(
            "You did not provide an API key. You need to provide your API key in the Authorization header, using "
            "Bearer auth (e.g. 'Authorization: Bearer YOUR_SECRET_KEY'). "
            "See https://stripe.com/docs/api#authentication for details.",
            status=401,
        )
    if not key.startswith(("sk_", "rk_")):
        raise StripeError(f"Invalid API Key provided: {hide_key(key)}", status=401)
    return key


def _expand(item: Json, paths: list[str], space: Space) -> Json:
    return listing.expanded(item, paths, space, DERIVED) if paths else item


def _error_reply(error: StripeError, entry: Entry) -> Reply:
    headers = {}
    if error.retry_advised is not None:
        headers["Stripe-Should-Retry"] = "true" if error.retry_advised else "false"
    if error.status == 401:
        headers["WWW-Authenticate"] = 'Basic realm="Stripe"'
    return Reply(error.status, error.body(entry.id), headers)


def _replay_headers(status: int, first_request_id: str) -> dict[str, str]:
    headers = {"Idempotent-Replayed": "true", "Original-Request": first_request_id}
    if status >= 500:
        headers["Stripe-Should-Retry"] = "false"
    return headers


async def _send(reply: Reply, entry: Entry, request: Request, send: Send) -> None:
    body = json.dumps(reply.body, separators=(",", ":")).encode()
    headers = {
        "Content-Type": "application/json",
        "Content-Length": str(len(body)),
        "Request-Id": entry.id,
        "Stripe-Version": request.headers.get("stripe-version", API_VERSION),
        **reply.headers,
    }
    if entry.idempotency_key is not None:
        headers["Idempotency-Key"] = entry.idempotency_key
    if entry.account is not None:
        headers["Stripe-Account"] = entry.account
    encoded: list[Any] = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    await send({"type": "http.response.start", "status": reply.status, "headers": encoded})
    await send({"type": "http.response.body", "body": body})
