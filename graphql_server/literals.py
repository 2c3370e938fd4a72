"""Values written in a document: what no text may hold, and errors that name the field a value was meant for."""

from collections.abc import Sequence

from graphql import (
    ArgumentNode,
    DocumentNode,
    GraphQLError,
    ListValueNode,
    Node,
    ObjectFieldNode,
    StringValueNode,
    ValidationRule,
    ValueNode,
    Visitor,
    visit,
)


def name_values(document: DocumentNode, errors: Sequence[GraphQLError]) -> None:
    """Put the name before the message of each error that points at a value; graphql-core says only where it stands."""
    blamed = {id(error.nodes[0]) for error in errors if error.nodes and isinstance(error.nodes[0], ValueNode)}
    if not blamed:
        return
    naming = _Naming(blamed)
    visit(document, naming)
    for error in errors:
        name = naming.names.get(id(error.nodes[0])) if error.nodes else None
        if name is not None:
            error.message = f"{name} has an invalid value: {error.message}"


class StorableText(ValidationRule):
    """A string that spells NUL fits into no column; variables are checked where they are read."""

    def enter_string_value(self, node: StringValueNode, *_: object) -> None:
        if "\x00" in node.value:
            self.report_error(GraphQLError("A string may not hold the NUL character.", node))


class _Naming(Visitor):
    def __init__(self, blamed: set[int]) -> None:
        super().__init__()
        self.blamed = blamed
        self.names: dict[int, str] = {}

    def enter(self, node: Node, _key: object, parent: object, _path: object, ancestors: list[object]) -> None:
        if id(node) in self.blamed:
            self.names[id(node)] = _name([*ancestors, parent, node])


def _name(ancestors: Sequence[object]) -> str:
    """`input.lines[].amount`, read from what the value stands in."""
    name = ""
    for node in ancestors:
        if isinstance(node, ArgumentNode):
            name = node.name.value
        elif isinstance(node, ObjectFieldNode):
            name += f".{node.name.value}"
        elif isinstance(node, ListValueNode) and node is not ancestors[-1]:
            name += "[]"
    return name.removeprefix(".") or "The value"
