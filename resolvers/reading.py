"""Reading what an operation selects: visible rows with exactly the relations that the selected fields show.

The plan is made from the fields' declarations (`relation` and `needs`), so each list costs one statement however many
rows it hangs under, and every relation passes the same row filter as the rows themselves.
"""

from collections.abc import Iterable, Iterator
from typing import Any, TypeAlias, TypeVar
from uuid import UUID

from graphql import (
    FieldNode,
    FragmentSpreadNode,
    GraphQLNamedType,
    GraphQLResolveInfo,
    InlineFragmentNode,
    SelectionSetNode,
    get_named_type,
    is_abstract_type,
)
from tortoise.models import Model
from tortoise.query_utils import Prefetch
from tortoise.queryset import QuerySet

from models.visible import listed, visible
from resolvers.context import Info
from rules.access import Principal
from rules.errors import NotFound

DEFINITION = "strawberry-definition"

ModelType = TypeVar("ModelType", bound=Model)
Tree: TypeAlias = "dict[str, Tree]"
"""The relations to load, each with the relations to load behind it."""


async def read_one(info: Info, model: type[ModelType], row_id: UUID, *, field: str = "id") -> ModelType:
    """The visible row with what is selected of it. Raises NotFound naming `field`."""
    row = await selected(info, visible(model, info.context.principal).filter(id=row_id)).first()
    if row is None:
        raise NotFound(model.__name__, field=(field,))
    return row


def selected(info: Info, rows: QuerySet[ModelType]) -> QuerySet[ModelType]:
    """`rows` with the relations that the field being resolved selects of them."""
    tree = _plan(info._raw_info, rows.model.__name__)
    return rows.prefetch_related(*_prefetches(rows.model, tree, info.context.principal))


def _prefetches(model: type[Model], tree: Tree, principal: Principal) -> Iterator[Prefetch]:
    for relation, behind in tree.items():
        target = model._meta.fields_map[relation].related_model  # type: ignore[attr-defined]
        many = relation in model._meta.backward_fk_fields
        rows = listed(target, principal) if many else visible(target, principal)
        yield Prefetch(relation, rows.prefetch_related(*_prefetches(target, behind, principal)))


def _plan(info: GraphQLResolveInfo[Any], type_name: str) -> Tree:
    """The relations that the selection below this field needs of the type that shows the rows."""
    tree: Tree = {}
    parent = get_named_type(info.return_type)
    for node in info.field_nodes:
        if node.selection_set:
            _gather(info, parent, node.selection_set, type_name, tree)
    return tree


def _gather(
    info: GraphQLResolveInfo[Any], parent: GraphQLNamedType, selections: SelectionSetNode, type_name: str, tree: Tree
) -> None:
    for owner, node in _fields(info, parent, selections, type_name):
        definition = getattr(owner, "fields", {}).get(node.name.value)
        if definition is None:  # __typename
            continue
        metadata = definition.extensions[DEFINITION].metadata
        for path in metadata.get("needs", ()):
            _add(tree, path.split("__"))
        relation = metadata.get("relation")
        if node.selection_set is None:
            continue
        # A field without a relation shows the same row in another shape: a page, an edge, a sum of money.
        behind = _add(tree, relation.split("__")) if relation else tree
        shown = get_named_type(definition.type)
        _gather(info, shown, node.selection_set, shown.name if relation else type_name, behind)


def _add(tree: Tree, path: Iterable[str]) -> Tree:
    for step in path:
        tree = tree.setdefault(step, {})
    return tree


def _fields(
    info: GraphQLResolveInfo[Any], parent: GraphQLNamedType, selections: SelectionSetNode, type_name: str
) -> Iterator[tuple[GraphQLNamedType, FieldNode]]:
    """The selected fields through all fragments, except those on another type than the rows are."""
    for selection in selections.selections:
        if isinstance(selection, FieldNode):
            yield parent, selection
            continue
        assert isinstance(selection, InlineFragmentNode | FragmentSpreadNode)
        fragment = selection if isinstance(selection, InlineFragmentNode) else info.fragments[selection.name.value]
        condition = fragment.type_condition
        owner = info.schema.type_map[condition.name.value] if condition else parent
        if is_abstract_type(parent) and not is_abstract_type(owner) and owner.name != type_name:
            continue
        yield from _fields(info, owner, fragment.selection_set, type_name)


def loaded(row: Any, relation: str) -> list[Any]:
    """The rows of a reverse relation that the plan loaded; Any, because a relation is only a name here."""
    rows: list[Any] = getattr(row, relation).related_objects
    return rows
