"""The places of an operation where a field has arguments, and what these come to in one request."""

from collections.abc import Hashable, Mapping
from typing import NamedTuple

from graphql import FieldNode, GraphQLArgument, GraphQLField, Node, Undefined, VariableNode, Visitor, visit
from graphql.execution.values import VariableValues, get_argument_values

from graphql_server.reads.arguments import EVERYTHING, Arguments, Narrowing
from graphql_server.reads.declarations import Many, One, Page, Several, Source
from graphql_server.reads.paging import PageRequest, narrow_to_page, page_request

NO_ARGUMENTS = Arguments({})

TYPES, KEYS = "types", "keys"
"""What `Several` calls the values that say which rows are asked for."""


class Asked(NamedTuple):
    """What one field's arguments come to: rows to leave, a page of them, or the error that refuses them."""

    narrowing: Narrowing = EVERYTHING
    page: PageRequest | None = None
    arguments: Arguments = NO_ARGUMENTS
    error: Exception | None = None

    @property
    def shape(self) -> Hashable:
        """All that the SQL depends on; the values are not part of it."""
        sql, _, *rest = self.narrowing
        return sql, *rest, self.page.shape if self.page else None, self.error is None

    @property
    def size(self) -> int | None:
        """How many rows are asked for, where the arguments say so."""
        if self.page is not None:
            return self.page.size
        keys = self.narrowing.values[KEYS].value if KEYS in self.narrowing.values else None
        return len(keys) if isinstance(keys, list) else None


class Site:
    """One field of a selection that takes arguments."""

    def __init__(self, definition: GraphQLField, node: FieldNode, source: Source) -> None:
        self.definition = definition
        self.node = node
        self.source = source
        self._variables = _bare_variables(node, definition)
        self._always = None if _has_variables(node) else self._ask(VariableValues({}, {}))

    def ask(self, variables: VariableValues) -> Asked:
        """What the arguments come to with these variables. Never raises: an error is the field's own."""
        return self._always or self._ask(variables)

    def _ask(self, variables: VariableValues) -> Asked:
        try:
            return _asked(self.source, Arguments(self._values(variables)))
        except Exception as error:
            return Asked(error=error)

    def _values(self, variables: VariableValues) -> Mapping[str, object]:
        """The arguments' values; where all are variables that have one, graphql-core need not be asked."""
        given = variables.coerced
        if self._variables and all(given.get(variable) is not None for variable in self._variables.values()):
            return {name: given[variable] for name, variable in self._variables.items()}
        return get_argument_values(self.definition, self.node, variables, hide_suggestions=True)


def _asked(source: Source, arguments: Arguments) -> Asked:
    narrowing = EVERYTHING
    if isinstance(source, One | Many | Several | Page) and source.narrow is not None:
        narrowing = source.narrow(arguments)
    if not isinstance(source, Page):
        return Asked(narrowing, arguments=arguments)
    page = page_request(arguments, size_default=source.size_default, size_max=source.size_max)
    return Asked(narrow_to_page(narrowing, page, narrowing.order or source.order), page, arguments)


def _bare_variables(node: FieldNode, definition: GraphQLField) -> Mapping[str, str]:
    """The variable of each argument, where every argument is a variable, and none that was left out has a default."""
    found = {
        one.name.value: one.value.name.value for one in node.arguments or () if isinstance(one.value, VariableNode)
    }
    left_out = [argument for name, argument in definition.args.items() if name not in found]
    plain = len(found) == len(node.arguments or ()) and not any(_has_default(argument) for argument in left_out)
    return found if plain and not any(argument.out_name for argument in definition.args.values()) else {}


class _VariableFinder(Visitor):
    def __init__(self) -> None:
        super().__init__()
        self.found = False

    def enter_variable(self, _node: VariableNode, *_: object) -> None:
        self.found = True


def _has_variables(node: FieldNode) -> bool:
    finder = _VariableFinder()
    arguments: tuple[Node, ...] = tuple(node.arguments or ())
    for argument in arguments:
        visit(argument, finder)
    return finder.found


def _has_default(argument: GraphQLArgument) -> bool:
    return argument.default is not None or argument.default_value is not Undefined
