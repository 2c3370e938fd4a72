"""Random documents over a schema: as crooked as a document may be."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from random import Random
from typing import Any, Final
from zlib import crc32

from graphql import (
    GraphQLArgument,
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLInputType,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNamedType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_abstract_type,
    is_composite_type,
    is_required_argument,
)

DEPTH_MAX: Final = 6
FIELDS_MAX: Final = 6


@dataclass(frozen=True, slots=True)
class Generated:
    """A document with values for its variables."""

    source: str
    variables: dict[str, Any]


@dataclass(slots=True)
class DocumentWriter:
    """Writes one document, of fields that `may_select` admits. `values` are plausible for an argument of that name."""

    schema: GraphQLSchema
    random: Random
    values: Mapping[str, Sequence[Any]]
    may_select: Callable[[GraphQLField], bool] = lambda _: True
    variables: dict[str, tuple[str, Any]] = field(default_factory=dict)
    fragments: list[str] = field(default_factory=list)

    def write(self) -> Generated:
        """The document."""
        root = self.schema.query_type
        assert root is not None
        body = self._selections(root, depth=0)
        defined = ", ".join(f"${name}: {kind}" for name, (kind, _) in self.variables.items())
        operation = f"query Q{f'({defined})' if defined else ''} {body}"
        given = {name: value for name, (_, value) in self.variables.items()}
        return Generated("\n".join([operation, *self.fragments]), given)

    def _maybe(self, chance: float) -> bool:
        return self.random.random() < chance

    def _selections(self, owner: GraphQLNamedType, *, depth: int) -> str:
        count = self.random.randint(1, max(2, FIELDS_MAX - depth))
        parts = [self._part(owner, depth=depth) for _ in range(count)]
        found = [part for part in parts if part] or ["__typename"]
        return "{ " + " ".join(found) + " }"

    def _part(self, owner: GraphQLNamedType, *, depth: int) -> str:
        if self._maybe(0.1):
            return f"{self._alias('typename')}__typename"
        if self._maybe(0.35 if is_abstract_type(owner) else 0.15) and depth < DEPTH_MAX:
            return self._fragment(owner, depth=depth)
        if isinstance(owner, GraphQLUnionType):
            return self._fragment(owner, depth=depth) if depth < DEPTH_MAX else ""
        assert isinstance(owner, GraphQLObjectType | GraphQLInterfaceType)
        names = [name for name, field in owner.fields.items() if self.may_select(field)]
        if not names:
            return ""
        name = self.random.choice(names)
        return self._field(name, owner.fields[name], depth=depth)

    def _field(self, name: str, definition: GraphQLField, *, depth: int) -> str:
        shown = get_named_type(definition.type)
        below = ""
        if is_composite_type(shown):
            if depth >= DEPTH_MAX:
                return ""
            below = f" {self._selections(shown, depth=depth + 1)}"
        arguments = self._arguments(definition)
        # Fields of one name are merged, and so must have the same arguments.
        key = f"{name}_{crc32(arguments.encode())}: " if arguments else self._alias(name)
        return f"{key}{name}{arguments}{self._directive()}{below}"

    def _alias(self, name: str) -> str:
        return f"{self.random.choice('ab')}_{name}: " if self._maybe(0.2) else ""

    def _fragment(self, owner: GraphQLNamedType, *, depth: int) -> str:
        on = self.random.choice(self._overlapping(owner))
        body = self._selections(on, depth=depth + 1)
        if self._maybe(0.5):
            condition = "" if on is owner and self._maybe(0.5) else f" on {on.name}"
            return f"...{condition}{self._directive()} {body}"
        name = f"F{len(self.fragments)}"
        self.fragments.append(f"fragment {name} on {on.name} {body}")
        spread = f"...{name}{self._directive()}"
        return f"{spread} ...{name}" if self._maybe(0.2) else spread

    def _overlapping(self, owner: GraphQLNamedType) -> list[GraphQLNamedType]:
        """The types that a fragment here may be on."""
        possible = set(self._possible(owner))
        named_types = [named for named in self.schema.type_map.values() if is_composite_type(named)]
        return [named for named in named_types if possible & set(self._possible(named)) and named.name[0] != "_"]

    def _possible(self, named: GraphQLNamedType) -> list[str]:
        if isinstance(named, GraphQLInterfaceType | GraphQLUnionType):
            return [one.name for one in self.schema.get_possible_types(named)]
        return [named.name]

    def _arguments(self, definition: GraphQLField) -> str:
        given = []
        for name, argument in definition.args.items():
            if is_required_argument(argument) or self._maybe(0.4 if name != "last" else 0.15):
                given.append(f"{name}: {self._value(name, argument)}")
        return f"({', '.join(given)})" if given else ""

    def _value(self, name: str, argument: GraphQLArgument) -> str:
        value = self.random.choice(self.values[name])
        if value is None and str(argument.type).endswith("!"):
            value = next(one for one in self.values[name] if one is not None)
        if self._maybe(0.5):
            variable = f"v{len(self.variables)}"
            self.variables[variable] = (str(argument.type), value)
            return f"${variable}"
        return literal(value, argument.type)

    def _directive(self) -> str:
        if not self._maybe(0.15):
            return ""
        kind, value = self.random.choice(("skip", "include")), self._maybe(0.5)
        if self._maybe(0.5):
            return f" @{kind}(if: {'true' if value else 'false'})"
        self.variables.setdefault(f"s{kind}", ("Boolean!", value))
        return f" @{kind}(if: $s{kind})"


def literal(value: Any, kind: GraphQLInputType) -> str:
    """The value as a document spells it."""
    inner = get_nullable_type(kind)
    if value is None:
        return "null"
    if isinstance(inner, GraphQLList):
        return f"[{', '.join(literal(item, inner.of_type) for item in value)}]"
    if isinstance(inner, GraphQLInputObjectType):
        fields = ", ".join(f"{name}: {literal(item, inner.fields[name].type)}" for name, item in value.items())
        return f"{{{fields}}}"
    return str(value) if isinstance(inner, GraphQLEnumType) else json.dumps(value)
