"""Reads: the way in. It holds a schema with its declarations, and makes operations of documents."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    OperationType,
    get_operation_ast,
)

from graphql_server.reads.arguments import SqlValue
from graphql_server.reads.checks import check_declarations
from graphql_server.reads.cost import ROWS_MAX
from graphql_server.reads.declarations import Declarations, Scope
from graphql_server.reads.faults import FieldError, settle
from graphql_server.reads.holes import Filler
from graphql_server.reads.plans import Operation, OperationSource, Request, fragments_of, switches_of
from graphql_server.reads.pool import Pool
from graphql_server.reads.printing import TOLD


class CallerUnknown(Exception):
    """Whoever asks is not, or not any longer, who they say: their session or link has ended."""


@dataclass(frozen=True, slots=True)
class Answer:
    """The JSON text of `data`, the errors of its fields, and what the scope's `Caller` tells of whoever asked."""

    data: str
    errors: Sequence[FieldError] = ()
    told: Mapping[str, str] = field(default_factory=dict)


class Reads:
    """Compiles what may be read of one schema. Raises DeclarationsIncomplete when a field is not declared."""

    def __init__(self, schema: GraphQLSchema, declarations: Declarations, *, rows_max: int = ROWS_MAX) -> None:
        check_declarations(schema, declarations)
        self._schema = schema
        self._declarations = declarations
        self._rows_max = rows_max

    def operation(self, document: DocumentNode, name: str | None, scope: Scope) -> Operation:
        """A query or subscription of a valid document, whose fields this scope may select.

        Keep it with the document. Its first request raises NotCompiled if it asks about the schema itself.
        """
        found = get_operation_ast(document, name)
        assert found is None or found.operation is not OperationType.MUTATION, "mutations run in Python; see `field`"
        return self._operation(document, name, scope)

    def measure(self, document: DocumentNode, name: str | None, scope: Scope) -> Operation:
        """An operation that Python runs, such as a mutation: only its cost may be asked for."""
        return self._operation(document, name, scope)

    def _operation(self, document: DocumentNode, name: str | None, scope: Scope) -> Operation:
        found = get_operation_ast(document, name)
        assert found is not None, "the document has the operation"
        root = self._schema.get_root_type(found.operation)
        assert root is not None, "the document is valid"
        fragments, switches = fragments_of(document), switches_of(document)
        source = OperationSource(self._schema, self._declarations, scope, root, found, fragments, switches)
        return Operation(source, rows_max=self._rows_max)

    def field(
        self,
        owner: GraphQLObjectType,
        nodes: Sequence[FieldNode],
        fragments: Mapping[str, FragmentDefinitionNode],
        scope: Scope,
        *,
        brings: Mapping[str, str],
    ) -> Operation:
        """One field of an object that Python made, such as a mutation's payload; its answer is `{key: value}`.

        `brings` names what is known beside the arguments, such as the key of a changed row, with the types in
        PostgreSQL: the declarations see it as columns of the object's row, and `answer` takes it with the credentials.
        """
        switches = switches_of(*nodes, *fragments.values())
        source = OperationSource(self._schema, self._declarations, scope, owner, nodes, fragments, switches, brings)
        return Operation(source, rows_max=self._rows_max)


async def answer(request: Request, pool: Pool, credentials: Mapping[str, SqlValue], context: object = None) -> Answer:
    """Run a request in one round trip. `credentials` are what the scope's caller takes; holes see `context`.

    Raises CallerUnknown when whoever asks has no rights (any more), and Busy when no connection comes free in time.
    """
    text = await pool.run(request.plan, request.values(credentials))
    if text is None:
        raise CallerUnknown
    return finish(request, text, context)


def finish(request: Request, text: str, context: object) -> Answer:
    """The answer that the statement's text comes to: holes filled, errors told."""
    plan, faults = request.plan, request.plan.faults
    *told, text = text.split(TOLD)
    if plan.holes:
        filler = Filler(plan.holes, list(faults), request.asked, context)
        text, faults = filler.fill(text), filler.faults
    settled = settle(text, faults, request.asked)
    return Answer(settled.text, settled.errors, dict(zip(plan.tells, told, strict=True)))
