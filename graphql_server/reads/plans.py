"""From a document to its plan: each step is done once, and kept for the next request like it.

An operation has a selection for each choice of its @skip and @include, and a selection has a plan for each shape of
what its arguments come to. So most requests only look up their plan and hand it their values.
"""

from collections.abc import Hashable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, NamedTuple, TypeVar

from graphql import (
    DirectiveNode,
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    GraphQLObjectType,
    GraphQLSchema,
    Node,
    OperationDefinitionNode,
    VariableDefinitionNode,
    VariableNode,
    Visitor,
    visit,
)
from graphql.execution.values import VariableValues

from graphql_server.reads.arguments import SqlValue
from graphql_server.reads.cost import ROWS_MAX, check_cost
from graphql_server.reads.declarations import Declarations, Scope
from graphql_server.reads.faults import Fault
from graphql_server.reads.rows import Parameters, ValueName
from graphql_server.reads.selection import Selected, Selection, SelectionReader
from graphql_server.reads.sites import Asked
from graphql_server.reads.statement import Statement, StatementWriter
from graphql_server.reads.variables import Variables

KEPT_MAX: Final = 64
"""How many selections an operation keeps, and plans a selection; then it begins anew."""


@dataclass(slots=True)
class Compiled:
    """How many plans this process has made."""

    number: int = 0


COMPILED: Final = Compiled()


def plans_compiled() -> int:
    """How many plans this process has made: requests beyond that found theirs."""
    return COMPILED.number


@dataclass(frozen=True, slots=True, eq=False)
class Plan:
    """One statement, and what to do with its result. `batch` is the same for several requests at once, if it may be."""

    sql: str
    batch: str | None
    values: Sequence[ValueName]
    faults: Sequence[Fault]
    holes: Sequence[Selected]
    tells: Sequence[str] = ()


class Request(NamedTuple):
    """A plan with what the arguments of one request came to."""

    plan: Plan
    asked: Sequence[Asked]
    rows: int

    def values(self, credentials: Mapping[str, SqlValue]) -> list[SqlValue]:
        """The statement's values, in order; `credentials` are what the scope's `Caller` takes."""
        return [
            credentials[name] if site is None else self.asked[site].narrowing.values[name].value
            for site, name in self.plan.values
        ]


class Operation:
    """One operation of a document for one scope. Keep it as long as the document: it remembers its plans."""

    def __init__(self, source: "OperationSource", *, rows_max: int = ROWS_MAX) -> None:
        self._source = source
        self._variables = Variables(source.schema, source.variables)
        self._rows_max = rows_max
        self._selections: dict[tuple[bool, ...], _Planner] = {}

    def request(self, variables: Mapping[str, object]) -> Request:
        """What one request with these variables runs; raises InvalidVariables or TooCostly."""
        return self.request_with(self._variables.coerce(variables))

    def request_with(self, variables: VariableValues) -> Request:
        """As `request`, with variables that graphql-core has coerced already."""
        return self._planner(variables).request(variables)

    def check_cost(self, variables: Mapping[str, object]) -> None:
        """Raises InvalidVariables or TooCostly, and writes no statement: for what graphql-core runs."""
        coerced = self._variables.coerce(variables)
        self._planner(coerced).ask(coerced)

    def _planner(self, variables: VariableValues) -> "_Planner":
        switches = tuple(bool(variables.coerced.get(name)) for name in self._source.switches)
        planner = self._selections.get(switches)
        if planner is None:
            planner = _keep(self._selections, switches, self._source.planner(switches, rows_max=self._rows_max))
        return planner


@dataclass(frozen=True, slots=True)
class OperationSource:
    """Where an operation stands: a root type with what is selected of it, and whatever that refers to.

    `brings` are values that a request brings along beside its variables, with their types: columns of the root's row.
    """

    schema: GraphQLSchema
    declarations: Declarations
    scope: Scope
    root: GraphQLObjectType
    nodes: Sequence[FieldNode] | OperationDefinitionNode
    fragments: Mapping[str, FragmentDefinitionNode]
    switches: Sequence[str] = ()
    brings: Mapping[str, str] = field(default_factory=dict)

    @property
    def variables(self) -> Sequence[VariableDefinitionNode]:
        """The variables that the operation defines."""
        return self.nodes.variable_definitions or () if isinstance(self.nodes, OperationDefinitionNode) else ()

    def planner(self, switches: Sequence[bool], *, rows_max: int) -> "_Planner":
        """The selection that is left with these values of the variables in @skip and @include."""
        reader = SelectionReader(
            self.schema, self.declarations, self.scope, self.fragments, dict(zip(self.switches, switches, strict=True))
        )
        if isinstance(self.nodes, OperationDefinitionNode):
            selection = reader.read(self.root, self.nodes.selection_set)
        else:
            selection = reader.read_field(self.root, self.nodes)
        return _Planner(self, selection, rows_max)


@dataclass(slots=True)
class _Planner:
    """Keeps the plans of one selection."""

    source: OperationSource
    selection: Selection
    rows_max: int
    plans: dict[tuple[Hashable, ...], Plan] = field(default_factory=dict)
    costs: dict[tuple[int | None, ...], int] = field(default_factory=dict)

    def request(self, variables: VariableValues) -> Request:
        asked, rows = self.ask(variables)
        shape = tuple(one.shape for one in asked)
        plan = self.plans.get(shape) or _keep(self.plans, shape, self._plan(asked))
        return Request(plan, asked, rows)

    def ask(self, variables: VariableValues) -> tuple[Sequence[Asked], int]:
        """What the arguments come to, and how many rows that may reach; raises TooCostly."""
        asked = [site.ask(variables) for site in self.selection.sites]
        sizes = tuple(one.size for one in asked)
        rows = self.costs.get(sizes)
        if rows is None:
            rows = _keep(self.costs, sizes, check_cost(self.selection, asked, rows_max=self.rows_max))
        return asked, rows

    def _plan(self, asked: Sequence[Asked]) -> Plan:
        COMPILED.number += 1
        statement = self._write(asked, Parameters())
        types = statement.parameters.types
        paged = any(one.page is not None for one in asked)
        # Lists are bound by their rows and gain nothing together; unnest would take an array apart.
        alone = paged or not types or any(kind.endswith("[]") for kind in types)
        batch = None if alone else self._write(asked, Parameters(of_batch=True)).sql
        tells = self.source.declarations.callers[self.source.scope].tells
        return Plan(statement.sql, batch, statement.parameters.names, statement.faults, statement.holes, tells)

    def _write(self, asked: Sequence[Asked], parameters: Parameters) -> Statement:
        source = self.source
        writer = StatementWriter(source.declarations, source.scope, asked, source.brings, parameters)
        return writer.write(self.selection)


Key = TypeVar("Key", bound=Hashable)
Kept = TypeVar("Kept")


def _keep(kept: dict[Key, Kept], key: Key, value: Kept) -> Kept:
    if len(kept) >= KEPT_MAX:
        kept.clear()
    kept[key] = value
    return value


class _SwitchFinder(Visitor):
    """Finds the variables that @skip and @include look at."""

    def __init__(self) -> None:
        super().__init__()
        self.names: dict[str, None] = {}

    def enter_directive(self, node: DirectiveNode, *_: object) -> None:
        for argument in node.arguments or ():
            if node.name.value in ("skip", "include") and isinstance(argument.value, VariableNode):
                self.names[argument.value.name.value] = None


def switches_of(*nodes: Node) -> list[str]:
    """The names of the variables that decide what is selected below these nodes."""
    finder = _SwitchFinder()
    for node in nodes:
        visit(node, finder)
    return list(finder.names)


def fragments_of(document: DocumentNode) -> dict[str, FragmentDefinitionNode]:
    """The document's fragments by name."""
    return {one.name.value: one for one in document.definitions if isinstance(one, FragmentDefinitionNode)}
