"""Filling holes: values that only Python can make are put into the answer where the statement left room for them."""

import json
import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from graphql import (
    GraphQLEnumType,
    GraphQLList,
    GraphQLOutputType,
    GraphQLScalarType,
    get_nullable_type,
    is_non_null_type,
)

from graphql_server.reads.declarations import Attribute, Filling, Hole, JsonValue
from graphql_server.reads.faults import Fault, NullInNonNull
from graphql_server.reads.printing import FAULT, HOLE_BEGINS, HOLE_ENDS, HOLE_NEEDS
from graphql_server.reads.selection import Selected, Typename
from graphql_server.reads.sites import Asked

_HOLE: Final = re.compile(f"{HOLE_BEGINS}([0-9]+){HOLE_NEEDS}([^{HOLE_ENDS}]*){HOLE_ENDS}")


@dataclass(slots=True)
class Filler:
    """Fills the holes of one answer. Marks of what goes wrong count on after `faults`, to which it is added."""

    holes: Sequence[Selected]
    faults: list[Fault]
    asked: Sequence[Asked]
    context: object

    def fill(self, text: str) -> str:
        """The answer's text without holes."""
        return _HOLE.sub(self._hole, text) if HOLE_BEGINS in text else text

    def _hole(self, found: re.Match[str]) -> str:
        selected = self.holes[int(found[1])]
        return self._try(selected.rises, lambda: self._print(selected, selected.type, self._value(selected, found[2])))

    def _value(self, selected: Selected, needs: str) -> object:
        hole = selected.source
        assert isinstance(hole, Hole)
        asked = Asked() if selected.site is None else self.asked[selected.site]
        if asked.error is not None:
            raise asked.error
        row: Mapping[str, JsonValue] = dict(zip(hole.needs, json.loads(needs), strict=True))
        return hole.fill(Filling(row, asked.arguments, self.context))

    def _print(self, selected: Selected, graphql_type: GraphQLOutputType, value: object) -> str:
        """The JSON of what a field was filled with."""
        return self._printed(selected, graphql_type, value, selected.rises)

    def _printed(self, selected: Selected, graphql_type: GraphQLOutputType, value: object, rises: int) -> str:
        if value is None:
            return self._mark(NullInNonNull(selected.owner, selected.name), rises) if rises else "null"
        inner = get_nullable_type(graphql_type)
        if isinstance(inner, GraphQLList):
            assert isinstance(value, Sequence), f"{selected.owner}.{selected.name} was not filled with a list"
            of_items = rises + 1 if is_non_null_type(inner.of_type) else 0
            return f"[{','.join(self._printed(selected, inner.of_type, item, of_items) for item in value)}]"
        if isinstance(inner, GraphQLScalarType | GraphQLEnumType):
            return self._try(rises, lambda: _json(inner.coerce_output_value(value)))
        return self._object(selected.below, value)

    def _object(self, fields: Sequence[Selected], value: object) -> str:
        return f"{{{','.join(f'{json.dumps(one.key)}:{self._attribute(one, value)}' for one in fields)}}}"

    def _attribute(self, selected: Selected, value: object) -> str:
        if isinstance(selected.source, Typename):
            return _json(selected.owner)
        assert isinstance(selected.source, Attribute), f"{selected.owner}.{selected.name} is declared as an Attribute"
        name = selected.source.name
        return self._try(selected.rises, lambda: self._print(selected, selected.type, getattr(value, name)))

    def _try(self, rises: int, make: Callable[[], str]) -> str:
        """What it makes, or the mark of the error that it raises."""
        try:
            return make()
        except Exception as error:
            return self._mark(error, rises)

    def _mark(self, error: Exception, rises: int) -> str:
        self.faults.append(Fault(rises, lambda _: error))
        return f"{FAULT}{len(self.faults) - 1}{FAULT}"


def _json(value: object) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
