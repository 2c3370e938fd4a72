"""Companies: founding one, its settings and its staff."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cache
from itertools import pairwise
from uuid import UUID
from zoneinfo import available_timezones

from models import Branding, Company, Invoice, SignIn, User, UserRole
from operations.identity.passwords import check_password, hash_password
from operations.identity.sessions import end_sessions
from operations.ledger.due_dates import date_overdue_anew, see_reminders_anew
from operations.transactions import transaction
from rules import texts
from rules.access import Principal, require_owner
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import (
    ADDITIONAL_ROLES_MAX,
    DUE_DAYS_MAX,
    NAME_LENGTH_MAX,
    REMINDER_DAY_MAX,
    REMINDERS_MAX,
    ROLE_NAME_LENGTH_MAX,
)
from rules.money import CURRENCIES
from rules.roles import ROLE_NAMES, PersonRole
from rules.states import LIVE_SEPARATE, InvoiceKind

SWITCHES = (
    "deferred_payments_enabled",
    "advanced_automations_enabled",
    "report_lock_enabled",
    "second_factor_required",
)


@dataclass(frozen=True, slots=True)
class NewUser:
    """A staff member to be; the password in clear, which is never stored."""

    name: str
    email: str
    password: str


@dataclass(frozen=True, slots=True)
class CreateCompany:
    """A company to be, with the owner who founds it."""

    name: str
    currency: str
    time_zone: str
    owner: NewUser


@dataclass(frozen=True, slots=True)
class CreateUser:
    """A staff member to be, and what they may do."""

    user: NewUser
    role: UserRole


@dataclass(frozen=True, slots=True)
class UpdateCompany:
    """New settings of a company; what is None stays as it is."""

    name: str | None = None
    time_zone: str | None = None
    deferred_payments_enabled: bool | None = None
    advanced_automations_enabled: bool | None = None
    report_lock_enabled: bool | None = None
    second_factor_required: bool | None = None
    reminder_days: Sequence[int] | None = None
    default_due_days: int | None = None
    additional_roles: Sequence[str] | None = None


async def create_company(command: CreateCompany) -> UUID:
    """Found a company with its owner; returns its key."""
    if command.currency not in CURRENCIES:
        raise Refusal(f"currency must be one of {', '.join(sorted(CURRENCIES))}.", field=("currency",))
    password_hash = await hash_password(check_password(command.owner.password))
    checked = replace(
        command,
        name=texts.line(command.name, field="name", length_max=NAME_LENGTH_MAX),
        time_zone=_checked_time_zone(command.time_zone),
    )
    return await _insert_company(checked, password_hash)


@transaction
async def _insert_company(new: CreateCompany, password_hash: str) -> UUID:
    company = await Company.create(name=new.name, currency=new.currency, time_zone=new.time_zone)
    await Branding.create(company_id=company.id)
    await _insert_user(company.id, new.owner, UserRole.OWNER, password_hash)
    return company.id


async def create_user(principal: Principal, command: CreateUser) -> UUID:
    """Add a staff member; for the owner alone. Returns their key."""
    require_owner(principal)
    new = command.user
    with Checks() as check:
        checked = NewUser(
            name=check(texts.line, new.name, field="name", length_max=NAME_LENGTH_MAX),
            email=check(sign_in_address, new.email),
            password=check(check_password, new.password),
        )
        with check.at():
            await refuse_known_address(checked.email)
    password_hash = await hash_password(checked.password)
    return await _create_user(principal.company_id, checked, command.role, password_hash)


@transaction
async def _create_user(company_id: UUID, new: NewUser, role: UserRole, password_hash: str) -> UUID:
    return await _insert_user(company_id, new, role, password_hash)


async def _insert_user(company_id: UUID, new: NewUser, role: UserRole, password_hash: str) -> UUID:
    email = sign_in_address(new.email)
    await refuse_known_address(email)
    user = await User.create(
        company_id=company_id,
        name=texts.line(new.name, field="name", length_max=NAME_LENGTH_MAX),
        email=email,
        password_hash=password_hash,
        role=role,
    )
    return user.id


def sign_in_address(email: str) -> str:
    return texts.email_address(email, field="email").lower()


async def refuse_known_address(email: str) -> None:
    if await User.exists(email=email):
        raise Refusal("email belongs to a user already.", field=("email",), code=ErrorCode.ALREADY_EXISTS)


async def update_company(principal: Principal, changes: UpdateCompany) -> UUID:
    """Change settings; for the owner alone. Returns the company's key."""
    require_owner(principal)
    company = await _update_company(principal, changes)
    # Afterwards: whoever works on one of its invoices waits for the company's row, and so do we for theirs.
    if changes.time_zone is not None:
        await date_overdue_anew(company)
    if changes.time_zone is not None or changes.reminder_days is not None:
        await see_reminders_anew(company.id)
    return company.id


@transaction
async def _update_company(principal: Principal, changes: UpdateCompany) -> Company:
    company = await Company.filter(id=principal.company_id).select_for_update().get()
    with Checks() as check:
        if changes.name is not None:
            company.name = check(texts.line, changes.name, field="name", length_max=NAME_LENGTH_MAX)
        if changes.time_zone is not None:
            company.time_zone = check(_checked_time_zone, changes.time_zone)
        if changes.additional_roles is not None:
            company.additional_roles = check(_checked_roles, changes.additional_roles)
        if changes.reminder_days is not None:
            company.reminder_days = check(_checked_reminder_days, changes.reminder_days)
        if changes.default_due_days is not None:
            company.default_due_days = check(_checked_due_days, changes.default_due_days)
        if changes.deferred_payments_enabled and not company.deferred_payments_enabled:
            await _refuse_live_invoices(company.id)
        if changes.second_factor_required and not company.second_factor_required:
            await _refuse_without_second_factor(principal)
            await end_sessions(SignIn.filter(company_id=company.id, user__second_factor_at=None))
    for name in SWITCHES:
        wanted: bool | None = getattr(changes, name)
        if wanted is not None:
            setattr(company, name, wanted)
    await company.save()
    return company


async def _refuse_live_invoices(company_id: UUID) -> None:
    live = (
        await Invoice.filter(company_id=company_id, kind=InvoiceKind.SEPARATE, status__in=LIVE_SEPARATE)
        .order_by("id")
        .limit(5)
    )
    if live:
        raise Refusal(
            "Deferred Payments can't be turned on while separate invoices are live:"
            f" {', '.join(invoice.number for invoice in live)}.",
            field=("deferredPaymentsEnabled",),
            code=ErrorCode.INVOICES_ARE_LIVE,
        )


async def _refuse_without_second_factor(principal: Principal) -> None:
    """Whoever demands it of all has it: else they would lock themselves out by a wrong click."""
    if not await User.exists(id=principal.user_id, second_factor_at__isnull=False):
        raise Refusal(
            "Turn your own second factor on first, with enableSecondFactor.",
            field=("secondFactorRequired",),
            code=ErrorCode.SECOND_FACTOR_REQUIRED,
        )


def _checked_time_zone(name: str) -> str:
    if name not in _time_zones():
        raise Refusal("timeZone must be a name such as America/New_York.", field=("timeZone",))
    return name


@cache
def _time_zones() -> frozenset[str]:
    """The names of all time zones, read once: they stand in hundreds of files.

    "localtime" is whatever the machine's is, and PostgreSQL, which dates reports, knows no such name.
    """
    return frozenset(available_timezones() - {"localtime"})


def _checked_reminder_days(days: Sequence[int]) -> list[int]:
    """Ascending days after the due date. Raises Refusal."""
    ascending = all(earlier < later for earlier, later in pairwise(days))
    if len(days) > REMINDERS_MAX or not ascending or any(not 1 <= day <= REMINDER_DAY_MAX for day in days):
        raise Refusal(
            f"reminderDays must have at most {REMINDERS_MAX} days from 1 to {REMINDER_DAY_MAX}, in ascending order.",
            field=("reminderDays",),
        )
    return list(days)


def _checked_due_days(days: int) -> int:
    if not 0 <= days <= DUE_DAYS_MAX:
        raise Refusal(f"defaultDueDays must be a number from 0 to {DUE_DAYS_MAX}.", field=("defaultDueDays",))
    return days


def _checked_roles(names: Sequence[str]) -> list[str]:
    if len(names) > ADDITIONAL_ROLES_MAX:
        raise Refusal(f"additionalRoles must have at most {ADDITIONAL_ROLES_MAX} names.", field=("additionalRoles",))
    with Checks() as check:
        checked = []
        for place, name in enumerate(names):
            with check.element("additionalRoles", place):
                checked.append(texts.line(name, field="additionalRoles", length_max=ROLE_NAME_LENGTH_MAX))
    folded, built_in = {name.lower() for name in checked}, {*ROLE_NAMES.values(), *PersonRole}
    if len(folded) < len(checked) or folded & {name.lower() for name in built_in}:
        raise Refusal(
            "additionalRoles must differ from one another and from the built-in ones.", field=("additionalRoles",)
        )
    return checked
