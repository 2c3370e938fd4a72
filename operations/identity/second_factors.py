"""Second factors: six digits that an authenticator app shows for half a minute (TOTP, RFC 6238), and recovery codes."""

import hmac
import secrets
from dataclasses import dataclass
from typing import Final
from uuid import UUID

import pyotp

from models import Company, RecoveryCode, SignIn, User
from operations.audit_log import record_of_company
from operations.identity.ciphers import Cipher
from operations.identity.passwords import password_matches
from operations.identity.sessions import end_sessions
from operations.identity.staff import WrongPassword, lock_user
from operations.transactions import transaction
from rules import clock
from rules.access import Principal
from rules.errors import ErrorCode, Refusal, Unauthenticated
from rules.limits import RECOVERY_CODES
from rules.links import digest

STEPS_OFF: Final = (0, -1, 1)
"""Of half a minute: clocks differ, and people type slowly (RFC 6238, section 5.2, allows for one step)."""

RECOVERY_ALPHABET: Final = "abcdefghjkmnpqrstuvwxyz23456789"
"""Without what is easily mistaken: i, l, o, 0, 1."""

RECOVERY_LENGTH: Final = 16
"""Characters of 31 each: 79 bits, so that a hash without salt keeps them secret."""


class WrongCode(Unauthenticated):
    """Not the code of now, or one that was used already."""

    code = ErrorCode.WRONG_CODE

    def __init__(self) -> None:
        super().__init__("code is wrong, or was used already.", field=("code",))


@dataclass(frozen=True, slots=True)
class Enrolment:
    """What an authenticator app is told once: the secret to type, and the same as an address for a QR code."""

    secret: str
    uri: str


async def enable_second_factor(principal: Principal, password: str, *, cipher: Cipher) -> Enrolment:
    """Begin: a secret for the caller's app, which counts once `confirm_second_factor` proves that the app has it.

    Raises WrongPassword, or Refusal while a second factor is on.
    """
    user = await User.get(id=principal.user_id)
    if not await password_matches(user.password_hash, password):
        raise WrongPassword(field="password")
    return await _enable(user.id, cipher=cipher)


@transaction
async def _enable(user_id: UUID, *, cipher: Cipher) -> Enrolment:
    user = await User.filter(id=user_id).select_for_update().get()
    if user.second_factor_at is not None:
        raise Refusal("Your second factor is on; turn it off first.", code=ErrorCode.ALREADY_EXISTS)
    return await begin_enrolment(user, cipher=cipher)


async def begin_enrolment(user: User, *, cipher: Cipher) -> Enrolment:
    """A new secret for a user who is locked; the one before, if it was never confirmed, is forgotten."""
    company = await Company.get(id=user.company_id)
    secret = pyotp.random_base32()
    user.second_factor_secret, user.second_factor_step = cipher.encrypt(secret), 0
    await user.save(update_fields=["second_factor_secret", "second_factor_step"])
    return Enrolment(secret, pyotp.TOTP(secret).provisioning_uri(name=user.email, issuer_name=company.name))


@transaction
async def confirm_second_factor(principal: Principal, code: str, *, cipher: Cipher) -> list[str]:
    """Turn the caller's second factor on with a code that their app shows; returns the recovery codes, told only now.

    Raises WrongCode, or Refusal where nothing was begun.
    """
    user = await User.filter(id=principal.user_id).select_for_update().get()
    if user.second_factor_secret is None or user.second_factor_at is not None:
        raise Refusal("Call enableSecondFactor first.", code=ErrorCode.INVALID_INPUT)
    await use_code(user, code, cipher=cipher)
    return await turn_on(user, by=principal)


async def turn_on(user: User, *, by: Principal | None) -> list[str]:
    """The second factor counts from now on, for a user who is locked; returns new recovery codes in clear."""
    user.second_factor_at = clock.now()
    await user.save(update_fields=["second_factor_at"])
    codes = [_new_recovery_code() for _ in range(RECOVERY_CODES)]
    await RecoveryCode.filter(user_id=user.id).delete()
    await RecoveryCode.bulk_create(
        RecoveryCode(company_id=user.company_id, user_id=user.id, code_hash=digest(code)) for code in codes
    )
    await record_of_company(user.company_id, "user.second_factor_on", user.id, by=by)
    return codes


def _new_recovery_code() -> str:
    return "".join(secrets.choice(RECOVERY_ALPHABET) for _ in range(RECOVERY_LENGTH))


async def use_code(user: User, code: str, *, cipher: Cipher) -> None:
    """Spend a code of the app, or a recovery code, of a user who is locked. Raises WrongCode; each is good once."""
    given = "".join(code.split()).replace("-", "").lower()
    if await _is_recovery_code(user, given):
        return
    assert user.second_factor_secret is not None, "only who has a secret is asked for a code"
    step = _step_of(given.encode(), pyotp.TOTP(cipher.decrypt(user.second_factor_secret)))
    # What was seen over a shoulder is worth nothing: a step is good once, and none before it is.
    if step is None or step <= user.second_factor_step:
        raise WrongCode
    user.second_factor_step = step
    await user.save(update_fields=["second_factor_step"])


def _step_of(given: bytes, app: pyotp.TOTP) -> int | None:
    """The half minute, of now or next to it, whose code this is."""
    now = app.timecode(clock.now())
    steps = (now + off for off in STEPS_OFF)
    return next((step for step in steps if hmac.compare_digest(app.generate_otp(step).encode(), given)), None)


async def _is_recovery_code(user: User, given: str) -> bool:
    if len(given) != RECOVERY_LENGTH or user.second_factor_at is None:
        return False
    unused = RecoveryCode.filter(user_id=user.id, code_hash=digest(given), used_at=None)
    return bool(await unused.update(used_at=clock.now()))


@transaction
async def disable_second_factor(principal: Principal, code: str, *, cipher: Cipher) -> UUID:
    """Turn the caller's own second factor off, with a code of it; returns their key.

    Raises WrongCode, or Refusal where it is not on.
    """
    user = await User.filter(id=principal.user_id).select_for_update().get()
    if user.second_factor_at is None:
        raise Refusal("Your second factor is off.", field=("code",))
    await use_code(user, code, cipher=cipher)
    await _turn_off(user, by=principal)
    return user.id


@transaction
async def reset_second_factor(principal: Principal, user_id: UUID) -> UUID:
    """Turn off the second factor of a staff member who lost it, and end their sessions; for the owner alone.

    Returns their key. Where the company demands one, their next sign-in begins another. Raises NotFound.
    """
    user = await lock_user(principal, user_id)
    if user.second_factor_at is not None:
        await _turn_off(user, by=principal)
        await end_sessions(SignIn.filter(user_id=user.id))
    return user.id


async def _turn_off(user: User, *, by: Principal) -> None:
    user.second_factor_secret, user.second_factor_at, user.second_factor_step = None, None, 0
    await user.save(update_fields=["second_factor_secret", "second_factor_at", "second_factor_step"])
    await RecoveryCode.filter(user_id=user.id).delete()
    await record_of_company(user.company_id, "user.second_factor_off", user.id, by=by)
