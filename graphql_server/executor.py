"""Running one operation: a query as one statement of SQL, anything else by graphql-core."""

import asyncio
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from typing import Any, Final

from graphql import (
    DocumentNode,
    ExecutionResult,
    GraphQLError,
    OperationDefinitionNode,
    OperationType,
    execute,
)
from graphql.utilities import get_operation_ast

from graphql_server.api import Api
from graphql_server.cooperative_executor import CooperativeExecutor, is_awaitable
from graphql_server.documents import Documents, Prepared, PreparedOperation, format_error, format_refusal
from graphql_server.limits import OperationTooComplex
from graphql_server.principals import Claim, RememberedScopes
from graphql_server.reader import Reader, RightsEnded, located
from graphql_server.reads import (
    Answer,
    CallerUnknown,
    InvalidVariables,
    NotCompiled,
    Scope,
    SqlValue,
    TooCostly,
)
from graphql_server.results import Outcome, Reporter, Result, refused, timed_out

QUERY_SECONDS_MAX: Final = 10.0
# A mutation may wait for another service, which is given 20 seconds, between two transactions of its own.
MUTATION_SECONDS_MAX: Final = 30.0
COERCION_ERRORS_MAX: Final = 10


class Executor:
    """Runs operations against one schema. With a `reader`, queries are read by SQL; else graphql-core runs them too."""

    def __init__(
        self,
        api: Api,
        *,
        introspection: bool,
        reader: Reader | None = None,
        query_seconds_max: float = QUERY_SECONDS_MAX,
        mutation_seconds_max: float = MUTATION_SECONDS_MAX,
    ) -> None:
        self.schema = api.graphql_schema
        self.refusal_of = api.refusal_of
        self.reader = reader
        self.documents = Documents(self.schema, api.scopes, introspection=introspection)
        self.scopes = RememberedScopes()
        self.seconds_max = {
            OperationType.QUERY: query_seconds_max,
            OperationType.MUTATION: mutation_seconds_max,
            OperationType.SUBSCRIPTION: query_seconds_max,
        }

    def needs_no_token(self, source: str) -> bool:
        """Whether the document is one that anybody may run: valid, and of public fields alone."""
        return self.documents.prepare(source, None).document is not None

    async def read(
        self,
        source: str,
        claim: Claim,
        *,
        context: object,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
    ) -> Result | None:
        """Run a query by whoever the claim says, in one statement that also finds out whether the claim is true.

        None where that can't be done: it is something else than a query, or nobody has such a token. Then authenticate
        whoever asks, and `execute`.
        """
        for scope in self.scopes.likely(claim):
            prepared = self.documents.prepare(source, scope)
            operation = self._operation(prepared, operation_name, scope)
            if operation is None or operation.kind is not OperationType.QUERY:
                continue
            try:
                result = await self._read(operation, claim.credentials, context, variables or {})
            except (CallerUnknown, NotCompiled):
                continue
            self.scopes.remember(claim, scope)
            told = {"scope": scope, **result.told} if scope else {}
            return replace(result, operation=operation.kind.value, operation_name=operation.name, told=told)
        return None

    async def execute(
        self,
        source: str,
        *,
        scope: str | None,
        context: object,
        credentials: Mapping[str, SqlValue] | None = None,
        variables: Mapping[str, Any] | None = None,
        operation_name: str | None = None,
        allow_mutations: bool = True,
        watching: bool = False,
    ) -> Result:
        """Run one query or mutation; when `watching`, read one value of a subscription instead.

        `credentials` are those of whoever asks, for what is read by SQL. Raises nothing but cancellation: whatever goes
        wrong is in the result.
        """
        prepared = self.documents.prepare(source, scope)
        if prepared.document is None:
            return refused(prepared.errors)
        ast = get_operation_ast(prepared.document, operation_name)
        check = _check_subscription if watching else partial(_check_operation, allow_mutations=allow_mutations)
        result = check(ast, operation_name)
        if ast is None:
            assert result is not None, "checked above"
            return result
        found = self._operation(prepared, operation_name, scope)
        result = result or await self._execute(
            prepared.document, ast, found, context, credentials or {}, variables or {}
        )
        return replace(result, operation=ast.operation.value, operation_name=ast.name.value if ast.name else None)

    async def _execute(
        self,
        document: DocumentNode,
        ast: OperationDefinitionNode,
        operation: PreparedOperation | None,
        context: object,
        credentials: Mapping[str, SqlValue],
        variables: Mapping[str, Any],
    ) -> Result:
        """By SQL where that is possible, else by graphql-core, which is not begun with what costs too much."""
        if operation is None:
            return await self._run(document, ast, context, variables)
        try:
            if operation.kind is OperationType.QUERY:
                return await self._read(operation, credentials, context, variables)
            operation.reads.check_cost(variables)
        except NotCompiled:
            pass
        except (InvalidVariables, TooCostly) as fault:
            return _refused_request(fault)
        except CallerUnknown:
            return refused([format_refusal(RightsEnded())])
        return await self._run(document, ast, context, variables)

    def _operation(self, prepared: Prepared, name: str | None, scope: Scope) -> PreparedOperation | None:
        """The operation of that name in a document that may run; None where it has none, or SQL reads nothing."""
        if name in prepared.operations:
            return prepared.operations[name]
        if prepared.document is None or self.reader is None:
            return None
        ast = get_operation_ast(prepared.document, name)
        if ast is None:
            return None
        make = self.reader.reads.operation if ast.operation is OperationType.QUERY else self.reader.reads.measure
        operation = PreparedOperation(ast, make(prepared.document, name, scope))
        prepared.operations[name] = operation
        return operation

    async def _read(
        self,
        operation: PreparedOperation,
        credentials: Mapping[str, SqlValue],
        context: object,
        variables: Mapping[str, Any],
    ) -> Result:
        """Raises CallerUnknown or NotCompiled, and nothing else but cancellation."""
        assert self.reader is not None, "operations are prepared for it"
        try:
            request = operation.reads.request(variables)
        except (InvalidVariables, TooCostly) as fault:
            return _refused_request(fault)
        reporter = Reporter(operation.name, self.refusal_of)
        seconds = self.seconds_max[OperationType.QUERY]
        try:
            async with asyncio.timeout(seconds) as deadline:
                found = await self.reader.answer(request, credentials, context)
        except CallerUnknown:
            raise
        except Exception as fault:
            if isinstance(fault, TimeoutError) and deadline.expired():
                return timed_out(operation.name, seconds)
            return reporter.failed(fault)
        return _answered(found, reporter)

    async def _run(
        self, document: DocumentNode, operation: OperationDefinitionNode, context: object, variables: Mapping[str, Any]
    ) -> Result:
        name = operation.name.value if operation.name else None
        seconds = self.seconds_max[operation.operation]
        try:
            async with asyncio.timeout(seconds) as deadline:
                executed = execute(
                    self.schema,
                    document,
                    context_value=context,
                    variable_values=dict(variables),
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
            return timed_out(name, seconds)
        return _finish(result, Reporter(name, self.refusal_of))


def _answered(found: Answer, reporter: Reporter) -> Result:
    errors = [reporter.format(located(error)) for error in found.errors]
    return Result(Outcome.EXECUTED, None, errors, text=found.data, told=found.told)


def _refused_request(fault: InvalidVariables | TooCostly) -> Result:
    if isinstance(fault, InvalidVariables):
        return refused([format_error(error) for error in fault.errors])
    return refused([format_refusal(OperationTooComplex(str(fault)))])


def _check_operation(
    operation: OperationDefinitionNode | None, name: str | None, *, allow_mutations: bool
) -> Result | None:
    if operation is None:
        return _refuse_choice(name)
    if operation.operation is OperationType.SUBSCRIPTION:
        return refused([format_error(GraphQLError("Subscriptions run over a websocket, not over HTTP."))])
    if operation.operation is OperationType.MUTATION and not allow_mutations:
        return Result(Outcome.NOT_A_QUERY, errors=[format_error(GraphQLError("A mutation is sent with POST."))])
    return None


def _check_subscription(operation: OperationDefinitionNode | None, name: str | None) -> Result | None:
    if operation is None:
        return _refuse_choice(name)
    if operation.operation is not OperationType.SUBSCRIPTION:
        said = "The websocket is for subscriptions; send queries and mutations with POST."
        return refused([format_error(GraphQLError(said))])
    return None


def _refuse_choice(name: str | None) -> Result:
    which = f"no operation named {name}" if name else "several operations; say in operationName which one to run"
    return refused([format_error(GraphQLError(f"The document has {which}."))])


def _finish(result: ExecutionResult, reporter: Reporter) -> Result:
    errors = result.errors or []
    if result.data is None and errors and all(error.path is None for error in errors):
        return refused([format_error(error) for error in errors])  # The variables did not fit; nothing ran.
    return Result(Outcome.EXECUTED, result.data, [reporter.format(error) for error in errors])
