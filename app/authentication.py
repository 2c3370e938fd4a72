"""Who is asking: the bearer token of a request, as a claim that a read proves, or turned into a principal."""

from starlette.requests import HTTPConnection

from app.throttling import LinkLimit
from graphql_server.http.client_addresses import address_of
from graphql_server.principals import Claim
from operations.identity.grants import principal_of_link
from operations.identity.sessions import principal_of_access_token, session_of_access_token
from rules.access import Principal, Scope, link_credentials, session_credentials
from rules.errors import Unauthenticated
from rules.links import digest

TOKEN_LENGTH_MAX = 2_048


async def authenticate(
    request: HTTPConnection, *, keys: tuple[str, ...], bad_links: LinkLimit | None
) -> Principal | None:
    """The principal of a request; None without a token. Raises Unauthenticated for one that is not valid.

    Access tokens are JWTs and so have dots; link tokens have none. Guessing links is throttled by address, which
    raises RateLimited and keeps nobody from following a good one; without `bad_links` nothing is: for a token that
    was valid before.
    """
    token = _token_of(request)
    if token is None:
        return None
    if "." in token:
        return await principal_of_access_token(token, keys=keys)
    try:
        return await principal_of_link(token)
    except Unauthenticated:
        if bad_links is not None:
            await bad_links.note_failure(address_of(request))
        raise


def claim_of(request: HTTPConnection, *, keys: tuple[str, ...]) -> Claim | None:
    """Who the request says it is from; None for a token that can't be valid, of which `authenticate` says why.

    A link's token does not say which portal it is for, so both are tried.
    """
    try:
        token = _token_of(request)
        if token is None:
            return Claim((None,))
        if "." in token:
            return Claim((Scope.INSPECTOR,), session_credentials(session_of_access_token(token, keys=keys)))
    except Unauthenticated:
        return None
    token_hash = digest(token)
    return Claim((Scope.PAYER, Scope.CLIENT), link_credentials(token_hash), token_hash)


def _token_of(request: HTTPConnection) -> str | None:
    """The bearer token, None without one. Raises Unauthenticated for a header that has none in it."""
    header = request.headers.get("authorization")
    if header is None:
        return None
    kind, _, token = header.partition(" ")
    token = token.strip()
    if kind.lower() != "bearer" or not 1 <= len(token) <= TOKEN_LENGTH_MAX:
        raise Unauthenticated("Send the token as `Authorization: Bearer …`.")
    return token
