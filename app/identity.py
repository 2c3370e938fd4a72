"""Who is asking: the bearer token of a request, turned into a principal."""

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

from starlette.requests import HTTPConnection

from app.throttling import LinkLimit
from operations.grants import principal_of_link
from operations.sign_ins import principal_of_access_token
from rules.access import Principal
from rules.errors import Unauthenticated

TOKEN_LENGTH_MAX = 2_048
IPV6_PREFIX_LENGTH = 64
"""What one customer of a network gets at least: whoever has one address of it has them all."""


async def authenticate(request: HTTPConnection, *, secret: str, bad_links: LinkLimit | None) -> Principal | None:
    """The principal of a request; None without a token. Raises Unauthenticated for one that is not valid.

    Access tokens are JWTs and so have dots; link tokens have none. Guessing links is throttled by address, which
    raises RateLimited and keeps nobody from following a good one; without `bad_links` nothing is: for a token that
    was valid before.
    """
    header = request.headers.get("authorization")
    if header is None:
        return None
    kind, _, token = header.partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not 1 <= len(token) <= TOKEN_LENGTH_MAX:
        raise Unauthenticated("Send the token as `Authorization: Bearer …`.")
    if "." in token:
        return await principal_of_access_token(token, secret=secret)
    try:
        return await principal_of_link(token)
    except Unauthenticated:
        if bad_links is not None:
            await bad_links.note_failure(address_of(request))
        raise


def address_of(connection: HTTPConnection) -> str:
    """Where a connection comes from, as tries are counted: an IPv4 address, or the network of an IPv6 one."""
    host = connection.client.host if connection.client else "unknown"
    try:
        address: IPv4Address | IPv6Address = ip_address(host)
    except ValueError:
        return host
    if isinstance(address, IPv4Address):
        return str(address)
    if address.ipv4_mapped:
        return str(address.ipv4_mapped)
    return str(IPv6Network((int(address), IPV6_PREFIX_LENGTH), strict=False))
