"""Staff: who works for a company, in which role, and ending that."""

from dataclasses import dataclass
from uuid import UUID

from models import Company, SignIn, User, UserRole
from models.visible import find_visible
from operations.audit_log import record_of_company
from operations.identity.passwords import check_password, hash_password, password_matches
from operations.identity.sessions import end_sessions
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Operator, Principal, require_owner
from rules.errors import ErrorCode, NotFound, Refusal, Unauthenticated
from rules.limits import NAME_LENGTH_MAX


@dataclass(frozen=True, slots=True)
class UpdateUser:
    """A staff member's new name and role; what is None stays as it is."""

    user_id: UUID
    name: str | None = None
    role: UserRole | None = None


class LastOwner(Refusal):
    """Without an active owner nobody could change the company's settings or staff any more."""

    code = ErrorCode.LAST_OWNER

    def __init__(self, field: str) -> None:
        super().__init__("The company needs another active owner first.", field=(field,))


@transaction
async def update_user(principal: Principal | Operator, changes: UpdateUser) -> UUID:
    """Change a staff member's name or role; for the owner and the operator alone. Returns their key.

    Raises NotFound, LastOwner, or Refusal for a name that cannot be.
    """
    user = await lock_user(principal, changes.user_id)
    before = {"name": user.name, "role": user.role.value}
    if changes.name is not None:
        user.name = texts.line(changes.name, field="name", length_max=NAME_LENGTH_MAX)
    if changes.role is not None:
        if changes.role is not UserRole.OWNER:
            await _refuse_last_owner(user, field="role")
        user.role = changes.role
    await user.save(update_fields=["name", "role"])
    after = {"name": user.name, "role": user.role.value}
    if after != before:
        await record_of_company(user.company_id, "user.updated", user.id, by=principal, before=before, after=after)
    return user.id


@transaction
async def deactivate_user(principal: Principal | Operator, user_id: UUID) -> UUID:
    """End a staff member's access and all their sessions at once; for owner and operator alone. Safe to repeat.

    Returns their key. What they did stays theirs by name. Raises NotFound or LastOwner.
    """
    user = await lock_user(principal, user_id)
    if user.deactivated_at is not None:
        return user.id
    await _refuse_last_owner(user, field="userId")
    user.deactivated_at = clock.now()
    await user.save(update_fields=["deactivated_at"])
    await end_sessions(SignIn.filter(user_id=user.id))
    await record_of_company(user.company_id, "user.deactivated", user.id, by=principal)
    return user.id


@transaction
async def reactivate_user(principal: Principal | Operator, user_id: UUID) -> UUID:
    """Let a staff member sign in again with their password; for owner and operator alone. Safe to repeat.

    Returns their key. Raises NotFound.
    """
    user = await lock_user(principal, user_id)
    if user.deactivated_at is not None:
        user.deactivated_at = None
        await user.save(update_fields=["deactivated_at"])
        await record_of_company(user.company_id, "user.reactivated", user.id, by=principal)
    return user.id


async def lock_user(principal: Principal | Operator, user_id: UUID) -> User:
    """The staff member, once nobody else changes the company's staff. Raises NotFound, or Refusal."""
    await lock_staff(principal)
    if isinstance(principal, Principal):
        return await find_visible(User, principal, user_id, locked=True)
    user = await User.filter(id=user_id, company_id=principal.company_id).select_for_update().get_or_none()
    if user is None:
        raise NotFound("User", field=("userId",))
    return user


async def lock_staff(principal: Principal | Operator) -> None:
    """Wait until nobody else changes the company's staff: two owners can't end each other.

    Raises Refusal for whoever is neither the company's owner nor the operator.
    """
    if isinstance(principal, Principal):
        require_owner(principal)
    await Company.filter(id=principal.company_id).select_for_update().get()
    if isinstance(principal, Operator):
        return
    # Read again behind the lock: the owner who asks may have been deactivated by the one who held it.
    caller = await User.get(id=principal.user_id)
    if caller.deactivated_at is not None or caller.role is not UserRole.OWNER:
        raise Refusal("Only the company's owner may do this.", code=ErrorCode.OWNER_REQUIRED)


async def _refuse_last_owner(user: User, *, field: str) -> None:
    others = User.filter(company_id=user.company_id, role=UserRole.OWNER, deactivated_at=None).exclude(id=user.id)
    if user.role is UserRole.OWNER and not await others.exists():
        raise LastOwner(field)


class WrongPassword(Unauthenticated):
    """Not the password that whoever is signed in has."""

    code = ErrorCode.WRONG_PASSWORD

    def __init__(self, field: str = "currentPassword") -> None:
        super().__init__(f"{field} is wrong.", field=(field,))


async def change_password(principal: Principal, current: str, new: str) -> UUID:
    """Give oneself another password, and end one's other sessions; returns one's key.

    Raises WrongPassword, or Refusal for a new one that is too short or too long.
    """
    check_password(new, field="newPassword")
    user = await User.get(id=principal.user_id)
    if not await password_matches(user.password_hash, current):
        raise WrongPassword
    password_hash = await hash_password(new)
    return await _replace_password(principal, user, password_hash)


@transaction
async def _replace_password(principal: Principal, user: User, password_hash: str) -> UUID:
    # Only the password that was proved: of two changes at once, one is told that it was wrong.
    proved = User.filter(id=user.id, password_hash=user.password_hash, deactivated_at=None)
    if not await proved.update(password_hash=password_hash):
        raise WrongPassword
    await end_sessions(SignIn.filter(user_id=user.id).exclude(id=principal.session_id))
    await record_of_company(user.company_id, "user.password_changed", user.id, by=principal)
    return user.id
