"""Passwords: hashed with argon2id on a thread of their own, because that takes tens of milliseconds by design."""

import asyncio

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerifyMismatchError

from rules.errors import Refusal
from rules.limits import PASSWORD_LENGTH_MAX, PASSWORD_LENGTH_MIN

_HASHER = PasswordHasher(time_cost=2, memory_cost=19 * 1024, parallelism=1)
"""argon2id at OWASP's minimum: 19 MiB, two passes, one lane."""

_NOBODY = _HASHER.hash("nobody's password, so that an unknown account takes as long as a known one")


def check_password(password: str, *, field: str = "password") -> str:
    """The password, unless it is too short or too long to hash: then Refusal names `field`."""
    if not PASSWORD_LENGTH_MIN <= len(password) <= PASSWORD_LENGTH_MAX:
        raise Refusal(f"{field} must have {PASSWORD_LENGTH_MIN} to {PASSWORD_LENGTH_MAX} characters.", field=(field,))
    return password


async def hash_password(password: str) -> str:
    """The password's argon2id hash with its parameters and salt."""
    return await asyncio.to_thread(_HASHER.hash, password)


async def password_matches(password_hash: str | None, password: str) -> bool:
    """Whether the password is the one that was hashed; without a hash, False after the same time."""
    matches = await asyncio.to_thread(_matches, password_hash, password[:PASSWORD_LENGTH_MAX])
    return matches and len(password) <= PASSWORD_LENGTH_MAX


def _matches(password_hash: str | None, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash or _NOBODY, password) and password_hash is not None
    except (VerifyMismatchError, InvalidHashError):
        return False
