"""Media types: which one a body is in, and which one an answer should be in."""

from collections.abc import Iterator
from functools import lru_cache
from typing import Final

JSON: Final = "application/json"
GRAPHQL_RESPONSE: Final = "application/graphql-response+json"
HTML: Final = "text/html"

HEADER_CHARACTERS_MAX: Final = 1000


CACHED_CHARACTERS_MAX: Final = 200
"""Longer headers, which no client sends twice, are looked at each time."""


def is_json_in_utf8(content_type: str) -> bool:
    """Whether a Content-Type is exactly JSON; a charset, if one is given, must be UTF-8."""
    if content_type == JSON:
        return True
    media_type, *parameters = (part.strip().lower() for part in content_type.split(";"))
    return media_type == JSON and all(parameter in {"", "charset=utf-8", 'charset="utf-8"'} for parameter in parameters)


def accepts_gzip(accept_encoding: str) -> bool:
    """Whether an Accept-Encoding header names gzip, and not to refuse it."""
    for coding, quality in _ranges(accept_encoding[:HEADER_CHARACTERS_MAX]):
        if coding == "gzip":
            return quality > 0
    return False


def choose(accept: str | None, offered: tuple[str, ...]) -> str | None:
    """The offered type that an Accept header likes best, the first among equals; None where it accepts none of them."""
    if accept is None:
        return offered[0]
    return (_choose_again if len(accept) <= CACHED_CHARACTERS_MAX else _choose)(accept, offered)


def _choose(accept: str, offered: tuple[str, ...]) -> str | None:
    if not accept.strip():
        return offered[0]
    ranges = list(_ranges(accept[:HEADER_CHARACTERS_MAX]))
    liked = {media_type: _quality(media_type, ranges) for media_type in offered}
    best = max(offered, key=lambda media_type: liked[media_type])
    return best if liked[best] > 0 else None


_choose_again: Final = lru_cache(maxsize=256)(_choose)


def _ranges(accept: str) -> Iterator[tuple[str, float]]:
    for part in accept.split(","):
        media_range, *parameters = (piece.strip().lower() for piece in part.split(";"))
        quality = next((parameter[2:] for parameter in parameters if parameter.startswith("q=")), "1")
        try:
            yield media_range, min(max(float(quality), 0.0), 1.0)
        except ValueError:
            continue


def _quality(media_type: str, ranges: list[tuple[str, float]]) -> float:
    """The quality of the most specific range that covers the type, as RFC 9110 has it."""
    for covering in (media_type, f"{media_type.split('/')[0]}/*", "*/*"):
        found = [quality for media_range, quality in ranges if media_range == covering]
        if found:
            return max(found)
    return 0.0
