"""Ways through the schema: for every field an operation that selects it and as little else as possible."""

from collections import deque
from collections.abc import Iterator
from dataclasses import dataclass

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    is_composite_type,
    is_required_argument,
)

from graphql_server.access import may_read
from rules.access import Scope


@dataclass(frozen=True, slots=True)
class Step:
    """One field selected on the way, on the type that declares it."""

    owner: str
    name: str
    field: GraphQLField

    @property
    def coordinate(self) -> str:
        return f"{self.owner}.{self.name}"

    @property
    def shown(self) -> GraphQLNamedType:
        return get_named_type(self.field.type)


Path = tuple[Step, ...]


def field_coordinates(schema: GraphQLSchema) -> list[str]:
    """Every field of every object and interface of ours; subscriptions have a test of their own over a websocket."""
    return sorted(
        f"{kind.name}.{name}"
        for kind in schema.type_map.values()
        if isinstance(kind, GraphQLObjectType | GraphQLInterfaceType)
        and not kind.name.startswith("__")
        and kind is not schema.subscription_type
        for name in kind.fields
    )


def shortest_paths(schema: GraphQLSchema, scope: Scope | None, *, allowed_only: bool) -> dict[str, Path]:
    """For each type the shortest way to it, by reading if there is one; with `allowed_only`, as the scope may go.

    `node(id:)` leads everywhere and so proves nothing of relations: it is a way to the interface alone.
    """
    found: dict[str, Path] = {}
    for root in (schema.query_type, schema.mutation_type):
        assert root is not None
        found[root.name] = ()
        waiting: deque[GraphQLNamedType] = deque([root])
        while waiting:
            kind = waiting.popleft()
            for step in steps_of(kind):
                if allowed_only and not may_read(step.field, scope):
                    continue
                for shown in _shown(step.shown):
                    if shown.name not in found:
                        found[shown.name] = (*found[kind.name], step)
                        waiting.append(shown)
    return found


def steps_of(kind: GraphQLNamedType) -> list[Step]:
    """The fields that can be selected on it."""
    if not isinstance(kind, GraphQLObjectType | GraphQLInterfaceType):
        return []
    return [Step(kind.name, name, field) for name, field in kind.fields.items()]


def _shown(kind: GraphQLNamedType) -> Iterator[GraphQLNamedType]:
    if isinstance(kind, GraphQLUnionType):
        yield from kind.types
    elif is_composite_type(kind):
        yield kind


def operation(path: Path) -> str:
    """The document that selects the path, whose required arguments are variables `$0_id`, `$1_input`, …"""
    arguments = [
        (f"v{depth}_{name}", name, argument.type, depth)
        for depth, step in enumerate(path)
        for name, argument in step.field.args.items()
        if is_required_argument(argument)
    ]
    selection = "__typename" if is_composite_type(path[-1].shown) else ""
    for depth, step in reversed(list(enumerate(path))):
        given = ", ".join(f"{name}: ${variable}" for variable, name, _, where in arguments if where == depth)
        selected = f"{step.name}{f'({given})' if given else ''}{f' {{ {selection} }}' if selection else ''}"
        selection = f"... on {step.owner} {{ {selected} }}" if depth else selected
    declared = ", ".join(f"${variable}: {kind}" for variable, _, kind, _ in arguments)
    root = "mutation" if path[0].owner == "Mutation" else "query"
    return f"{root}{f'({declared})' if declared else ''} {{ {selection} }}"


def variables_of(path: Path) -> list[tuple[str, str]]:
    """The names of the variables of `operation(path)`, each with the coordinate of its argument."""
    return [
        (f"v{depth}_{name}", f"{step.coordinate}({name}:)")
        for depth, step in enumerate(path)
        for name, argument in step.field.args.items()
        if is_required_argument(argument)
    ]


def leaves(value: object, path: Path) -> list[object]:
    """What the answer holds at the end of the path, lists flattened and nulls left out."""
    found = [value]
    for step in path:
        found = [inner for outer in found for inner in _flat(outer.get(step.name))]  # type: ignore[attr-defined]
    return found


def _flat(value: object) -> Iterator[object]:
    if isinstance(value, list):
        for inner in value:
            yield from _flat(inner)
    elif value is not None:
        yield value
