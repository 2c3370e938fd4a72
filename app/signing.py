"""Signed addresses: what is there may be fetched by whoever has the address, for a quarter of an hour."""

import hashlib
import hmac
from collections.abc import Mapping
from urllib.parse import parse_qsl, urlencode, urlsplit

from rules import clock
from rules.errors import NotFound
from rules.limits import SIGNED_ADDRESS_LIFE


class AddressExpired(NotFound):
    """An address that was signed by us, and whose time is over."""

    def __init__(self) -> None:
        super().__init__("Document")
        self.message = "The address of this document has expired; ask for a new one."


def sign_address(target: str, *, key: str, public_url: str) -> str:
    """The full address of `target`, a path with or without a query, good until a quarter of an hour from now."""
    parts = urlsplit(target)
    given = dict(parse_qsl(parts.query))
    given["expires"] = str(int((clock.now() + SIGNED_ADDRESS_LIFE).timestamp()))
    given["signature"] = _signature(parts.path, given, key)
    return f"{public_url.rstrip('/')}{parts.path}?{urlencode(given)}"


def check_address(path: str, given: Mapping[str, str], *, key: str) -> None:
    """Raises NotFound unless `sign_address` made this path and query, and AddressExpired if it is over."""
    try:
        expires = int(given.get("expires", ""))
    except ValueError:
        raise NotFound("Document") from None
    bound = {name: value for name, value in given.items() if name != "signature"}
    genuine = hmac.compare_digest(_signature(path, bound, key).encode(), given.get("signature", "").encode())
    if not genuine:
        raise NotFound("Document")
    if expires <= clock.now().timestamp():
        raise AddressExpired


def _signature(path: str, given: Mapping[str, str], key: str) -> str:
    message = f"address\n{path}\n{urlencode(sorted(given.items()))}".encode()
    return hmac.new(key.encode(), message, hashlib.sha256).hexdigest()
