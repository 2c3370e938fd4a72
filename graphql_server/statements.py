"""How many SQL statements a valid operation may cost: an upper bound, summed from what its fields declare."""

from collections.abc import Iterator, Mapping
from typing import Any, Final, TypeAlias

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
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_list_type,
)

from graphql_server.access import metadata_of
from graphql_server.limits import OperationTooComplex

STATEMENTS_MAX: Final = 20
WHO_ASKS: Final = 1
"""A token is looked up in one statement before its operation runs."""

Selected = tuple[GraphQLNamedType, FieldNode]
Tree: TypeAlias = "dict[str, Tree]"
"""The relations of some rows, each with those of the rows behind it."""


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
    """At most how many statements the operation issues: who asks is one, and so is each list of rows."""
    fragments = {node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)}
    root = schema.get_root_type(operation.operation)
    relations: Tree = {}
    found = _Count(schema, fragments).selections([(root, operation.selection_set)], relations) if root else 0
    return WHO_ASKS + found + _size(relations)


class _Count:
    """Counts as rows are read: a relation that several fields of a row return or need is read once."""

    def __init__(self, schema: GraphQLSchema, fragments: dict[str, FragmentDefinitionNode]) -> None:
        self.schema = schema
        self.fragments = fragments

    def selections(
        self, sets: list[tuple[GraphQLNamedType, SelectionSetNode]], relations: Tree, *, mixed: bool = False
    ) -> int:
        """What these selections cost beyond `relations`, to which those of the rows they return are added.

        Where the rows are `mixed`, relations of the same name are read once for each type that has one.
        """
        merged: dict[str, list[Selected]] = {}
        for parent, selection_set in sets:
            for owner, node in self._fields(parent, selection_set):
                merged.setdefault((node.alias or node.name).value, []).append((owner, node))
        return sum(self._field(selected, relations, mixed=mixed) for selected in merged.values())

    def _field(self, selected: list[Selected], relations: Tree, *, mixed: bool) -> int:
        """One field of the answer; fields that answer under one name are merged, as the executor does."""
        statements: int = max(self._metadata(one).get("statements", 0) for one in selected)
        own: Tree = {}
        read: dict[int, tuple[Tree, list[tuple[GraphQLNamedType, SelectionSetNode]]]] = {}
        for one in selected:
            metadata = self._metadata(one)
            of_type = f"{one[0].name}." if mixed else ""
            for path in metadata.get("needs", ()):
                _add(relations, of_type + path)
            behind = _add(relations, of_type + metadata["relation"]) if metadata.get("relation") else relations
            # A field with statements of its own reads other rows; any other returns these in another shape.
            behind = own if statements else behind
            read.setdefault(id(behind), (behind, []))[1].extend(self._children(one))
        several = any(self._is_mixed(one) for one in selected)
        costs = (self.selections(sets, behind, mixed=several) for behind, sets in read.values())
        return statements + sum(costs) + _size(own)

    def _is_mixed(self, selected: Selected) -> bool:
        """Whether the field lists rows of several types."""
        owner, node = selected
        field = getattr(owner, "fields", {}).get(node.name.value)
        kind = get_nullable_type(field.type) if field else None
        return is_list_type(kind) and is_abstract_type(get_named_type(kind))

    def _metadata(self, selected: Selected) -> Mapping[str, Any]:
        owner, node = selected
        field = getattr(owner, "fields", {}).get(node.name.value)
        return metadata_of(field) if field else {}

    def _children(self, selected: Selected) -> Iterator[tuple[GraphQLNamedType, SelectionSetNode]]:
        owner, node = selected
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


def _add(relations: Tree, path: str) -> Tree:
    """`lines__item` is two relations: `lines`, and `item` behind it; returns what is behind the last."""
    for step in path.split("__"):
        relations = relations.setdefault(step, {})
    return relations


def _size(relations: Tree) -> int:
    return sum(1 + _size(behind) for behind in relations.values())
