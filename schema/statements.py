"""How many SQL statements a valid operation may cost: an upper bound, summed from what its fields declare."""

from collections.abc import Iterator
from typing import Final

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    get_named_type,
    is_composite_type,
)

from schema.access import metadata_of
from schema.limits import OperationTooComplex

STATEMENTS_MAX: Final = 20

Selected = tuple[GraphQLNamedType, FieldNode]


def check_statements(schema: GraphQLSchema, document: DocumentNode) -> None:
    """Refuse a document with an operation that might cost more statements than any may; it must be valid."""
    for operation in document.definitions:
        if isinstance(operation, OperationDefinitionNode):
            statements = count_statements(schema, document, operation)
            if statements > STATEMENTS_MAX:
                raise OperationTooComplex(
                    f"The operation may read the database {statements} times; at most {STATEMENTS_MAX} are accepted. "
                    "Ask for fewer lists at once."
                )


def count_statements(schema: GraphQLSchema, document: DocumentNode, operation: OperationDefinitionNode) -> int:
    """At most how many statements the operation's relations and resolvers issue; each list is read in one."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    return _Count(schema, fragments).selections([(root, operation.selection_set)]) if root else 0


class _Count:
    """Fields that answer under one name are merged, as the executor does, so each relation counts once a place."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.schema = schema
        self.fragments = fragments

    def selections(self, sets: list[tuple[GraphQLNamedType, SelectionSetNode]]) -> int:
        total = 0
        relations: set[tuple[str, str]] = set()
        merged: dict[str, list[Selected]] = {}
        for parent, selection_set in sets:
            for owner, node in self._fields(parent, selection_set):
                merged.setdefault((node.alias or node.name).value, []).append((owner, node))
        for selected in merged.values():
            total += self._statements(selected, relations)
            total += self.selections(list(self._children(selected)))
        return total + len(relations)

    def _statements(self, selected: list[Selected], relations: set[tuple[str, str]]) -> int:
        """What the field itself issues; the relations it shows or needs are added to those of its object."""
        statements = 0
        for owner, node in selected:
            field = getattr(owner, "fields", {}).get(node.name.value)
            metadata = metadata_of(field) if field else {}
            statements = max(statements, metadata.get("statements", 0))
            for path in (metadata.get("relation"), *metadata.get("needs", ())):
                relations.update((owner.name, step) for step in _steps(path or ""))
        return statements

    def _children(self, selected: list[Selected]) -> Iterator[tuple[GraphQLNamedType, SelectionSetNode]]:
        for owner, node in selected:
            field = getattr(owner, "fields", {}).get(node.name.value)
            if field and node.selection_set and is_composite_type(get_named_type(field.type)):
                yield get_named_type(field.type), node.selection_set

    def _fields(self, parent: GraphQLNamedType, selection_set: SelectionSetNode) -> Iterator[Selected]:
        for selection in selection_set.selections:
            if isinstance(selection, FieldNode):
                yield parent, selection
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                yield from self._fields(
                    self._type(condition.name.value) if condition else parent, selection.selection_set
                )
            elif isinstance(selection, FragmentSpreadNode):
                fragment = self.fragments[selection.name.value]
                yield from self._fields(self._type(fragment.type_condition.name.value), fragment.selection_set)

    def _type(self, name: str) -> GraphQLNamedType:
        found = self.schema.type_map[name]
        assert is_composite_type(found), "a valid document puts fragments on types with fields"
        return found


def _steps(path: str) -> Iterator[str]:
    """`lines__item` is two relations: `lines`, and `lines__item` behind it."""
    steps = path.split("__") if path else []
    yield from ("__".join(steps[: count + 1]) for count in range(len(steps)))
