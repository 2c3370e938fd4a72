"""The simulator as one ASGI application: the API, the pages for people, and the controls."""

import asyncio
import contextlib
from collections.abc import AsyncIterator
from html import escape
from pathlib import Path

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp, Receive, Scope, Send

from sandbox.stripe import checkout, html, onboarding_page, pay_page
from sandbox.stripe.api import Api
from sandbox.stripe.control import Control
from sandbox.stripe.currencies import formatted
from sandbox.stripe.faults import Faults
from sandbox.stripe.idempotency import IdempotencyKeys
from sandbox.stripe.persistence import StateFile
from sandbox.stripe.request_log import RequestLog
from sandbox.stripe.state import Json, Space, Store
from sandbox.stripe.webhooks import Webhooks

TICK_SECONDS = 1.0
SESSIONS_SHOWN_MAX = 200


def build_app(
    *,
    webhook_url: str | None = None,
    webhook_secret: str | None = None,
    keep_bodies: bool = False,
    state_path: Path | None = None,
) -> ASGIApp:
    """A simulator of its own; two of them share nothing. With `state_path` it remembers what it knew before."""
    store = Store()
    keys, faults, log = IdempotencyKeys(store.clock), Faults(), RequestLog(keep_bodies=keep_bodies)
    state = StateFile(state_path, store, keys) if state_path else None
    if state is not None:
        state.load()
    webhooks = Webhooks(store, url=webhook_url, secret=webhook_secret)

    @contextlib.asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        ticking = asyncio.create_task(_tick(store, state))
        try:
            yield
        finally:
            ticking.cancel()
            if state is not None:
                state.save()
            await webhooks.close()

    async def show_sessions(request: Request) -> Response:
        store.catch_up()
        return _overview(store)

    pages = Starlette(
        routes=[
            Route("/", show_sessions),
            *pay_page.routes(store),
            *onboarding_page.routes(store),
            *Control(store, keys, faults, log, webhooks).routes(),
        ],
        lifespan=lifespan,
    )
    return _Split(Api(store, keys, faults, log), pages)


class _Split:
    """The API apart from the pages: nothing may come between it and the server (see connection.py)."""

    def __init__(self, api: ASGIApp, pages: ASGIApp) -> None:
        self._api = api
        self._pages = pages

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        is_api = scope["type"] == "http" and scope["path"].startswith("/v1/")
        await (self._api if is_api else self._pages)(scope, receive, send)


async def _tick(store: Store, state: StateFile | None) -> None:
    """Let things fall due while nobody asks, and keep what has changed."""
    while True:
        await asyncio.sleep(TICK_SECONDS)
        store.catch_up()
        if state is not None:
            state.save()


def _overview(store: Store) -> Response:
    rows = [_row(space, session) for space in store.spaces.values() for session in space.newest_first(checkout.SESSION)]
    table = (
        "<table><tr><th>Session</th><th>Account</th><th>Amount</th><th>Status</th><th>What it can do</th></tr>"
        f"{''.join(rows[:SESSIONS_SHOWN_MAX])}</table>"
        if rows
        else "<p>No checkout session yet. The API is below <code>/v1</code>.</p>"
    )
    return html.page("Checkout sessions", table)


def _row(space: Space, session: Json) -> str:
    if session["status"] == "open":
        can = f'<a href="/c/pay/{escape(session["id"])}">pay</a>, expire'
    elif checkout.is_settling(space, session):
        can = "settle"
    else:
        can = "refund, dispute" if session["payment_status"] == "paid" else "nothing"
    cells = (
        f"<code>{escape(session['id'][:16])}…</code>",
        f"<code>{escape(space.account_id)}</code>",
        escape(formatted(session["amount_total"], session["currency"]) if session["currency"] else "nothing to pay"),
        escape(f"{session['status']}, {session['payment_status']}"),
        can,
    )
    return f"<tr>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"
