"""Signed addresses: a document may be fetched by whoever has its address, for a quarter of an hour."""

import hashlib
import hmac
from datetime import timedelta

from rules import clock
from rules.errors import NotFound

ADDRESS_LIFE = timedelta(minutes=15)


def sign_address(path: str, *, key: str, public_url: str) -> str:
    """The full address of `path`, good until a quarter of an hour from now."""
    expires = int((clock.now() + ADDRESS_LIFE).timestamp())
    return f"{public_url.rstrip('/')}{path}?expires={expires}&signature={_signature(path, expires, key)}"


def check_address(path: str, *, expires: str, signature: str, key: str) -> None:
    """Raises NotFound unless `sign_address` made this address and it has not expired."""
    try:
        moment = int(expires)
    except ValueError:
        raise NotFound("Document") from None
    genuine = hmac.compare_digest(_signature(path, moment, key).encode(), signature.encode())
    if not genuine or moment <= clock.now().timestamp():
        raise NotFound("Document")


def _signature(path: str, expires: int, key: str) -> str:
    message = f"document\n{path}\n{expires}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
