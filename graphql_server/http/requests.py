"""A GraphQL request read from HTTP: its size, its shape and its text checked before anything looks at its meaning."""

import asyncio
import json
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from math import isfinite
from typing import Final, Never

from starlette.requests import ClientDisconnect, Request

from graphql_server.errors import ErrorCode

BODY_BYTES_MAX: Final = 128 * 1024
LONG_TEXT_BYTES_MAX: Final = 280 * 1024
"""Of one text that a body may hold beside the rest, where that is allowed: a file of 200 KiB in base64."""

BODY_SECONDS_MAX: Final = 10.0

JSON_DEPTH_MAX: Final = 64
"""Far more than any input of ours, and far less than what a parser, or whoever writes it out again, stumbles over."""

DOCUMENT_ID_CHARACTERS_MAX: Final = 200

# JSON can spell what no UTF-8 text and no PostgreSQL column can hold: half a surrogate pair, and NUL.
_SUSPECT_ESCAPE = re.compile(r"\\u(?:0000|[dD][89a-fA-F])")
_UNSTORABLE = re.compile("[\x00\ud800-\udfff]")


class BadRequest(Exception):
    """A request that is refused before it is a GraphQL request; `status` says how."""

    def __init__(self, status: int, message: str, code: ErrorCode = ErrorCode.MALFORMED_OPERATION) -> None:
        super().__init__(message)
        self.status = status
        self.message = message
        self.code = code


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """What a request asks to run: a document that it sends as `query`, or one that it names by `document_id`."""

    query: str
    variables: Mapping[str, object] | None = None
    operation_name: str | None = None
    document_id: str | None = None


async def read_body(request: Request, bytes_max: int = BODY_BYTES_MAX) -> bytes:
    """The body, read no further than its limit and no longer than its time; raises BadRequest."""
    declared = request.headers.get("content-length", "")
    if declared.isascii() and declared.isdigit() and int(declared[:20]) > bytes_max:
        raise _too_large(bytes_max)
    body = bytearray()
    try:
        async with asyncio.timeout(BODY_SECONDS_MAX):
            async for chunk in request.stream():
                body += chunk
                if len(body) > bytes_max:
                    raise _too_large(bytes_max)
    except TimeoutError:
        raise BadRequest(408, f"The body did not arrive within {BODY_SECONDS_MAX:g} seconds.") from None
    except ClientDisconnect:
        raise BadRequest(400, "The body ended before all of it arrived.") from None
    return bytes(body)


def parse_body(body: bytes) -> GraphQLRequest:
    """The request that a POST body holds; raises BadRequest. What is beyond the limit has to be one long text."""
    value = parse_json(body, "The body")
    if len(body) > BODY_BYTES_MAX and len(body) - _longest_text(value) > BODY_BYTES_MAX:
        raise _too_large(BODY_BYTES_MAX)
    return shaped(value)


def _longest_text(value: object) -> int:
    """The characters of the longest text in what JSON holds, keys aside: no more than its bytes."""
    if isinstance(value, str):
        return len(value)
    return max(map(_longest_text, _inside(value)), default=0)


def parse_query_string(parameters: Mapping[str, str]) -> GraphQLRequest:
    """The request that the address of a GET holds; raises BadRequest."""
    request: dict[str, object] = dict(parameters)
    for name in ("variables", "extensions"):
        if parameters.get(name):
            request[name] = parse_json(parameters[name].encode(errors="replace"), name)
        else:
            request.pop(name, None)
    request["operationName"] = parameters.get("operationName") or None
    return shaped(request)


def parse_json(text: bytes, name: str) -> object:
    """Strict JSON in UTF-8; raises BadRequest for anything else, or what can't be stored as text."""
    try:
        decoded = text.decode()
        value = _decode(decoded)
    except UnicodeDecodeError:
        raise BadRequest(400, f"{name} is not in UTF-8.") from None
    except RecursionError:
        raise _too_deep(name) from None
    except ValueError:
        raise BadRequest(400, f"{name} is not JSON.") from None
    if decoded.count("[") + decoded.count("{") > JSON_DEPTH_MAX and _is_deep(value):
        raise _too_deep(name)
    if _SUSPECT_ESCAPE.search(decoded) and _holds_unstorable_text(value):
        raise BadRequest(400, f"{name} holds a NUL character or half a surrogate pair; no text can.")
    return value


def shaped(request: object) -> GraphQLRequest:
    """The request that parsed JSON holds; raises BadRequest."""
    if isinstance(request, list):
        raise BadRequest(400, "Send one operation a request; a list of them is not accepted.")
    if not isinstance(request, dict):
        raise BadRequest(400, 'The body must be a JSON object, like {"query": "{ viewer { __typename } }"}.')
    query, variables, name = request.get("query"), request.get("variables"), request.get("operationName")
    document_id = request.get("documentId")
    if document_id is not None:
        query = _without_query(document_id, query)
    elif not isinstance(query, str) or not query.strip():
        raise BadRequest(400, "query must be a string that holds a GraphQL document.")
    if variables is not None and not isinstance(variables, dict):
        raise BadRequest(400, "variables must be a JSON object or null.")
    if name is not None and not isinstance(name, str):
        raise BadRequest(400, "operationName must be a string or null.")
    if not isinstance(request.get("extensions"), dict | None):
        raise BadRequest(400, "extensions must be a JSON object or null.")
    return GraphQLRequest(query, variables, name or None, document_id)


def _without_query(document_id: object, query: object) -> str:
    """No document, where one is named."""
    if not isinstance(document_id, str) or len(document_id) > DOCUMENT_ID_CHARACTERS_MAX:
        raise BadRequest(400, f"documentId must be a string of at most {DOCUMENT_ID_CHARACTERS_MAX} characters.")
    if query is not None:
        raise BadRequest(400, "Send query or documentId, not both.")
    return ""


def _too_large(bytes_max: int) -> BadRequest:
    return BadRequest(413, f"The body is larger than {bytes_max} bytes.")


def _too_deep(name: str) -> BadRequest:
    return BadRequest(
        400, f"{name} is nested too deeply; at most {JSON_DEPTH_MAX} lists and objects may be in each other."
    )


def _refuse_constant(name: str) -> Never:
    raise ValueError(f"{name} is no JSON")


def _finite(digits: str) -> float:
    """Python reads 1e400 as infinity, which nothing can hold and no answer can spell."""
    number = float(digits)
    if not isfinite(number):
        raise ValueError("a number beyond what a float can hold")
    return number


def _is_deep(value: object) -> bool:
    """Whether there is anything nested below the deepest level that is accepted."""
    level = [value]
    for _ in range(JSON_DEPTH_MAX):
        level = [inner for outer in level for inner in _inside(outer) if isinstance(inner, dict | list)]
    return bool(level)


def _inside(value: object) -> Iterable[object]:
    if isinstance(value, dict):
        return value.values()
    return value if isinstance(value, list) else ()


def _holds_unstorable_text(value: object) -> bool:
    remaining = [value]
    while remaining:
        found = remaining.pop()
        if isinstance(found, str) and _UNSTORABLE.search(found):
            return True
        if isinstance(found, dict):
            remaining += [*found.keys(), *found.values()]
        elif isinstance(found, list):
            remaining += found
    return False


_decode: Final = json.JSONDecoder(parse_constant=_refuse_constant, parse_float=_finite).decode
