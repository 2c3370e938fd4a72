"""What an address in the configuration must look like."""

import re
from ipaddress import ip_address, ip_network
from typing import Final
from urllib.parse import urlsplit

UNWRITABLE: Final = re.compile(r"[^!-~]")
"""What is in no address and no key: blanks, control characters, and letters that only look like others."""

_HOST_NAME: Final = re.compile(
    r"[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?(\.[A-Za-z0-9_]([A-Za-z0-9_-]*[A-Za-z0-9_])?)*\.?"
)
DEFAULT_PORTS: Final = {"http": 80, "https": 443}


def checked_address(value: str, *schemes: str) -> str:
    """The address, unless it is of another scheme; no part of it is told, because it may hold a password."""
    try:
        parts = urlsplit(value)
        port = parts.port
    except ValueError:
        raise ValueError("is no address") from None
    if parts.scheme not in schemes or "#" in value or not value.startswith(f"{parts.scheme}://"):
        raise ValueError(f"must be an address that begins with {' or '.join(f'{scheme}://' for scheme in schemes)}")
    if UNWRITABLE.search(value):
        raise ValueError("must be an address without blanks; what is not ASCII is written with % in it")
    if parts.scheme in DEFAULT_PORTS and (not is_host(parts.hostname or "") or "@" in parts.netloc or port == 0):
        raise ValueError("must be an address with a host, and without user and password")
    return value


def check_origin(origin: str) -> None:
    """Raises ValueError unless it is as browsers write it, which is compared letter by letter."""
    form = "each must be written as browsers send it, such as https://app.example.com: without path, in lower case"
    try:
        checked_address(origin, "https", "http")
    except ValueError:
        raise ValueError(form) from None
    parts = urlsplit(origin)
    if origin != f"{parts.scheme}://{parts.netloc}" or origin != origin.lower():
        raise ValueError(form)
    if parts.port == DEFAULT_PORTS[parts.scheme] or parts.netloc.endswith((":", ".")):
        raise ValueError(f"{form}, and without the port that goes without saying")


def check_network(text: str) -> None:
    """Raises ValueError unless it is an IP address or a network."""
    try:
        ip_network(text)
    except ValueError:
        raise ValueError("each must be an IP address or a network such as 10.0.0.0/8; * believes everybody") from None


def is_host(text: str) -> bool:
    """Whether it is a host's name or an IP address."""
    if _HOST_NAME.fullmatch(text) and len(text) <= 253:
        return True
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
