"""Links by which staff choose a password: invitations, and for who forgot theirs."""

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from models import Company, EmailKind, SignIn, StaffLink, User, UserRole
from operations.audit_log import record_of_company
from operations.documents.brands import brand_of
from operations.identity.companies import refuse_known_address, sign_in_address
from operations.identity.passwords import check_password, hash_password
from operations.identity.sessions import Session, begin_session, end_sessions
from operations.identity.staff import lock_staff, lock_user
from operations.messages.outbox import EmailContent, Recipient, email_content, queue_staff_mail
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Operator, Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.identifiers import new_id
from rules.limits import NAME_LENGTH_MAX, RESET_MAILS_MAX, STAFF_MAX
from rules.links import LINK_MARK, STAFF_LINK_LIFE, StaffLinkKind, digest

RESET_SECONDS = 0.3
"""How long asking for a reset takes, whether the address is known or not."""


@dataclass(frozen=True, slots=True)
class InviteUser:
    """Somebody who is to join the staff."""

    name: str
    email: str
    role: UserRole = UserRole.INSPECTOR


@dataclass(frozen=True, slots=True)
class ChoosePassword:
    """A new password, by the token of a mailed link."""

    token: str
    password: str
    user_agent: str = ""


class LinkEnded(Refusal):
    """A link that was used, replaced by a later one, is too old or was never made."""

    code = ErrorCode.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__("This link has ended; ask for another one.", field=("token",))


async def invite_user(principal: Principal | Operator, new: InviteUser) -> UUID:
    """Mail somebody a link to join the staff; for the owner and the operator alone. Returns their key.

    Inviting somebody again who has not come yet mails another link, and ends the one before. Raises Refusal for an
    address that belongs to a user already.
    """
    with Checks() as check:
        name = check(texts.line, new.name, field="name", length_max=NAME_LENGTH_MAX)
        email = check(sign_in_address, new.email)
    return await _invite(principal, InviteUser(name, email, new.role))


@transaction
async def _invite(principal: Principal | Operator, new: InviteUser) -> UUID:
    await lock_staff(principal)
    company = await Company.get(id=principal.company_id)
    user = await User.filter(company_id=company.id, email=new.email, password_hash=None).get_or_none()
    if user is None:
        await refuse_known_address(new.email)
        if await User.filter(company_id=company.id).count() >= STAFF_MAX:
            raise Refusal(f"A company has at most {STAFF_MAX} staff.")
        user = User(id=new_id(), company_id=company.id, email=new.email)
    user.name, user.role, user.deactivated_at = new.name, new.role, None
    await user.save(force_create=not user._saved_in_db)
    await record_of_company(company.id, "user.invited", user.id, by=principal, after={"role": new.role.value})
    content = await _content(
        company,
        f"Join {company.name} on Inspectpay",
        f"{_invites(principal)} to work with {company.name} on Inspectpay. Choose a password to begin."
        " The link is good for 24 hours, once.",
    )
    await _mail(user, StaffLinkKind.INVITATION, EmailKind.INVITATION, content)
    return user.id


def _invites(by: Principal | Operator) -> str:
    return f"{by.name} invites you" if isinstance(by, Principal) else "You are invited"


async def request_password_reset(email: str) -> None:
    """Mail a link to choose a new password to whoever has this address and a password.

    Answers alike, and after the same time, whether the address is known or not. Raises InvalidEmail for what is none.
    """
    answered_at = asyncio.get_running_loop().time() + RESET_SECONDS
    user = await User.get_or_none(email=sign_in_address(email), deactivated_at=None)
    if user is not None and user.password_hash is not None:
        await _reset(user.id)
    await asyncio.sleep(answered_at - asyncio.get_running_loop().time())


@transaction
async def send_password_reset(by: Operator, user_id: UUID) -> UUID:
    """Mail a staff member a link to choose a new password, which ends those before; returns their key.

    Their password is good until they use the link. Raises NotFound, or Refusal for whoever can't use one.
    """
    user = await lock_user(by, user_id)
    if user.deactivated_at is not None:
        raise Refusal("They are deactivated: reactivate them first.")
    if user.password_hash is None:
        raise Refusal("They have not chosen a password yet: invite them again.")
    if not await _mail_reset(user):
        raise Refusal(f"{RESET_MAILS_MAX} such mails were written within the hour; one of them will do.")
    await record_of_company(user.company_id, "user.password_reset_sent", user.id, by=by)
    return user.id


@transaction
async def _reset(user_id: UUID) -> None:
    await _mail_reset(await User.filter(id=user_id).select_for_update().get())


async def _mail_reset(user: User) -> bool:
    """Whether one more link was mailed; the caller holds the user's row."""
    lately = StaffLink.filter(user_id=user.id, created_at__gt=clock.now() - timedelta(hours=1))
    if await lately.filter(kind=StaffLinkKind.PASSWORD_RESET).count() >= RESET_MAILS_MAX:
        return False
    company = await Company.get(id=user.company_id)
    content = await _content(
        company,
        "Choose a new password",
        "Somebody, hopefully you, asked for a new password for this address. The link is good for one hour, once."
        " If it was not you, ignore this mail: nothing has changed.",
    )
    await _mail(user, StaffLinkKind.PASSWORD_RESET, EmailKind.PASSWORD_RESET, content)
    return True


async def _content(company: Company, subject: str, message: str) -> EmailContent:
    return email_content(
        subject=subject,
        message=message,
        company_name=company.name,
        brand=await brand_of(company.id),
        footer="Whoever has this link can choose your password: keep it to yourself.",
        link=LINK_MARK,
        link_label="Choose a password",
    )


async def _mail(user: User, kind: StaffLinkKind, mail: EmailKind, content: EmailContent) -> None:
    """Queue the mail with a new link; those of the same kind before it end."""
    await StaffLink.filter(user_id=user.id, kind=kind, ended_at=None).update(ended_at=clock.now())
    link = await StaffLink.create(
        id=new_id(),
        company_id=user.company_id,
        user_id=user.id,
        kind=kind,
        expires_at=clock.now() + STAFF_LINK_LIFE[kind],
    )
    await queue_staff_mail(link, mail, Recipient(user.name, user.email), content)


async def choose_password(kind: StaffLinkKind, chosen: ChoosePassword, *, secret: str) -> Session | None:
    """Use a link of that kind: its user has this password now, and all their sessions before end.

    Returns a session, or None where signing in takes a second factor too. Raises LinkEnded, or Refusal for a password
    that is too short or too long; the link is then still good.
    """
    with Checks() as check:
        check(check_password, chosen.password)
    # Looked up before the password is hashed, which is dear, and again behind the lock.
    if await _find_link(kind, chosen.token) is None:
        raise LinkEnded
    return await _choose(kind, chosen, await hash_password(chosen.password), secret=secret)


async def _find_link(kind: StaffLinkKind, token: str) -> StaffLink | None:
    live = StaffLink.filter(kind=kind, token_hash=digest(token), ended_at=None, expires_at__gt=clock.now())
    return await live.filter(user__deactivated_at=None).get_or_none()


@transaction
async def _choose(kind: StaffLinkKind, chosen: ChoosePassword, password_hash: str, *, secret: str) -> Session | None:
    link = await _find_link(kind, chosen.token)
    if link is None:
        raise LinkEnded
    user = await User.filter(id=link.user_id).select_for_update().get()
    # Of two that use it at once, the second waited for the user's row and finds the link used.
    if not await StaffLink.filter(id=link.id, ended_at=None).update(ended_at=clock.now()):
        raise LinkEnded
    user.password_hash = password_hash
    await user.save(update_fields=["password_hash"])
    await StaffLink.filter(user_id=user.id, ended_at=None).update(ended_at=clock.now())
    await end_sessions(SignIn.filter(user_id=user.id))
    await record_of_company(user.company_id, "user.password_chosen", user.id, by=None, after={"by": kind.value})
    company = await Company.get(id=user.company_id)
    if user.second_factor_at is not None or company.second_factor_required:
        return None
    return await begin_session(user, user_agent=chosen.user_agent, secret=secret)
