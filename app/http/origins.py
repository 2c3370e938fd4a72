"""Which web pages may call: a list of origins, checked before anything is read, and the CORS headers for those."""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from app.http.graphql import error_response
from rules.errors import ErrorCode

PREFLIGHT_SECONDS: Final = 600
HEADERS_ALLOWED: Final = "authorization, content-type, x-request-id"
HEADERS_EXPOSED: Final = "x-request-id, retry-after"


class OriginGuard:
    """Refuses pages of other origins. A request without Origin comes from no page, or from one of our own.

    `own_origin` also admits the origin that the request itself is sent to: for the explorer of a development server.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str], own_origin: bool = False) -> None:
        self.app = app
        self.allowed = frozenset(allowed)
        self.own_origin = own_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        allowed = origin is not None and (origin in self.allowed or self._is_own(origin, scope, headers))
        if not allowed and (origin is not None or headers.get("sec-fetch-site") == "cross-site"):
            refusal = error_response(403, "Pages of this origin may not call the API.", ErrorCode.FORBIDDEN)
            refusal.headers["Vary"] = "Origin"
            await refusal(scope, receive, send)
        elif origin is None or scope["type"] == "websocket":
            await self.app(scope, receive, send)
        elif scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(origin)(scope, receive, send)
        else:
            await self.app(scope, receive, _sending_cors(send, origin))

    def _is_own(self, origin: str, scope: Scope, headers: Headers) -> bool:
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        return self.own_origin and origin == f"{scheme}://{headers.get('host', '')}"


def _preflight(origin: str) -> Response:
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Origin": origin,
            "Access-Control-Allow-Methods": "GET, POST",
            "Access-Control-Allow-Headers": HEADERS_ALLOWED,
            "Access-Control-Max-Age": str(PREFLIGHT_SECONDS),
            "Vary": "Origin",
        },
    )


def _sending_cors(send: Send, origin: str) -> Send:
    async def send_cors(message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            headers["Access-Control-Allow-Origin"] = origin
            headers["Access-Control-Expose-Headers"] = HEADERS_EXPOSED
            headers.add_vary_header("Origin")
        await send(message)

    return send_cors
