"""What every mutation has in common: refusals become user errors, and what changed is read back as selected."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Annotated, TypeVar
from uuid import UUID

import strawberry
from strawberry.utils.str_converters import to_camel_case

from graphql_server.reader import Completed
from resolvers.context import Context, Info
from resolvers.reading import read_row
from rules.errors import ErrorCode, Refusal
from rules.notices import Notice

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Value = TypeVar("Value")
Input = TypeVar("Input", bound="DataclassInstance")


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
    extras: dict[str, object] = field(default_factory=dict)
    user_errors: tuple[UserError, ...] = ()
    notices: tuple[Notice, ...] = ()


def resolver(
    work: Callable[[Context, Input], Awaitable[MutationResult]], *, takes: type[Input], returns: type
) -> Callable[[Info, Input], Awaitable[MutationResult]]:
    """What carries out a mutation: a refusal is its answer, everything else a fault."""

    async def resolve(info: Info, input: Input) -> MutationResult:
        try:
            return await work(info.context, input)
        except Refusal as refusal:
            info.context.refusals.extend(one.code for one in refusal.each)
            return MutationResult(user_errors=_user_errors(refusal, input))

    described = strawberry.argument(description="All that it takes.")
    resolve.__annotations__.update({"input": Annotated[takes, described], "return": returns})
    return resolve


def _user_errors(refusal: Refusal, input: "DataclassInstance") -> tuple[UserError, ...]:
    """All that was refused, in the order of the input's fields; what names none of them comes first."""
    places = {to_camel_case(known.name): place for place, known in enumerate(fields(input), start=1)}
    each = sorted(refusal.each, key=lambda one: places.get(one.field[0], 0) if one.field else 0)
    return tuple(UserError.of(one) for one in each)


async def read_back(result: strawberry.Parent[MutationResult], info: Info) -> Completed | None:
    """The changed row as the principal may see it; None when the mutation was refused."""
    return None if result.row_id is None else await read_row(info, result.row_id)


def given(value: Value | None) -> Value | None:
    """The value of an optional input field; None, which changes nothing, for one that was left out."""
    return None if value is strawberry.UNSET else value


def given_or_removed(text: str | None) -> str | None:
    """The same for a text that null removes: null becomes the empty text, and None still changes nothing."""
    return "" if text is None else given(text)
