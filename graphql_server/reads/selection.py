"""What an operation selects, as a tree: fragments unfolded, fields of one name merged, skipped fields left out.

It is the meaning of the document without its spelling. The SQL, the cost and the places of errors follow from it.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from graphql import (
    BooleanValueNode,
    DirectiveNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLSchema,
    GraphQLString,
    GraphQLUnionType,
    InlineFragmentNode,
    SelectionSetNode,
    VariableNode,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_list_type,
    is_non_null_type,
)

from graphql_server.reads.declarations import ByArgument, ByScope, Declarations, Page, Scope, Source
from graphql_server.reads.sites import Site

Fragments: TypeAlias = Mapping[str, FragmentDefinitionNode]
Switches: TypeAlias = Mapping[str, bool]
"""The variables that @skip and @include look at, with their values."""

TYPE_NAME: Final = GraphQLNonNull(GraphQLString)


@dataclass(frozen=True, slots=True)
class Typename:
    """The field `__typename`."""


@dataclass(frozen=True, slots=True)
class PagePart:
    """A field of a connection, an edge or a PageInfo, which are the same for every list."""


@dataclass(frozen=True, slots=True)
class Selected:
    """One field of the answer.

    `rises` says where null goes if this field must not be null and is: so many steps up the path of the answer, until
    something may be null. `objects` are the fields below it, for each object type that it may turn out to be.
    """

    key: str
    owner: str
    name: str
    type: GraphQLOutputType
    source: Source | Typename | PagePart
    rises: int
    site: int | None = None
    objects: Mapping[str, tuple["Selected", ...]] = field(default_factory=dict)

    @property
    def nullable(self) -> bool:
        return not is_non_null_type(self.type)

    @property
    def below(self) -> tuple["Selected", ...]:
        """The fields below, where they are of one object type."""
        (only,) = self.objects.values()
        return only


@dataclass(frozen=True, slots=True)
class Selection:
    """The fields of an operation's root, and all places in it where a field has arguments."""

    root: tuple[Selected, ...]
    sites: Sequence[Site]


class NotCompiled(Exception):
    """The operation asks about the schema itself, which is not in the database: leave it to graphql-core."""


@dataclass(frozen=True, slots=True)
class SelectionReader:
    """Reads selection sets of a valid document for one scope."""

    schema: GraphQLSchema
    declarations: Declarations
    scope: Scope
    fragments: Fragments
    switches: Switches
    sites: list[Site] = field(default_factory=list)

    def read(self, root: GraphQLObjectType, selection_set: SelectionSetNode) -> Selection:
        """The selection of a whole operation."""
        return Selection(self._object(root, [selection_set], rises=0), self.sites)

    def read_field(self, owner: GraphQLObjectType, nodes: Sequence[FieldNode]) -> Selection:
        """The selection of one field of any type: its answer is an object with that field alone."""
        key = (nodes[0].alias or nodes[0].name).value
        return Selection((self._field(owner, key, nodes, rises=0),), self.sites)

    def _object(
        self, owner: GraphQLObjectType, sets: Sequence[SelectionSetNode], *, rises: int, of_page: bool = False
    ) -> tuple[Selected, ...]:
        """The fields of an object; `rises` is how far null goes up from the object itself."""
        merged: dict[str, list[FieldNode]] = {}
        spread: set[str] = set()
        for selection_set in sets:
            for node in self._nodes(owner, selection_set, spread):
                merged.setdefault((node.alias or node.name).value, []).append(node)
        return tuple(self._field(owner, key, nodes, rises=rises, of_page=of_page) for key, nodes in merged.items())

    def _nodes(self, owner: GraphQLObjectType, selections: SelectionSetNode, spread: set[str]) -> Iterator[FieldNode]:
        """The fields that are selected of this object, through all fragments that fit it. Each fragment counts once."""
        for selection in selections.selections:
            if not self._included(selection.directives):
                continue
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                condition = selection.type_condition
                if condition is None or self._fits(owner, condition.name.value):
                    yield from self._nodes(owner, selection.selection_set, spread)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in spread:
                spread.add(selection.name.value)
                fragment = self.fragments[selection.name.value]
                if self._fits(owner, fragment.type_condition.name.value):
                    yield from self._nodes(owner, fragment.selection_set, spread)

    def _included(self, directives: Sequence[DirectiveNode] | None) -> bool:
        for directive in directives or ():
            name = directive.name.value
            if name in ("skip", "include") and self._holds(directive) is (name == "skip"):
                return False
        return True

    def _holds(self, directive: DirectiveNode) -> bool:
        assert directive.arguments, "a valid document says when"
        value = directive.arguments[0].value
        if isinstance(value, VariableNode):
            return self.switches[value.name.value]
        assert isinstance(value, BooleanValueNode), "a valid document has a Boolean there"
        return value.value

    def _fits(self, owner: GraphQLObjectType, condition: str) -> bool:
        named = self.schema.type_map[condition]
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return self.schema.is_sub_type(named, owner)
        return named is owner

    def _field(
        self, owner: GraphQLObjectType, key: str, nodes: Sequence[FieldNode], *, rises: int, of_page: bool = False
    ) -> Selected:
        name = nodes[0].name.value
        if name == "__typename":
            return Selected(key, owner.name, name, TYPE_NAME, Typename(), rises + 1)
        if name.startswith("__"):
            raise NotCompiled(name)
        definition = owner.fields[name]
        source = PagePart() if of_page else self.declarations.types[owner.name].fields[name]
        site = self._site(definition, nodes[0], source) if definition.args else None
        here = rises + 1 if is_non_null_type(definition.type) else 0
        sets = [node.selection_set for node in nodes if node.selection_set]
        objects = self._objects(definition.type, sets, source, rises=_rises_of_items(definition.type, here))
        return Selected(key, owner.name, name, definition.type, source, here, site, objects)

    def _site(self, definition: GraphQLField, node: FieldNode, source: Source | PagePart) -> int:
        assert not isinstance(source, PagePart), "the fields of a connection take no arguments"
        self.sites.append(Site(definition, node, source))
        return len(self.sites) - 1

    def _objects(
        self,
        graphql_type: GraphQLOutputType,
        sets: Sequence[SelectionSetNode],
        source: Source | PagePart,
        *,
        rises: int,
    ) -> Mapping[str, tuple[Selected, ...]]:
        """The fields below, for each object type that the field may turn out to be."""
        if not sets:
            return {}
        named = get_named_type(graphql_type)
        possible = self._possible(named) if is_abstract_type(named) else [named]
        of_page = isinstance(source, Page) or (isinstance(source, PagePart) and named.name not in self._declared)
        return {
            one.name: self._object(one, sets, rises=rises, of_page=of_page)
            for one in possible
            if isinstance(one, GraphQLObjectType)
        }

    @property
    def _declared(self) -> Mapping[str, object]:
        return {**self.declarations.types, **self.declarations.abstract}

    def _possible(self, abstract: object) -> Iterable[GraphQLObjectType]:
        assert isinstance(abstract, GraphQLInterfaceType | GraphQLUnionType)
        declared = self.declarations.abstract[abstract.name]
        if isinstance(declared, ByArgument):
            return self.schema.get_possible_types(abstract)
        if isinstance(declared, ByScope):
            name = declared.types.get(self.scope or "")
            names = [name] if name else []
        else:
            names = list(declared.types.values())
        found = [self.schema.type_map[name] for name in names]
        return [one for one in found if isinstance(one, GraphQLObjectType)]


def _rises_of_items(graphql_type: GraphQLOutputType, rises: int) -> int:
    """How far null goes up from an item of the field's lists; from the value itself where it is no list."""
    inner = get_nullable_type(graphql_type)
    while is_list_type(inner):
        assert isinstance(inner, GraphQLList)
        rises = rises + 1 if is_non_null_type(inner.of_type) else 0
        inner = get_nullable_type(inner.of_type)
    return rises
