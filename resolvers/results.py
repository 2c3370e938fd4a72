"""What every mutation has in common: refusals become user errors, and what changed is read back as selected."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from typing import Any
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

import models
from resolvers.context import Context, Info
from resolvers.reading import read_one
from rules.errors import ErrorCode, Refusal
from rules.notices import Notice


@dataclass(frozen=True, slots=True)
class UserError:
    """A refusal as the API tells it; an exception itself would be taken for a fault."""

    code: ErrorCode
    message: str
    field: list[str] | None
    retry_after_seconds: int | None = None

    @classmethod
    def of(cls, refusal: Refusal) -> "UserError":
        """The same refusal, as a value."""
        field = list(refusal.field) if refusal.field else None
        return cls(refusal.code, refusal.message, field, refusal.retry_after_seconds)


@dataclass(frozen=True, slots=True)
class MutationResult:
    """What a mutation did: the key of the row it changed, what else its payload tells, and what to know of it."""

    row_id: UUID | None = None
    extras: dict[str, Any] = field(default_factory=dict)
    user_errors: tuple[UserError, ...] = ()
    notices: tuple[Notice, ...] = ()


async def run(
    work: Callable[[Context, Any], Awaitable[MutationResult]], context: Context, given: Any
) -> MutationResult:
    """Carry out a mutation; a refusal is its answer, everything else a fault."""
    try:
        return await work(context, given)
    except Refusal as refusal:
        context.refusals.extend(one.code for one in refusal.each)
        return MutationResult(user_errors=_told(refusal, given))


def _told(refusal: Refusal, given: Any) -> tuple[UserError, ...]:
    """All that was refused, in the order of the input's fields; what names none of them comes first."""
    places = {to_camel_case(known.name): place for place, known in enumerate(fields(given), start=1)}
    each = sorted(refusal.each, key=lambda one: places.get(one.field[0], 0) if one.field else 0)
    return tuple(UserError.of(one) for one in each)


async def read_back(changed: MutationResult, info: Info, type_name: str) -> Any:
    """The changed row as the caller may see it; None when the mutation was refused."""
    if changed.row_id is None:
        return None
    return await read_one(info, getattr(models, type_name), changed.row_id)


def given_fields(input: Any) -> dict[str, Any]:
    """The optional fields that were sent."""
    return {name: value for name, value in vars(input).items() if value is not strawberry.UNSET}
