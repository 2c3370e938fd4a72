"""Where connections come from, as they are counted."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address
from typing import Final

from starlette.requests import HTTPConnection

IPV6_PREFIX_LENGTH: Final = 64
"""What one customer of a network gets at least: whoever has one address of it has them all."""


def address_of(connection: HTTPConnection) -> str:
    """Where a connection comes from, as tries are counted; a proxy's word for it, where the proxy is trusted."""
    return network_of(connection.client.host) if connection.client else "unknown"


def network_of(host: str) -> str:
    """An IPv4 address, the network of an IPv6 one, or whatever else it is."""
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX_LENGTH), strict=False))
