"""The tenant, its staff and their sign-ins."""

from __future__ import annotations

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from tortoise import fields
from tortoise.indexes import Index
from tortoise.migrations.constraints import UniqueConstraint

from models.base import Row, choice
from rules.links import StaffLinkKind


class StripeStatus(StrEnum):
    """Whether the company's Stripe account can take payments."""

    NOT_CONNECTED = "NOT_CONNECTED"
    PENDING = "PENDING"
    READY = "READY"
    DISCONNECTED = "DISCONNECTED"


class UserRole(StrEnum):
    """An OWNER may also change the company's settings."""

    OWNER = "OWNER"
    INSPECTOR = "INSPECTOR"


def default_reminder_days() -> list[int]:
    """Days after the due date at which an unpaid invoice is reminded, unless the company says otherwise."""
    return [3, 7, 14]


class Company(Row):
    """An inspection company: nothing crosses companies."""

    name = fields.CharField(max_length=200)
    currency = fields.CharField(max_length=3)
    time_zone = fields.CharField(max_length=64, default="UTC")
    stripe_status = choice(StripeStatus, default=StripeStatus.NOT_CONNECTED)
    stripe_account_id = fields.CharField(max_length=255, null=True, unique=True)
    stripe_reason = fields.CharField(max_length=500, null=True, description="Why it can't charge, where it can't.")
    reminder_days: list[int] = fields.JSONField(default=default_reminder_days)
    default_due_days: fields.Field[int] = fields.IntField(
        default=0, db_default=0, description="From an invoice's sending to its due date."
    )
    deferred_payments_enabled = fields.BooleanField(default=False)
    advanced_automations_enabled = fields.BooleanField(default=False)
    report_lock_enabled = fields.BooleanField(default=False)
    second_factor_required = fields.BooleanField(default=False, db_default=False)
    additional_roles: list[str] = fields.JSONField(default=list)
    inspection_count = fields.IntField(default=0, description="The last inspection number given out.")

    users: fields.ReverseRelation[User]

    class Meta:
        table = "companies"


class ConnectedAccount(Row):
    """One account at Stripe that a company connected, or once did: payments stay with the account that took them.

    It exists before the account does: its key is the idempotency key under which the account is created.
    """

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="connected_accounts", on_delete=fields.RESTRICT, db_index=True
    )
    account_id = fields.CharField(max_length=255, null=True, unique=True, description="Stripe's id, once it exists.")
    event_id = fields.CharField(max_length=255, null=True, description="The last of its events that we heard.")
    next_sync_at: datetime | None = fields.DatetimeField(null=True, description="When to ask for its events.")
    hidden_since: datetime | None = fields.DatetimeField(null=True, description="Since when Stripe hides it from us.")

    class Meta:
        table = "connected_accounts"
        constraints = (
            UniqueConstraint(
                fields=("company_id",), name="connected_accounts_one_begun", condition="account_id IS NULL"
            ),
        )
        indexes = (Index(fields=("next_sync_at",)),)


class User(Row):
    """A staff member, who signs in with email and password."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="users", on_delete=fields.RESTRICT, db_index=True
    )
    name = fields.CharField(max_length=200)
    email = fields.CharField(max_length=254, unique=True, description="Lower case.")
    password_hash = fields.CharField(max_length=255, null=True, description="argon2id; none before one is chosen.")
    role = choice(UserRole)
    deactivated_at: datetime | None = fields.DatetimeField(null=True, description="Since when they may not sign in.")
    second_factor_secret = fields.CharField(max_length=255, null=True, description="Encrypted.")
    second_factor_at: datetime | None = fields.DatetimeField(null=True, description="Since when it is asked for.")
    second_factor_step = fields.BigIntField(default=0, db_default=0, description="The last half minute used (TOTP).")

    sign_ins: fields.ReverseRelation[SignIn]

    class Meta:
        table = "users"


class StaffLink(Row):
    """A link that was mailed to a staff member to choose a password by, once."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="staff_links", on_delete=fields.RESTRICT
    )
    user_id: UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="staff_links", on_delete=fields.CASCADE, db_index=True
    )
    kind = choice(StaffLinkKind)
    token_hash = fields.CharField(max_length=64, null=True, unique=True, description="SHA-256, hex; none until sent.")
    expires_at = fields.DatetimeField()
    ended_at: datetime | None = fields.DatetimeField(null=True, description="When it was used, or another one sent.")

    class Meta:
        table = "staff_links"


class RecoveryCode(Row):
    """One code that takes the place of a second factor, once."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="recovery_codes", on_delete=fields.RESTRICT
    )
    user_id: UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="recovery_codes", on_delete=fields.CASCADE, db_index=True
    )
    code_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of the code, hex.")
    used_at: datetime | None = fields.DatetimeField(null=True)

    class Meta:
        table = "recovery_codes"


class SignIn(Row):
    """One sign-in, with the family of refresh tokens that grew from it."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="sign_ins", on_delete=fields.RESTRICT
    )
    user_id: UUID
    user: fields.ForeignKeyRelation[User] = fields.ForeignKeyField(
        "models.User", related_name="sign_ins", on_delete=fields.CASCADE, db_index=True
    )
    expires_at = fields.DatetimeField(description="When the newest of its refresh tokens ends.")
    revoked_at: datetime | None = fields.DatetimeField(null=True)
    refreshed_at: datetime | None = fields.DatetimeField(null=True, description="When its newest token was issued.")
    user_agent = fields.CharField(max_length=200, default="", db_default="", description="The browser, as it says.")

    class Meta:
        table = "sign_ins"
        indexes = (Index(fields=("expires_at",)),)


class RefreshToken(Row):
    """One refresh token, good for one use; what was used is kept, so that using it again is noticed."""

    company_id: UUID
    company: fields.ForeignKeyRelation[Company] = fields.ForeignKeyField(
        "models.Company", related_name="refresh_tokens", on_delete=fields.RESTRICT
    )
    sign_in_id: UUID
    sign_in: fields.ForeignKeyRelation[SignIn] = fields.ForeignKeyField(
        "models.SignIn", related_name="refresh_tokens", on_delete=fields.CASCADE, db_index=True
    )
    token_hash = fields.CharField(max_length=64, unique=True, description="SHA-256 of the token, hex.")
    expires_at = fields.DatetimeField()
    used_at: datetime | None = fields.DatetimeField(null=True, description="When it was first used.")

    class Meta:
        table = "refresh_tokens"
