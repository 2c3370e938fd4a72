"""Answers as JSON."""

import json

_encode = json.JSONEncoder(ensure_ascii=False, separators=(",", ":"), allow_nan=False).encode


def json_bytes(content: object) -> bytes:
    """Compact JSON in UTF-8. Raises ValueError for a number that JSON can't spell."""
    return _encode(content).encode()
