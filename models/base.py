"""What every table has in common: a time-ordered key, its company and when it was written."""

from enum import StrEnum
from typing import Any, TypeVar
from uuid import UUID

from tortoise import fields
from tortoise.models import Model

from rules import clock
from rules.identifiers import new_id

Choice = TypeVar("Choice", bound=StrEnum)


def choice(kind: type[Choice], **options: Any) -> fields.Field[Choice]:
    """A column that holds one of `kind`; wide enough that a new choice needs no migration.

    Any: Tortoise's own options, passed on.
    """
    return fields.CharEnumField(kind, max_length=32, description=kind.__name__, **options)


def minor_units(default: int | None = 0) -> fields.Field[int]:
    """A column of money in minor units."""
    return fields.BigIntField() if default is None else fields.BigIntField(default=default)


class Row(Model):
    """A row with a UUIDv7 key made by the application."""

    id: UUID = fields.UUIDField(primary_key=True, default=new_id)
    created_at = fields.DatetimeField(default=clock.now)

    class Meta:
        abstract = True
