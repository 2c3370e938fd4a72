"""`user …`: what an operator does about staff, each in the audit log as done by the operator."""

from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Final
from uuid import UUID

from app.commands.connected import key_of, on_database, print_rows
from models import Company, User, UserRole
from operations.identity.sign_in import account_name
from operations.identity.staff import UpdateUser, deactivate_user, reactivate_user, update_user
from operations.identity.staff_links import InviteUser, invite_user, send_password_reset
from rules.access import Operator
from rules.errors import NotFound, Refusal

MAIL_FOLLOWS: Final = "The worker mails it."


def list_users(data_dir: Path, company: str | None, *, as_json: bool) -> None:
    """Print the staff of one company, or of all."""

    async def rows() -> list[dict[str, object]]:
        users = User.all() if company is None else User.filter(company_id=key_of(company, "Company"))
        return [
            {
                "company": user.company_id,
                "name": user.name,
                "email": user.email,
                "role": user.role.value,
                "access": _access(user),
            }
            for user in await users.order_by("company_id", "name", "id")
        ]

    print_rows(on_database(data_dir, rows), as_json=as_json, none="There are no staff.")


def invite(data_dir: Path, company: str, *, name: str, email: str, role: str) -> None:
    """Mail somebody an invitation to join a company's staff."""

    async def work() -> None:
        key = key_of(company, "Company")
        if not await Company.exists(id=key):
            raise NotFound("Company")
        await invite_user(Operator(key), InviteUser(name, email, _role(role)))

    on_database(data_dir, work)
    print(f"{email} is invited. {MAIL_FOLLOWS}")


def set_role(data_dir: Path, email: str, role: str) -> None:
    """Give a staff member another role."""
    wanted = role.upper()
    _change(data_dir, email, lambda by, key: update_user(by, UpdateUser(key, role=_role(role))))
    print(f"{email} is {wanted} now.")


def deactivate(data_dir: Path, email: str) -> None:
    """End a staff member's access and sessions."""
    _change(data_dir, email, deactivate_user)
    print(f"{email} can sign in no more, and their sessions have ended.")


def reactivate(data_dir: Path, email: str) -> None:
    """Let a staff member sign in again."""
    _change(data_dir, email, reactivate_user)
    print(f"{email} can sign in again, with the password they had.")


def reset_password(data_dir: Path, email: str) -> None:
    """Mail a staff member a link to choose a new password; nobody else ever sees it."""
    _change(data_dir, email, send_password_reset)
    print(f"{email} is written a link to choose a new password. {MAIL_FOLLOWS}")


def _change(data_dir: Path, email: str, work: Callable[[Operator, UUID], Awaitable[UUID]]) -> None:
    async def run() -> UUID:
        user = await User.get_or_none(email=account_name(email))
        if user is None:
            raise Refusal(f"Nobody signs in with {email[:254]}.")
        return await work(Operator(user.company_id), user.id)

    on_database(data_dir, run)


def _role(typed: str) -> UserRole:
    try:
        return UserRole(typed.upper())
    except ValueError:
        raise Refusal(f"The role must be {' or '.join(UserRole)}.") from None


def _access(user: User) -> str:
    if user.deactivated_at is not None:
        return "deactivated"
    if user.password_hash is None:
        return "invited"
    return "second factor" if user.second_factor_at else "password"
