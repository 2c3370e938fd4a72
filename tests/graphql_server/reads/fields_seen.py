"""Which fields of the schema documents select."""

from graphql import (
    DocumentNode,
    FieldNode,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    is_introspection_type,
    visit,
)


class _Seer(Visitor):
    def __init__(self, types: TypeInfo) -> None:
        super().__init__()
        self.types = types
        self.seen: set[str] = set()

    def enter_field(self, node: FieldNode, *_: object) -> None:
        owner = self.types.get_parent_type()
        if owner is not None and node.name.value != "__typename":
            self.seen.add(f"{owner.name}.{node.name.value}")


def fields_seen(schema: GraphQLSchema, document: DocumentNode | None) -> set[str]:
    """The fields that the document selects, as Type.field; all of the schema's without a document."""
    if document is not None:
        types = TypeInfo(schema)
        seer = _Seer(types)
        visit(document, TypeInfoVisitor(types, seer))
        return seer.seen
    return {
        f"{named.name}.{name}"
        for named in schema.type_map.values()
        if isinstance(named, GraphQLObjectType | GraphQLInterfaceType) and not is_introspection_type(named)
        for name in named.fields
    }
