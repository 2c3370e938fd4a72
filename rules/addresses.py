"""Addresses on the web that people typed and others will open: only those that lead to the public internet."""

import re
from ipaddress import AddressValueError, IPv4Address, IPv6Address, IPv6Network
from urllib.parse import urlsplit

from rules import texts
from rules.errors import Refusal

URL_LENGTH_MAX = 2000
HOST_LENGTH_MAX = 253

_LABEL = re.compile(r"[a-z0-9_]([a-z0-9_-]{0,61}[a-z0-9_])?")

# Browsers take a name whose last label is a number, even a hexadecimal one, for an IPv4 address (WHATWG URL).
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")

PRIVATE_SUFFIXES = (
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "private",
    "corp",
    "home",
    "lan",
    "home.arpa",
    "onion",
)
"""Names that exist inside a network alone (RFC 6761, 6762, 7686 and 8375; ICANN's .internal; and by custom)."""

_UNICAST = IPv6Network("2000::/3")
_TUNNELS = (IPv6Network("2001::/32"), IPv6Network("2002::/16"))
"""Teredo and 6to4: an IPv4 address, perhaps a private one, inside an IPv6 address."""


def public_url(text: str, *, field: str) -> str:
    """An https address of a public host that browsers open as it stands. Raises Refusal.

    Names are judged as they are written and never looked up: what they resolve to may change at any time.
    """
    url = texts.line(text, field=field, length_max=URL_LENGTH_MAX)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    strange = any(character.isspace() or character in '<>"\\^`{|}' for character in url)
    if parts.scheme != "https" or not host or "@" in parts.netloc or strange:
        raise Refusal(f"{field} must be an address such as https://example.com/report.pdf.", field=(field,))
    if not _is_public(host, bracketed="[" in parts.netloc):
        raise Refusal(f"{field} must lead to a public host, such as example.com.", field=(field,))
    return url


def _is_public(host: str, *, bracketed: bool) -> bool:
    """`host` is in lower case, as urlsplit gives it."""
    try:
        if bracketed:
            return _is_public_ipv6(IPv6Address(host))
        host = host.removesuffix(".")
        labels = host.split(".")
        if _NUMBER.fullmatch(labels[-1]):
            return _is_public_ipv4(IPv4Address(host))  # In its canonical form, or not at all.
    except AddressValueError:
        return False
    if len(labels) < 2 or len(host) > HOST_LENGTH_MAX or not all(_LABEL.fullmatch(label) for label in labels):
        return False
    return not f".{host}".endswith(tuple(f".{suffix}" for suffix in PRIVATE_SUFFIXES))


def _is_public_ipv4(address: IPv4Address) -> bool:
    return address.is_global and not address.is_multicast


def _is_public_ipv6(address: IPv6Address) -> bool:
    return address.is_global and address in _UNICAST and not any(address in tunnel for tunnel in _TUNNELS)
