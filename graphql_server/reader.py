"""Reading for requests: the plans of prepared documents, run on the connections for reading."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

from graphql import FieldNode, GraphQLError, GraphQLResolveInfo
from graphql.execution.values import VariableValues

from graphql_server.errors import ErrorCode, OperationRefused
from graphql_server.limits import OperationTooComplex
from graphql_server.reads import (
    Answer,
    Busy,
    CallerUnknown,
    FieldError,
    InvalidArgument,
    JsonValue,
    Operation,
    Pool,
    Reads,
    Request,
    Scope,
    SqlValue,
    TooCostly,
    answer,
)

FIELDS_KEPT_MAX: Final = 1_000


@dataclass(frozen=True, slots=True)
class Completed:
    """The value of a field with everything that is selected of it, and the errors in it; paths begin at the field."""

    value: JsonValue
    errors: Sequence[FieldError] = ()


@dataclass(frozen=True, slots=True)
class _Kept:
    """An operation of one field, with the nodes that it was made of: they are alive as long as it is."""

    nodes: Sequence[FieldNode]
    operation: Operation


class Reader:
    """Reads whole operations, and fields of those that graphql-core runs."""

    def __init__(self, reads: Reads, pool: Pool) -> None:
        self.reads = reads
        self.pool = pool
        self._fields: OrderedDict[tuple[object, ...], _Kept] = OrderedDict()

    async def answer(self, request: Request, credentials: Mapping[str, SqlValue], context: object) -> Answer:
        """As `reads.answer`."""
        return await answer(request, self.pool, credentials, context)

    async def read_field(
        self,
        info: GraphQLResolveInfo[Any],
        *,
        scope: Scope,
        credentials: Mapping[str, SqlValue],
        brings: Mapping[str, SqlValue],
        context: object,
    ) -> Completed:
        """The field that graphql-core has come to, in one statement; `brings` are keys that its declaration sees.

        Raises CallerUnknown when whoever asks has no rights (any more), and TooCostly.
        """
        operation = self._operation(info, scope, tuple(brings))
        request = operation.request_with(VariableValues({}, _coerced(info)))
        found = await self.answer(request, {**credentials, **brings}, context)
        data = json.loads(found.data)
        return Completed(None if data is None else next(iter(data.values())), found.errors)

    def _operation(self, info: GraphQLResolveInfo[Any], scope: Scope, brings: Sequence[str]) -> Operation:
        """Made once for the nodes of a document, which is prepared once for the requests like it."""
        nodes = info.field_nodes
        key = (scope, *map(id, nodes))
        kept = self._fields.get(key)
        if kept is None:
            kinds = dict.fromkeys(brings, "uuid")
            operation = self.reads.field(info.parent_type, nodes, info.fragments, scope, brings=kinds)
            kept = self._fields[key] = _Kept(tuple(nodes), operation)
            if len(self._fields) > FIELDS_KEPT_MAX:
                self._fields.popitem(last=False)
        return kept.operation


def _coerced(info: GraphQLResolveInfo[Any]) -> dict[str, Any]:
    """The operation's variables; Strawberry passes them on without graphql-core's wrapping."""
    return cast("dict[str, Any]", info.variable_values)


class RightsEnded(OperationRefused):
    """Whoever asked was known a moment ago, and is not any more."""

    code = ErrorCode.UNAUTHENTICATED

    def __init__(self) -> None:
        super().__init__("This session or link has just ended.")


class ReadsBusy(OperationRefused):
    """None of the connections for reading came free in time; nothing was read."""

    code = ErrorCode.BUSY
    retry_after_seconds = 1

    def __init__(self) -> None:
        super().__init__("The server has more to do than it can; try again in a moment.")


def refusal_of_reading(fault: BaseException | None) -> OperationRefused | None:
    """What is sent of a fault that reads themselves tell of, such as a cursor that is none; None for any other."""
    match fault:
        case InvalidArgument():
            return OperationRefused(str(fault), field=(fault.argument,))
        case TooCostly():
            return OperationTooComplex(str(fault))
        case CallerUnknown():
            return RightsEnded()
        case Busy():
            return ReadsBusy()
        case _:
            return None


def located(error: FieldError, prefix: Sequence[str | int] = ()) -> GraphQLError:
    """The error of a field as graphql-core raises it; `prefix` ends with the field's key."""
    cause, path = error.error, [*prefix, *(error.path[1:] if prefix else error.path)]
    nodes = cause.nodes if isinstance(cause, GraphQLError) else None
    return GraphQLError(str(cause), nodes, path=path, original_error=cause)
