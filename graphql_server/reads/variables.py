"""A request's variables, coerced: plain ones right here, which nearly all are, and anything else by graphql-core."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphql import (
    GraphQLBoolean,
    GraphQLError,
    GraphQLID,
    GraphQLInt,
    GraphQLNamedType,
    GraphQLSchema,
    GraphQLString,
    NamedTypeNode,
    NonNullTypeNode,
    VariableDefinitionNode,
)
from graphql.execution.values import VariableValues, get_variable_values

COERCION_ERRORS_MAX: Final = 10

_PLAIN: Final[Sequence[tuple[GraphQLNamedType, type]]] = (
    (GraphQLID, str),
    (GraphQLString, str),
    (GraphQLInt, int),
    (GraphQLBoolean, bool),
)
_INT_MAX: Final = 2**31 - 1


class InvalidVariables(Exception):
    """The request's variables do not fit the operation; nothing was read."""

    def __init__(self, errors: Sequence[GraphQLError]) -> None:
        super().__init__("; ".join(error.message for error in errors))
        self.errors = errors


@dataclass(frozen=True, slots=True)
class _Plain:
    """A variable without a default whose type takes values of one Python type as they are."""

    kind: type
    required: bool

    def takes(self, value: object) -> bool:
        if value is None:
            return not self.required
        return type(value) is self.kind and (type(value) is not int or -_INT_MAX <= value <= _INT_MAX)


class Variables:
    """The variables that an operation defines."""

    def __init__(self, schema: GraphQLSchema, definitions: Sequence[VariableDefinitionNode]) -> None:
        self._schema = schema
        self._definitions = definitions
        found = {node.variable.name.value: _plain(schema, node) for node in definitions}
        self._plain = {name: plain for name, plain in found.items() if plain is not None}
        self._all_plain = len(self._plain) == len(found)

    def coerce(self, given: Mapping[str, object]) -> VariableValues:
        """The values that graphql-core would give; raises InvalidVariables."""
        if self._all_plain and all(plain.takes(given.get(name)) for name, plain in self._plain.items()):
            return VariableValues({}, {name: given[name] for name in self._plain if name in given})
        coerced = get_variable_values(
            self._schema, self._definitions, dict(given), COERCION_ERRORS_MAX, hide_suggestions=True
        )
        if isinstance(coerced, list):
            raise InvalidVariables(coerced)
        return coerced


def _plain(schema: GraphQLSchema, node: VariableDefinitionNode) -> _Plain | None:
    required = isinstance(node.type, NonNullTypeNode)
    named = node.type.type if isinstance(node.type, NonNullTypeNode) else node.type
    if node.default_value is not None or not isinstance(named, NamedTypeNode):
        return None
    found = schema.type_map.get(named.name.value)
    return next((_Plain(kind, required) for scalar, kind in _PLAIN if found is scalar), None)
