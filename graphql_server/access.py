"""Who may read each field: the declarations that the SDL shows, and the matrix read back from a built schema."""

import dataclasses
from collections.abc import Callable, Collection, Iterator, Sequence
from enum import Enum
from typing import Any, Final

import strawberry
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInterfaceType,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    is_introspection_type,
    is_specified_scalar_type,
)
from strawberry.schema_directive import Location
from strawberry.types.field import StrawberryField

from graphql_server.reads import Source

# The id of a Node is what the client just sent, so reading it back through the interface discloses nothing.
IDENTITY: Final = "Node.id"
DEFINITION: Final = "strawberry-definition"
SHOWS: Final = "shows"


class Public(Enum):
    """The reader of a field that needs no token."""

    PUBLIC = "PUBLIC"


PUBLIC: Final = Public.PUBLIC
Readers = frozenset[str] | Public
Matrix = dict[str, Readers]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    name="requiresScopes",
    description="Readable by a request whose scope is in any one of the inner lists.",
)
class RequiresScopes:
    scopes: list[list[str]]


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION], name="public", description="Readable without a token."
)
class PublicField:
    pass


class SilentFields(Exception):
    """A schema that leaves something unsaid; it must not start."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


def allow(
    *scopes: str,
    description: str,
    shows: Source | None = None,
    resolver: Callable[..., Any] | None = None,
    name: str | None = None,
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
    graphql_type: Any = None,
    is_subscription: bool = False,
    deprecation_reason: str | None = None,
) -> Any:
    """A field that only these scopes may read: a field default, a field with a `resolver`, or a decorator of a method.

    `shows` is what reads compile it to, where that does not follow from its name.
    """
    assert scopes, "allow() needs a scope; a field for everybody is public()"
    return _field(
        RequiresScopes(scopes=[[str(scope)] for scope in scopes]),
        metadata={SHOWS: shows},
        description=description,
        resolver=resolver,
        name=name,
        default=default,
        default_factory=default_factory,
        graphql_type=graphql_type,
        is_subscription=is_subscription,
        deprecation_reason=deprecation_reason,
    )


def public(
    *,
    description: str,
    shows: Source | None = None,
    resolver: Callable[..., Any] | None = None,
    name: str | None = None,
    default: Any = dataclasses.MISSING,
    default_factory: Any = dataclasses.MISSING,
    graphql_type: Any = None,
    deprecation_reason: str | None = None,
) -> Any:
    """A field that anybody may read, signed in or not."""
    return _field(
        PublicField(),
        metadata={SHOWS: shows},
        description=description,
        resolver=resolver,
        name=name,
        default=default,
        default_factory=default_factory,
        graphql_type=graphql_type,
        deprecation_reason=deprecation_reason,
    )


def _field(directive: object, **arguments: Any) -> Any:
    return strawberry.field(directives=[directive], **arguments)


def shown_by(field: GraphQLField) -> Source | None:
    """What the field was declared to show; None where it was not."""
    definition = field.extensions.get(DEFINITION)
    return definition.metadata.get(SHOWS) if isinstance(definition, StrawberryField) else None


def python_name(field: GraphQLField) -> str:
    """What the field is called where it is declared."""
    definition = field.extensions[DEFINITION]
    assert isinstance(definition, StrawberryField)
    return definition.python_name


def readers_of(field: GraphQLField) -> Readers | None:
    """Who may read the field; None when it does not say, which nobody may."""
    definition = field.extensions.get(DEFINITION)
    for directive in getattr(definition, "directives", ()):
        if isinstance(directive, RequiresScopes):
            return frozenset(scope for alternatives in directive.scopes for scope in alternatives)
        if isinstance(directive, PublicField):
            return PUBLIC
    return None


def may_read(field: GraphQLField, scope: str | None) -> bool:
    """Whether a request of this scope (None: no token) may select the field."""
    readers = readers_of(field)
    return readers is PUBLIC or (isinstance(readers, frozenset) and scope in readers)


def access_matrix(schema: GraphQLSchema, scopes: Collection[str]) -> Matrix:
    """Every field of the schema with its readers; refuses a schema that leaves one unsaid, or names another scope."""
    sentences = [
        *_silent_fields(schema),
        *_unknown_scopes(schema, scopes),
        *_undescribed(schema),
        *_wider_interfaces(schema),
    ]
    if sentences:
        raise SilentFields(sentences)
    return {
        coordinate: readers
        for coordinate, field in sorted(_fields(schema))
        if (readers := readers_of(field)) is not None
    }


def format_matrix(matrix: Matrix, scopes: Collection[str]) -> str:
    """The matrix as aligned text: one line a field, one column a scope."""
    width = max(map(len, matrix), default=0)
    heading = f"{'':{width}}  {'  '.join(scopes)}"
    rows = ((coordinate, _format_readers(readers, scopes)) for coordinate, readers in matrix.items())
    lines = [f"{coordinate:{width}}  {columns}".rstrip() for coordinate, columns in rows]
    return "\n".join([heading, *lines]) + "\n"


def _format_readers(readers: Readers, scopes: Collection[str]) -> str:
    if isinstance(readers, Public):
        return "public"
    return "  ".join(("x" if scope in readers else "").ljust(len(scope)) for scope in scopes)


def _types(schema: GraphQLSchema) -> Iterator[GraphQLNamedType]:
    for graphql_type in schema.type_map.values():
        if not is_introspection_type(graphql_type) and not is_specified_scalar_type(graphql_type):
            yield graphql_type


def _fields(schema: GraphQLSchema) -> Iterator[tuple[str, GraphQLField]]:
    for graphql_type in _types(schema):
        if isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            for name, field in graphql_type.fields.items():
                yield f"{graphql_type.name}.{name}", field


def _silent_fields(schema: GraphQLSchema) -> Iterator[str]:
    for coordinate, field in _fields(schema):
        if readers_of(field) is None:
            yield f"{coordinate} does not say who may read it: declare it with allow(...) or public(...)."


def _unknown_scopes(schema: GraphQLSchema, scopes: Collection[str]) -> Iterator[str]:
    known = frozenset(scopes)
    for coordinate, field in _fields(schema):
        readers = readers_of(field)
        if isinstance(readers, frozenset) and not readers <= known:
            yield f"{coordinate} is for {', '.join(sorted(readers - known))}, which is no scope of this API."


def _undescribed(schema: GraphQLSchema) -> Iterator[str]:
    for coordinate, description in _descriptions(schema):
        if not (description or "").strip():
            yield f"{coordinate} has no description: add one."


def _descriptions(schema: GraphQLSchema) -> Iterator[tuple[str, str | None]]:
    for graphql_type in _types(schema):
        yield graphql_type.name, graphql_type.description
        if isinstance(graphql_type, GraphQLEnumType):
            yield from (
                (f"{graphql_type.name}.{name}", value.description) for name, value in graphql_type.values.items()
            )
        if isinstance(graphql_type, GraphQLInputObjectType):
            yield from (
                (f"{graphql_type.name}.{name}", field.description) for name, field in graphql_type.fields.items()
            )
    for coordinate, field in _fields(schema):
        yield coordinate, field.description
        yield from ((f"{coordinate}({name}:)", argument.description) for name, argument in field.args.items())


def _wider_interfaces(schema: GraphQLSchema) -> Iterator[str]:
    """A field selected through an interface is judged by the interface, so that must not admit more than the type."""
    for graphql_type in _types(schema):
        if not isinstance(graphql_type, GraphQLObjectType | GraphQLInterfaceType):
            continue
        for interface in graphql_type.interfaces:
            for name, promised in interface.fields.items():
                coordinate = f"{interface.name}.{name}"
                if coordinate != IDENTITY and not _within(readers_of(promised), readers_of(graphql_type.fields[name])):
                    yield f"{coordinate} may be read by more than {graphql_type.name}.{name}: narrow the interface."


def _within(inner: Readers | None, outer: Readers | None) -> bool:
    if outer is PUBLIC or inner is None or outer is None:
        return True  # Silence is reported by itself.
    return isinstance(inner, frozenset) and isinstance(outer, frozenset) and inner <= outer
