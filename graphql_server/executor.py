"""Running one operation: a document made ready, graphql-core's executor, and errors that say no more than needed."""

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from functools import partial
from traceback import TracebackException
from typing import Any, Final
from uuid import uuid4

import structlog
from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    GraphQLFormattedError,
    OperationDefinitionNode,
    OperationType,
    execute,
)
from graphql.utilities import get_operation_ast

from graphql_server.api import Api
from graphql_server.cooperative_executor import CooperativeExecutor, is_awaitable
from graphql_server.documents import Documents, format_error, format_refusal
from graphql_server.encoding import json_bytes
from graphql_server.errors import ErrorCode, Refusal
from graphql_server.messages import without_values

QUERY_SECONDS_MAX: Final = 10.0
# A mutation may wait for another service, which is given 20 seconds, between two transactions of its own.
MUTATION_SECONDS_MAX: Final = 30.0
LOGGED_FAULTS_MAX: Final = 5
TRACEBACK_FRAMES_MAX: Final = -20  # The innermost.
COERCION_ERRORS_MAX: Final = 10

RefusalOf = Callable[[BaseException | None], Refusal | None]

log = structlog.get_logger(__name__)


class Outcome(Enum):
    """How far a request came; the transport chooses its status by it."""

    EXECUTED = "EXECUTED"
    REFUSED = "REFUSED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_A_QUERY = "NOT_A_QUERY"


@dataclass(frozen=True, slots=True)
class Result:
    """What a response says: `data` only when something was executed, `errors` only when there are any.

    `operation` and `operation_name` are of the operation that was asked for, where the document has it.
    """

    outcome: Outcome
    data: Mapping[str, Any] | None = None
    errors: list[GraphQLFormattedError] = field(default_factory=list)
    operation: str | None = None
    operation_name: str | None = None

    @property
    def is_busy(self) -> bool:
        """Whether nothing came of it for want of a connection: who asks again repeats nothing that was done."""
        nothing = self.data is None or not any(value is not None for value in self.data.values())
        return nothing and {error["extensions"]["code"] for error in self.errors} == {ErrorCode.BUSY}

    def as_json(self) -> bytes:
        """The response as it is sent. Raises ValueError for a number that JSON can't spell."""
        return json_bytes(self.as_response())

    def as_response(self) -> dict[str, Any]:
        response: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        if self.outcome is Outcome.EXECUTED:
            response["data"] = self.data
        return response


class Executor:
    """Runs operations against one schema."""

    def __init__(
        self,
        api: Api,
        *,
        introspection: bool,
        query_seconds_max: float = QUERY_SECONDS_MAX,
        mutation_seconds_max: float = MUTATION_SECONDS_MAX,
    ) -> None:
        self.schema = api.graphql_schema
        self.refusal_of = api.refusal_of
        self.documents = Documents(self.schema, api.scopes, introspection=introspection)
        self.seconds_max = {
            OperationType.QUERY: query_seconds_max,
            OperationType.MUTATION: mutation_seconds_max,
            OperationType.SUBSCRIPTION: query_seconds_max,
        }

    def needs_no_token(self, source: str) -> bool:
        """Whether the document is one that anybody may run: valid, and of public fields alone."""
        return self.documents.prepare(source, None).document is not None

    async def execute(
        self,
        source: str,
        *,
        scope: str | None,
        context: object,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        allow_mutations: bool = True,
        watching: bool = False,
    ) -> Result:
        """Run one query or mutation; when `watching`, read one value of a subscription instead.

        Raises nothing but cancellation: whatever goes wrong is in the result.
        """
        prepared = self.documents.prepare(source, scope)
        if prepared.document is None:
            return _refused(list(prepared.errors))
        operation = get_operation_ast(prepared.document, operation_name)
        check = _check_subscription if watching else partial(_check_operation, allow_mutations=allow_mutations)
        result = check(operation, operation_name)
        if result is None:
            assert operation is not None, "checked above"
            result = await self._run(prepared.document, operation, context, variables)
        if operation is None:
            return result
        name = operation.name.value if operation.name else None
        return replace(result, operation=operation.operation.value, operation_name=name)

    async def _run(
        self,
        document: DocumentNode,
        operation: OperationDefinitionNode,
        context: object,
        variables: Mapping[str, Any] | None,
    ) -> Result:
        name = operation.name.value if operation.name else None
        seconds = self.seconds_max[operation.operation]
        try:
            async with asyncio.timeout(seconds) as deadline:
                executed = execute(
                    self.schema,
                    document,
                    context_value=context,
                    variable_values=dict(variables or {}),
                    operation_name=name,
                    max_coercion_errors=COERCION_ERRORS_MAX,
                    executor_class=CooperativeExecutor,
                    is_awaitable=is_awaitable,
                    hide_suggestions=True,
                    operation_extensions=None,
                )
                result = executed if isinstance(executed, ExecutionResult) else await executed
        except TimeoutError:
            assert deadline.expired(), "faults of resolvers are in the result"
            return _timed_out(name, seconds)
        return _finish(result, _Reporter(name, self.refusal_of))


def _check_operation(
    operation: OperationDefinitionNode | None, name: str | None, *, allow_mutations: bool
) -> Result | None:
    if operation is None:
        return _refuse_choice(name)
    if operation.operation is OperationType.SUBSCRIPTION:
        return _refused([format_error(GraphQLError("Subscriptions run over a websocket, not over HTTP."))])
    if operation.operation is OperationType.MUTATION and not allow_mutations:
        return Result(Outcome.NOT_A_QUERY, errors=[format_error(GraphQLError("A mutation is sent with POST."))])
    return None


def _check_subscription(operation: OperationDefinitionNode | None, name: str | None) -> Result | None:
    if operation is None:
        return _refuse_choice(name)
    if operation.operation is not OperationType.SUBSCRIPTION:
        said = "The websocket is for subscriptions; send queries and mutations with POST."
        return _refused([format_error(GraphQLError(said))])
    return None


def _refuse_choice(name: str | None) -> Result:
    which = f"no operation named {name}" if name else "several operations; say in operationName which one to run"
    return _refused([format_error(GraphQLError(f"The document has {which}."))])


def _refused(errors: list[GraphQLFormattedError]) -> Result:
    codes = {error["extensions"]["code"] for error in errors}
    unauthenticated = ErrorCode.UNAUTHENTICATED in codes
    return Result(Outcome.UNAUTHENTICATED if unauthenticated else Outcome.REFUSED, errors=errors)


def _finish(result: ExecutionResult, reporter: "_Reporter") -> Result:
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return _refused([format_error(error) for error in errors])  # The variables did not fit; nothing ran.
    return Result(Outcome.EXECUTED, result.data, [reporter.format(error) for error in errors])


def _timed_out(operation_name: str | None, seconds: float) -> Result:
    reference = new_reference()
    log.warning("operation_timed_out", operation_name=operation_name, seconds=seconds, reference=reference)
    message = f"The operation was stopped after {seconds:g} seconds. Reference: {reference}"
    extensions = {"code": ErrorCode.INTERNAL.value, "reference": reference}
    return Result(Outcome.EXECUTED, None, [{"message": message, "extensions": extensions}])


class _Reporter:
    """Formats the errors of one operation; its faults share one reference, and are logged under it."""

    def __init__(self, operation_name: str | None, refusal_of: RefusalOf) -> None:
        self.operation_name = operation_name
        self.refusal_of = refusal_of
        self.reference = new_reference()
        self.logged: list[BaseException] = []

    def format(self, error: GraphQLError) -> GraphQLFormattedError:
        cause = error.original_error
        refusal = self.refusal_of(cause)
        if refusal is not None:
            return format_refusal(refusal, error.path)
        if isinstance(cause, GraphQLError) and cause.nodes:
            return format_error(error)  # An argument whose variables did not fit: graphql-core points at its literal.
        self._log(error, cause)
        return {**mask(self.reference), "path": error.path or []}

    def _log(self, error: GraphQLError, cause: Exception | None) -> None:
        """Once for each fault, without graphql-core's own error, which quotes the document with its literals."""
        fault = error if cause is None else cause
        if any(fault is logged for logged in self.logged) or len(self.logged) == LOGGED_FAULTS_MAX:
            return
        self.logged.append(fault)
        log.error(
            "operation_failed",
            operation_name=self.operation_name,
            path=".".join(str(step) for step in error.path or []),
            reference=self.reference,
            exception=_traceback(fault),
        )


def _traceback(fault: BaseException) -> str:
    """Where it happened and what it says; no local variables, which hold secrets, and no row that PostgreSQL quotes."""
    if isinstance(fault, GraphQLError):
        return without_values(fault.message)  # Its traceback is ours, and its text quotes the document.
    lines = "".join(TracebackException.from_exception(fault, limit=TRACEBACK_FRAMES_MAX).format()).splitlines()
    return "\n".join(line for line in lines if not line.startswith("DETAIL:"))


def new_reference() -> str:
    """What a person reads out to us, to find the fault in the log."""
    return uuid4().hex[:12]


def mask(reference: str) -> GraphQLFormattedError:
    """All that is disclosed about a fault."""
    return {
        "message": f"Something went wrong on our side. Reference: {reference}",
        "extensions": {"code": ErrorCode.INTERNAL.value, "reference": reference},
    }
