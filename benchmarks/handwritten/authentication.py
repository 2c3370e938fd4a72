"""Who asks, by hand: the same tokens and the same rows as the product's, looked up at every request."""

import hashlib
from dataclasses import dataclass
from uuid import UUID

import asyncpg
import jwt

SESSION = """
    SELECT sign_ins.company_id, sign_ins.user_id, users.name
      FROM sign_ins JOIN users ON users.id = sign_ins.user_id
     WHERE sign_ins.id = $1 AND sign_ins.revoked_at IS NULL
"""
LINK = """
    SELECT link.company_id, link.invoice_id
      FROM grants link LEFT JOIN grants parent ON parent.id = link.parent_id
     WHERE link.token_hash = $1 AND link.kind = 'PAYMENT_PORTAL'
       AND link.revoked_at IS NULL AND link.expires_at > now()
       AND (parent.id IS NULL OR (parent.revoked_at IS NULL AND parent.expires_at > now()))
"""


@dataclass(frozen=True, slots=True)
class Staff:
    """Whoever signed in."""

    company_id: UUID
    user_id: UUID
    name: str


@dataclass(frozen=True, slots=True)
class Payer:
    """Whoever followed a link to one invoice."""

    company_id: UUID
    invoice_id: UUID


class NotAuthenticated(Exception):
    """The token is none of ours, or not any more."""


async def staff_of(connection: asyncpg.Connection, token: str, *, signing_key: str) -> Staff:
    """Whose access token it is. Raises NotAuthenticated."""
    try:
        claims = jwt.decode(
            token, signing_key, algorithms=["HS256"], audience="inspectpay", options={"require": ["exp", "sid"]}
        )
    except jwt.InvalidTokenError:
        raise NotAuthenticated from None
    row = await connection.fetchrow(SESSION, UUID(claims["sid"]))
    if row is None:
        raise NotAuthenticated
    return Staff(*row)


async def payer_of(connection: asyncpg.Connection, token: str) -> Payer:
    """Whose link it is. Raises NotAuthenticated."""
    row = await connection.fetchrow(LINK, hashlib.sha256(token.encode()).hexdigest())
    if row is None:
        raise NotAuthenticated
    return Payer(*row)
