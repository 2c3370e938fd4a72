"""Answers as they are sent: JSON in UTF-8, under headers that are worked out once."""

from collections.abc import Mapping, Sequence
from typing import Final

from starlette.responses import Response
from starlette.types import Receive, Scope, Send

from graphql_server.encoding import json_bytes
from graphql_server.http.media_types import GRAPHQL_RESPONSE, JSON

RawHeaders = Sequence[tuple[bytes, bytes]]

_CONTENT_TYPES: Final = {
    media_type: (b"content-type", f"{media_type}; charset=utf-8".encode()) for media_type in (JSON, GRAPHQL_RESPONSE)
}


class Answer:
    """The answer to an operation, as an ASGI application: Starlette's responses do more, and cost more than that."""

    __slots__ = ("body", "headers", "media_type", "status")

    def __init__(self, body: bytes, status: int, media_type: str, headers: RawHeaders = ()) -> None:
        self.body = body
        self.status = status
        self.media_type = media_type
        self.headers = headers

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        body = self.body
        headers = [_CONTENT_TYPES[self.media_type], (b"content-length", b"%d" % len(body)), *self.headers]
        await send({"type": "http.response.start", "status": self.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})


def json_response(
    content: object, status: int = 200, media_type: str = JSON, headers: Mapping[str, str] | None = None
) -> Response:
    """A Starlette response, for what is asked now and then."""
    return Response(json_bytes(content), status, dict(headers or {}), f"{media_type}; charset=utf-8")


def error_response(status: int, message: str, code: str, media_type: str = JSON, **headers: str) -> Response:
    """One error in the shape of a GraphQL response, so that clients read every refusal alike."""
    errors = [{"message": message, "extensions": {"code": str(code)}}]
    return json_response({"errors": errors}, status, media_type, headers)
