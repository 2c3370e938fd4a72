"""Which web pages may call: a list of origins, checked before anything is read, and CORS for those."""

from collections.abc import Collection
from typing import Final

from starlette.datastructures import Headers
from starlette.middleware import Middleware
from starlette.middleware.cors import CORSMiddleware
from starlette.types import ASGIApp, Receive, Scope, Send

from graphql_server.errors import ErrorCode
from graphql_server.http.answers import error_response

PREFLIGHT_SECONDS: Final = 600
HEADERS_ALLOWED: Final = ("Authorization", "Content-Type", "X-Request-ID")
HEADERS_EXPOSED: Final = ("Content-Disposition", "Retry-After", "X-Request-ID")


class OriginGuard:
    """Refuses pages of other origins. A request without Origin comes from no page, or from one of our own.

    `own_origin` also admits the origin that the request itself is sent to: for the explorer of a development server.
    """

    def __init__(self, app: ASGIApp, *, allowed: Collection[str], own_origin: bool = False) -> None:
        self.app = app
        self.allowed = frozenset(allowed)
        self.own_origin = own_origin

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        origin, site = _asked_by(scope)
        allowed = origin is not None and (origin in self.allowed or self._is_own(origin, scope))
        if not allowed and (origin is not None or site == b"cross-site"):
            refusal = error_response(403, "Pages of this origin may not call the API.", ErrorCode.FORBIDDEN)
            refusal.headers["Vary"] = "Origin"
            await refusal(scope, receive, send)
        else:
            await self.app(scope, receive, send)

    def _is_own(self, origin: str, scope: Scope) -> bool:
        if not self.own_origin:
            return False
        scheme = {"ws": "http", "wss": "https"}.get(scope["scheme"], scope["scheme"])
        return origin == f"{scheme}://{Headers(scope=scope).get('host', '')}"


def _asked_by(scope: Scope) -> tuple[str | None, bytes | None]:
    """Origin and Sec-Fetch-Site; of several, the first."""
    origin = site = None
    for name, value in scope["headers"]:
        if name == b"origin" and origin is None:
            origin = value.decode("latin-1")
        elif name == b"sec-fetch-site" and site is None:
            site = value
    return origin, site


def readable_by(origins: Collection[str], *methods: str) -> Middleware:
    """CORS: pages of these origins may read the answers to requests of these methods, GET unless others are named.

    It keeps nobody from asking; where that matters, OriginGuard stands before it.
    """
    return Middleware(
        CORSMiddleware,
        allow_origins=tuple(origins),
        allow_methods=methods or ("GET",),
        allow_headers=HEADERS_ALLOWED,
        expose_headers=HEADERS_EXPOSED,
        max_age=PREFLIGHT_SECONDS,
    )
