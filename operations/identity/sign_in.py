"""Signing in: a password, and a second factor where there is one or the company demands one."""

from dataclasses import dataclass, field

from models import Company, User
from operations.identity.ciphers import Cipher
from operations.identity.passwords import password_matches
from operations.identity.second_factors import Enrolment, begin_enrolment, turn_on, use_code
from operations.identity.sessions import Session, begin_session
from operations.transactions import transaction
from rules.errors import ErrorCode, Refusal, Unauthenticated
from rules.texts import EMAIL_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class Credentials:
    """What somebody types to sign in, and how their browser calls itself."""

    account: str
    password: str
    code: str | None = None
    user_agent: str = ""


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A session; or, in its place, the second factor to set up first. `recovery_codes` are told when it was set up."""

    session: Session | None = None
    enrolment: Enrolment | None = None
    recovery_codes: list[str] = field(default_factory=list)


class WrongEmailOrPassword(Unauthenticated):
    """Which of them is wrong is nobody's business; who was deactivated reads the same."""

    def __init__(self) -> None:
        super().__init__("Email or password is wrong.", field=("email",))


class CodeRequired(Refusal):
    """The password is right, and is not all that it takes."""

    code = ErrorCode.SECOND_FACTOR_REQUIRED

    def __init__(self) -> None:
        super().__init__("Sign in with a code of your second factor too.", field=("code",))


def account_name(email: str) -> str:
    """What an account is looked up by, and its failures are counted under, however somebody spells the address."""
    return email.strip().lower()


async def sign_in(given: Credentials, *, secret: str, cipher: Cipher) -> SignedIn:
    """Begin a session.

    Raises WrongEmailOrPassword, in the same time for either; CodeRequired; WrongCode. Where the company demands a
    second factor that the user does not have, there is an enrolment instead of a session, until `code` confirms it.
    """
    user = await User.get_or_none(email=given.account) if len(given.account) <= EMAIL_LENGTH_MAX else None
    if not await password_matches(user.password_hash if user else None, given.password) or user is None:
        raise WrongEmailOrPassword
    return await _begin(user, given, secret=secret, cipher=cipher)


@transaction
async def _begin(found: User, given: Credentials, *, secret: str, cipher: Cipher) -> SignedIn:
    # As it was proved: who was deactivated meanwhile, or has another password now, does not come in.
    unchanged = User.filter(id=found.id, password_hash=found.password_hash, deactivated_at=None)
    user = await unchanged.select_for_update().get_or_none()
    if user is None:
        raise WrongEmailOrPassword
    recovery_codes: list[str] = []
    if user.second_factor_at is not None:
        if not given.code:
            raise CodeRequired
        await use_code(user, given.code, cipher=cipher)
    elif (await Company.get(id=user.company_id)).second_factor_required:
        if not given.code or user.second_factor_secret is None:
            return SignedIn(enrolment=await begin_enrolment(user, cipher=cipher))
        await use_code(user, given.code, cipher=cipher)
        recovery_codes = await turn_on(user, by=None)
    session = await begin_session(user, user_agent=given.user_agent, secret=secret)
    return SignedIn(session, recovery_codes=recovery_codes)
