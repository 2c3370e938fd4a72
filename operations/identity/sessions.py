"""Sessions of staff: short-lived access tokens, and refresh tokens that are good for one use."""

from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from uuid import UUID

import jwt
from tortoise import connections
from tortoise.queryset import QuerySet

from models import RefreshToken, SignIn, User, UserRole
from operations.transactions import transaction
from rules import clock
from rules.access import Principal, Scope
from rules.errors import NotFound, Unauthenticated
from rules.identifiers import new_id
from rules.limits import ACCESS_TOKEN_LIFE, REFRESH_GRACE, USER_AGENT_LENGTH_MAX
from rules.links import digest, new_token

REFRESH_TOKEN_LIFE = timedelta(days=30)

_SESSION = """
    SELECT sign_in.company_id, sign_in.user_id, member.role, member.name
      FROM sign_ins sign_in JOIN users member ON member.id = sign_in.user_id AND member.company_id = sign_in.company_id
     WHERE sign_in.id = $1 AND sign_in.revoked_at IS NULL
"""
"""Who signed in, while the session lasts: asked at every request, so without the ORM."""

_ALGORITHM = "HS256"
NOT_VALID = "The access token is not valid, or not any more."
TOKENS_REMEMBERED_MAX = 4_096
_AUDIENCE = "inspectpay"


@dataclass(frozen=True, slots=True)
class Session:
    """What a signed-in frontend holds; `expires_at` is when the access token ends."""

    access_token: str
    refresh_token: str
    expires_at: datetime


async def begin_session(user: User, *, user_agent: str, secret: str) -> Session:
    """A session of a user who proved who they are, in the browser that calls itself `user_agent`."""
    row = await SignIn.create(
        id=new_id(),
        company_id=user.company_id,
        user_id=user.id,
        user_agent="".join(filter(str.isprintable, user_agent))[:USER_AGENT_LENGTH_MAX],
        expires_at=clock.now() + REFRESH_TOKEN_LIFE,
    )
    return await _issue(row, secret=secret)


async def refresh_session(refresh_token: str, *, secret: str) -> Session:
    """A new pair of tokens for a refresh token, once; using one again later ends the whole session.

    Two tabs that hold the same token may use it at the same moment: within REFRESH_GRACE each gets a pair of its own.
    Raises Unauthenticated for a token that is unknown, expired, used before or signed out.
    """
    session = await _rotate(refresh_token, secret=secret)
    if session is None:
        raise Unauthenticated("This session has ended; sign in again.", field=("refreshToken",))
    return session


@transaction
async def _rotate(refresh_token: str, *, secret: str) -> Session | None:
    """None where there is nothing to refresh; a revocation must commit, so it can't be raised from here."""
    row_id, _, token = refresh_token.partition(".")
    row = await _find(row_id)
    if row is None or row.revoked_at is not None:
        return None
    given = await RefreshToken.get_or_none(sign_in_id=row.id, token_hash=digest(token))
    if given is None or given.expires_at <= clock.now():
        return None
    if given.used_at is not None and clock.now() - given.used_at > REFRESH_GRACE:
        # Somebody holds a token that was rotated away: theft, or a reply that got lost. Fail closed.
        await SignIn.filter(id=row.id).update(revoked_at=clock.now())
        return None
    if given.used_at is None:
        await RefreshToken.filter(id=given.id).update(used_at=clock.now())
    now = clock.now()
    await SignIn.filter(id=row.id).update(refreshed_at=now, expires_at=now + REFRESH_TOKEN_LIFE)
    return await _issue(row, secret=secret)


async def _find(row_id: str) -> SignIn | None:
    try:
        key = UUID(row_id)
    except ValueError:
        return None
    return await SignIn.filter(id=key).select_for_update().get_or_none()


async def _issue(row: SignIn, *, secret: str) -> Session:
    """Fresh tokens of a sign-in. What is stored of the refresh token verifies it, and no more."""
    token = new_token()
    await RefreshToken.create(
        company_id=row.company_id,
        sign_in_id=row.id,
        token_hash=digest(token),
        expires_at=clock.now() + REFRESH_TOKEN_LIFE,
    )
    return _session(row, token, secret=secret)


@transaction
async def sign_out(principal: Principal) -> None:
    """End the principal's session: its access token and refresh token are refused from now on. Safe to repeat."""
    await end_sessions(SignIn.filter(id=principal.session_id))


@transaction
async def end_session(principal: Principal, session_id: UUID) -> None:
    """End one of the principal's own sessions at once. Safe to repeat. Raises NotFound."""
    own = SignIn.filter(id=session_id, user_id=principal.user_id)
    if not await own.exists():
        raise NotFound("Session", field=("sessionId",))
    await end_sessions(own)


async def end_sessions(sessions: QuerySet[SignIn]) -> None:
    """End these at once: their access tokens and refresh tokens are refused from now on. Safe to repeat."""
    await sessions.filter(revoked_at=None).update(revoked_at=clock.now())


async def principal_of_access_token(token: str, *, keys: tuple[str, ...]) -> Principal:
    """Whoever bears an access token. Raises Unauthenticated for one that is tampered with, expired or signed out."""
    session_id = session_of_access_token(token, keys=keys)
    found = await connections.get("default").execute_query_dict(_SESSION, [session_id])
    if not found:
        raise Unauthenticated("This session has ended; sign in again.")
    (session,) = found
    return Principal(
        scope=Scope.INSPECTOR,
        company_id=session["company_id"],
        user_id=session["user_id"],
        owner=session["role"] == UserRole.OWNER,
        session_id=session_id,
        name=session["name"],
    )


def session_of_access_token(token: str, *, keys: tuple[str, ...]) -> UUID:
    """The sign-in that an access token is of, signed with one of these keys.

    Raises Unauthenticated unless it is one as we make them, and not over.
    """
    sign_in, ends = _verified(token, keys)
    if ends <= clock.now().timestamp():
        raise Unauthenticated(NOT_VALID)
    return sign_in


@lru_cache(maxsize=TOKENS_REMEMBERED_MAX)
def _verified(token: str, keys: tuple[str, ...]) -> tuple[UUID, int]:
    """The sign-in that a token of ours names, and its end. What was verified once is: only good tokens are remembered,
    and whether the sign-in still stands is asked of the database each time.
    """
    invalid = Unauthenticated(NOT_VALID)
    # Its end is checked by the same clock that set it, which PyJWT does not know.
    options: jwt.types.Options = {"require": ["exp", "sid"], "verify_exp": False}
    claims = None
    for key in keys:
        try:
            claims = jwt.decode(token, key, algorithms=[_ALGORITHM], audience=_AUDIENCE, options=options)
            break
        except jwt.InvalidSignatureError:
            continue
        except (jwt.InvalidTokenError, ValueError, TypeError, OverflowError):  # PyJWT computes with claims of any type.
            raise invalid from None
    if claims is None:
        raise invalid
    ends, sign_in = claims["exp"], claims["sid"]
    if type(ends) is not int or not isinstance(sign_in, str):
        raise invalid
    try:
        return UUID(sign_in), ends
    except ValueError:
        raise invalid from None


def _session(row: SignIn, token: str, *, secret: str) -> Session:
    expires_at = clock.now() + ACCESS_TOKEN_LIFE
    claims = {"sid": str(row.id), "aud": _AUDIENCE, "exp": expires_at}
    return Session(
        access_token=jwt.encode(claims, secret, algorithm=_ALGORITHM),
        refresh_token=f"{row.id}.{token}",
        expires_at=expires_at,
    )
