"""How a mutation is declared: one input, one payload, and its refusals in the payload."""

from collections.abc import Awaitable, Callable
from typing import TYPE_CHECKING, Any, TypeVar

import strawberry

from graphql_server.access import allow, public
from graphql_server.reads import One
from resolvers import results
from resolvers.context import Context
from resolvers.global_ids import not_found
from resolvers.results import MutationResult, read_back, resolver
from rules import notices
from rules.access import Scope
from schema.base_types import Notice, UserError

if TYPE_CHECKING:
    from _typeshed import DataclassInstance

Input = TypeVar("Input", bound="DataclassInstance")


def mutation(
    work: Callable[[Context, Input], Awaitable[MutationResult]],
    *scopes: Scope,
    takes: type[Input],
    returns: type,
    description: str,
) -> object:
    """A mutation that `work` carries out with the input it `takes`; without scopes anybody may call it."""
    options: dict[str, Any] = {"resolver": resolver(work, takes=takes, returns=returns), "description": description}
    return allow(*scopes, **options) if scopes else public(**options)


def payload(name: str, *scopes: Scope, **shown: object) -> type:
    """A payload type: what the mutation changed, read back as the principal may see it, and why it was refused.

    Each of `shown` is a type of the schema, which these scopes may read, or a field of its own.
    """
    namespace: dict[str, object] = {"__module__": __name__}
    for field, value in shown.items():
        namespace[field] = _row(value, *scopes) if isinstance(value, type) else value
    namespace["user_errors"] = public(
        graphql_type=list[UserError],
        resolver=_errors,
        description="The reasons why it was refused, and nothing changed; empty when it was done.",
    )
    namespace["notices"] = public(
        graphql_type=list[Notice],
        resolver=_notices,
        description="Things to know of what was done, such as a rest too little to be paid online; most often empty.",
    )
    return strawberry.type(type(name, (), namespace), description="What a mutation changed, or why it did not.")


def _row(node: type, *scopes: Scope) -> object:
    return allow(
        *scopes,
        graphql_type=node | None,
        shows=One({"id": "changed_id"}, missing=not_found(node.__name__)),
        resolver=read_back,
        description=f"The {node.__name__}; null when refused.",
    )


def _errors(root: strawberry.Parent[MutationResult]) -> tuple[results.UserError, ...]:
    return root.user_errors


def _notices(root: strawberry.Parent[MutationResult]) -> tuple[notices.Notice, ...]:
    return root.notices
