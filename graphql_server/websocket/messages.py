"""The messages of graphql-transport-ws: what a client may send, and the codes that a socket closes with."""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import IntEnum
from typing import Final

from graphql_server.http.requests import BadRequest, GraphQLRequest, parse_json, shaped

SUBPROTOCOL: Final = "graphql-transport-ws"
MESSAGE_BYTES_MAX: Final = 64 * 1024
ID_CHARACTERS_MAX: Final = 100
# A close frame holds 125 bytes, two of which are the code.
REASON_BYTES_MAX: Final = 123


class CloseCode(IntEnum):
    """Why the server ends a socket: WebSocket's own codes, and those of the subprotocol."""

    GOING_AWAY = 1001
    TOO_LARGE = 1009
    TRY_AGAIN_LATER = 1013
    MALFORMED = 4400
    UNAUTHORIZED = 4401
    FORBIDDEN = 4403
    INIT_TIMEOUT = 4408
    DUPLICATE_ID = 4409
    TOO_MANY_INITS = 4429


class Ended(Exception):
    """The socket is over; without a code, because the client is gone."""

    def __init__(self, code: CloseCode | None, reason: str = "") -> None:
        super().__init__(reason)
        self.code = code
        self.reason = reason.encode()[:REASON_BYTES_MAX].decode(errors="ignore")


@dataclass(frozen=True, slots=True)
class Init:
    """Begins the session; `authorization` is as in HTTP's header."""

    authorization: str | None


@dataclass(frozen=True, slots=True)
class Subscribe:
    """Begins a subscription under an id that the client chose."""

    id: str
    request: GraphQLRequest


@dataclass(frozen=True, slots=True)
class Complete:
    """Ends a subscription."""

    id: str


@dataclass(frozen=True, slots=True)
class Ping:
    """Asks for a pong with the same payload."""

    payload: Mapping[str, object] | None


@dataclass(frozen=True, slots=True)
class Pong:
    """Answers a ping, or only says hello."""


Message = Init | Subscribe | Complete | Ping | Pong


def parse_message(text: str | None) -> Message:
    """What the client says; raises Ended for what is too large, no text, or nothing that the subprotocol knows."""
    if text is None:
        raise Ended(CloseCode.MALFORMED, "Messages are text.")
    data = text.encode(errors="replace")
    if len(data) > MESSAGE_BYTES_MAX:
        raise Ended(CloseCode.TOO_LARGE, f"The message is larger than {MESSAGE_BYTES_MAX} bytes.")
    try:
        return _message(parse_json(data, "The message"))
    except BadRequest as refused:
        raise Ended(CloseCode.MALFORMED, refused.message) from None


def _message(message: object) -> Message:
    if not isinstance(message, dict):
        raise BadRequest(400, 'A message is a JSON object, like {"type": "ping"}.')
    kind = message.get("type")
    if kind == "connection_init":
        return Init(_authorization(_payload(message)))
    if kind == "subscribe":
        return Subscribe(_id(message), shaped(message.get("payload")))
    if kind == "complete":
        return Complete(_id(message))
    if kind == "ping":
        return Ping(_payload(message))
    if kind == "pong":
        _payload(message)
        return Pong()
    raise BadRequest(400, "type must be connection_init, subscribe, complete, ping or pong.")


def _payload(message: dict[str, object]) -> dict[str, object] | None:
    payload = message.get("payload")
    if payload is not None and not isinstance(payload, dict):
        raise BadRequest(400, "payload must be a JSON object or left out.")
    return payload


def _id(message: dict[str, object]) -> str:
    found = message.get("id")
    if not isinstance(found, str) or not 1 <= len(found) <= ID_CHARACTERS_MAX:
        raise BadRequest(400, f"id must be a string of 1 to {ID_CHARACTERS_MAX} characters.")
    return found


def _authorization(payload: dict[str, object] | None) -> str | None:
    """As a browser says it, which can't set the header of a websocket."""
    payload = payload or {}
    found = payload.get("Authorization", payload.get("authorization"))
    if found is not None and not isinstance(found, str):
        raise BadRequest(400, "Authorization must be a string, `Bearer …`.")
    return found
