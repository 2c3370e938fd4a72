"""The JSON of an object, put together from that of its fields."""

from collections.abc import Callable, Sequence

from graphql_server.reads.printing import Literal, Piece
from graphql_server.reads.selection import Selected, Typename


def object_of(fields: Sequence[Selected], value: Callable[[Selected], list[Piece]]) -> list[Piece]:
    """The JSON of an object, given that of its fields."""
    pieces: list[Piece] = [Literal("{")]
    for number, selected in enumerate(fields):
        pieces.append(Literal(f'{"," if number else ""}"{selected.key}":'))
        pieces += [Literal(f'"{selected.owner}"')] if isinstance(selected.source, Typename) else value(selected)
    return [*pieces, Literal("}")]
