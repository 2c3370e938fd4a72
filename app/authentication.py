"""Who is asking: the bearer token of a request, turned into a principal."""

from starlette.requests import HTTPConnection

from app.throttling import LinkLimit
from graphql_server.http.client_addresses import address_of
from operations.identity.grants import principal_of_link
from operations.identity.sessions import principal_of_access_token
from rules.access import Principal
from rules.errors import Unauthenticated

TOKEN_LENGTH_MAX = 2_048


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
