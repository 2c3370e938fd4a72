"""Answers as they are sent: JSON in UTF-8, under headers that are worked out once."""

import asyncio
import gzip
from collections.abc import Mapping, Sequence
from typing import Final

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from graphql_server.encoding import json_bytes
from graphql_server.http.media_types import GRAPHQL_RESPONSE, JSON, accepts_gzip

COMPRESSED_BYTES_MIN: Final = 14 * 1024
"""Less arrives in one round trip, as ten packets (RFC 6928), and compressing it may cost more than the answer."""

COMPRESSED_ASIDE_BYTES_MIN: Final = 128 * 1024
COMPRESSION_LEVEL: Final = 1
"""A list of fifty inspections shrinks to 27 %; at the highest level to 25 %, in three times the time."""

RawHeaders = Sequence[tuple[bytes, bytes]]

_CONTENT_TYPES: Final = {
    media_type: (b"content-type", f"{media_type}; charset=utf-8".encode()) for media_type in (JSON, GRAPHQL_RESPONSE)
}


class Answer:
    """The answer to an operation, as an ASGI application: Starlette's responses do more, and cost more than that.

    A long one that is `compressible` is compressed for who takes that.
    """

    __slots__ = ("body", "compressible", "headers", "media_type", "status")

    def __init__(
        self, body: bytes, status: int, media_type: str, headers: RawHeaders = (), *, compressible: bool = False
    ) -> None:
        self.body = body
        self.status = status
        self.media_type = media_type
        self.headers = headers
        self.compressible = compressible

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body, headers = self.body, [_CONTENT_TYPES[self.media_type], *self.headers]
        if self.compressible and len(body) >= COMPRESSED_BYTES_MIN:
            headers.append((b"vary", b"Accept-Encoding"))
            if accepts_gzip(Headers(scope=scope).get("accept-encoding", "")):
                body = await _compressed(body)
                headers.append((b"content-encoding", b"gzip"))
        headers.append((b"content-length", b"%d" % len(body)))
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


async def _compressed(body: bytes) -> bytes:
    """In another thread where it would hold the event loop for milliseconds."""
    if len(body) < COMPRESSED_ASIDE_BYTES_MIN:
        return gzip.compress(body, COMPRESSION_LEVEL, mtime=0)
    return await asyncio.to_thread(gzip.compress, body, COMPRESSION_LEVEL, mtime=0)


def json_response(
    content: object, status: int = 200, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    """A Starlette response, for what is asked now and then."""
    return Response(json_bytes(content), status, dict(headers or {}), f"{media_type}; charset=utf-8")


def error_response(status: int, message: str, code: str, media_type: str = JSON, **headers: str) -> Response:
    """One error in the shape of a GraphQL response, so that clients read every refusal alike."""
    errors = [{"message": message, "extensions": {"code": str(code)}}]
    return json_response({"errors": errors}, status, media_type, headers)
