"""What every response carries and every request leaves in the log: headers, an id, a line, and no trace of a fault."""

import re
from time import perf_counter
from traceback import TracebackException
from typing import Final
from uuid import uuid4

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from graphql_server.http.answers import json_response
from graphql_server.results import mask, new_reference

REQUEST_ID: Final = re.compile(r"[A-Za-z0-9_-]{8,64}")
PATH_LOGGED_MAX: Final = 200
HEADERS: Final = {
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Content-Security-Policy": "default-src 'none'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'",
    "Strict-Transport-Security": "max-age=31536000; includeSubDomains",
    "Cross-Origin-Opener-Policy": "same-origin",
}

_RAW: Final = [(name.lower().encode(), value.encode()) for name, value in HEADERS.items()]
_RAW_NAMES: Final = frozenset(name for name, _ in _RAW)

log = structlog.get_logger(__name__)


class SecurityMiddleware:
    """Pure ASGI, around everything. A page with needs of its own sets its header itself, and keeps it."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await _Exchange(scope, send).run(self.app, receive)
        else:
            await self.app(scope, receive, send)


class _Exchange:
    """One request and its response."""

    def __init__(self, scope: Scope, send: Send) -> None:
        self.scope = scope
        self.wrapped_send = send
        self.request_id = _request_id(scope)
        self.status: int | None = None
        scope.setdefault("state", {})["request_id"] = self.request_id

    async def run(self, app: ASGIApp, receive: Receive) -> None:
        started = perf_counter()
        bound = structlog.contextvars.bind_contextvars(request_id=self.request_id)
        try:
            await app(self.scope, receive, self.send)
        except Exception as fault:
            await self._answer_fault(fault, receive)
        finally:
            log.info(
                "request",
                method=self.scope["method"],
                path=self.scope["path"][:PATH_LOGGED_MAX],  # Without the query string, which may hold a document.
                status=self.status,
                duration_ms=round((perf_counter() - started) * 1000, 1),
                **self.scope["state"].get("noted", {}),
            )
            structlog.contextvars.reset_contextvars(**bound)

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = list(message.get("headers", ()))
            own = _RAW_NAMES.intersection([name for name, _ in headers])
            headers += [pair for pair in _RAW if pair[0] not in own] if own else _RAW
            headers.append((b"x-request-id", self.request_id.encode()))
            if self.status == 408:
                headers.append((b"connection", b"close"))  # The rest of the body is not awaited.
            message["headers"] = headers
        await self.wrapped_send(message)

    async def _answer_fault(self, fault: Exception, receive: Receive) -> None:
        reference = new_reference()
        traceback = "".join(TracebackException.from_exception(fault).format())  # Without local variables.
        log.error("request_failed", reference=reference, exception=traceback)
        if self.status is None:
            await json_response({"errors": [mask(reference)]}, 500)(self.scope, receive, self.send)


def _request_id(scope: Scope) -> str:
    """The client's, where it is one that a log line can hold; else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            given = value.decode("latin-1")
            return given if REQUEST_ID.fullmatch(given) else uuid4().hex
    return uuid4().hex
