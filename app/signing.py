"""Signed addresses: what is there may be fetched by whoever has the address, for a quarter of an hour."""

import hashlib
from collections.abc import Mapping, Sequence
from urllib.parse import parse_qsl, urlencode, urlsplit

from itsdangerous import Signer

from rules import clock
from rules.errors import NotFound
from rules.limits import SIGNED_ADDRESS_LIFE


class AddressExpired(NotFound):
    """An address that was signed by us, and whose time is over."""

    def __init__(self) -> None:
        super().__init__("Document")
        self.message = "The address of this document has expired; ask for a new one."


def sign_address(target: str, *, keys: Sequence[str], public_url: str) -> str:
    """The full address of `target`, a path with or without a query, good until a quarter of an hour from now.

    The first of `keys` signs.
    """
    parts = urlsplit(target)
    given = dict(parse_qsl(parts.query))
    given["expires"] = str(int((clock.now() + SIGNED_ADDRESS_LIFE).timestamp()))
    given["signature"] = _signer(keys).get_signature(_signed(parts.path, given)).decode()
    return f"{public_url.rstrip('/')}{parts.path}?{urlencode(given)}"


def check_address(path: str, given: Mapping[str, str], *, keys: Sequence[str]) -> None:
    """Raises NotFound unless `sign_address` made this path and query with one of `keys`, and AddressExpired if over."""
    try:
        expires = int(given.get("expires", ""))
    except ValueError:
        raise NotFound("Document") from None
    bound = {name: value for name, value in given.items() if name != "signature"}
    if not _signer(keys).verify_signature(_signed(path, bound), given.get("signature", "")):
        raise NotFound("Document")
    if expires <= clock.now().timestamp():
        raise AddressExpired


def _signer(keys: Sequence[str]) -> Signer:
    """A signer that knows every key; itsdangerous wants the newest last, which it signs with."""
    return Signer(list(reversed(keys)), salt="address", key_derivation="hmac", digest_method=hashlib.sha256)


def _signed(path: str, given: Mapping[str, str]) -> str:
    """What a signature is of: the path with its query, the end included, in whatever order it is given."""
    return f"{path}\n{urlencode(sorted(given.items()))}"
