"""How large an operation may be: one pass over the document before it is validated, each fragment measured once."""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, fields, replace
from typing import Final, TypeAlias

from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)

from graphql_server.errors import ErrorCode, OperationRefused

SOURCE_BYTES_MAX: Final = 16 * 1024
TOKENS_MAX: Final = 1000
COMMENTS_MAX: Final = 50
OPERATIONS_MAX: Final = 5
DEPTH_MAX: Final = 10
ALIASES_MAX: Final = 15
ROOT_FIELDS_MAX: Final = 10
FIELDS_MAX: Final = 500
DIRECTIVES_MAX: Final = 5
# Selections that lead to no field cost the executor as much as fields do, so they have a bound of their own.
SPREADS_MAX: Final = 500

# To validate, each field with selections is compared with every other that answers in its place: the square of them.
COMPARISONS_MAX: Final = 2000
# A pair of fields without selections takes less, at worst a fifth: where their arguments or their types differ.
LEAF_PAIRS_A_COMPARISON: Final = 5
# Operations, and fragments that nobody spreads, may each lead to the same fragments, and are gone through one by one.
SELECTIONS_MAX: Final = OPERATIONS_MAX * (FIELDS_MAX + SPREADS_MAX)

NAME_CHARACTERS_MAX: Final = 100

INTROSPECTION_FIELDS: Final = frozenset({"__schema", "__type"})

Definition: TypeAlias = OperationDefinitionNode | FragmentDefinitionNode


class OperationTooComplex(OperationRefused):
    """A document beyond one of the limits; the sentence names the limit and what was measured."""

    code = ErrorCode.OPERATION_TOO_COMPLEX


class CyclicFragment(OperationRefused):
    """A fragment that contains itself, so that the document has no size."""

    code = ErrorCode.MALFORMED_OPERATION


@dataclass(slots=True)
class Size:
    """What a selection amounts to after its fragments are put in."""

    depth: int = 0
    root_fields: int = 0
    fields: int = 0
    spreads: int = 0
    aliases: int = 0
    directives: int = 0

    def add(self, other: "Size") -> None:
        self.depth = max(self.depth, other.depth)
        self.root_fields += other.root_fields
        self.fields += other.fields
        self.spreads += other.spreads
        self.aliases += other.aliases
        self.directives += other.directives


LIMITS: Final = {
    "depth": (DEPTH_MAX, "is nested {} fields deep"),
    "root_fields": (ROOT_FIELDS_MAX, "selects {} root fields"),
    "fields": (FIELDS_MAX, "selects {} fields once its fragments are put in"),
    "spreads": (SPREADS_MAX, "puts in {} fragments"),
    "aliases": (ALIASES_MAX, "uses {} aliases once its fragments are put in"),
    "directives": (DIRECTIVES_MAX, "uses {} directives once its fragments are put in"),
}
assert LIMITS.keys() == {field.name for field in fields(Size)}


def check_source(source: str) -> None:
    """Refuse a source that is too long to be worth parsing."""
    length = len(source.encode(errors="surrogatepass"))
    if length > SOURCE_BYTES_MAX:
        raise OperationTooComplex(f"The document is {length} bytes long; at most {SOURCE_BYTES_MAX} are accepted.")


def check_document(document: DocumentNode) -> None:
    """Refuse a document with too many operations, or with any definition beyond a limit.

    Fragments that nobody spreads are measured too: validation compares their fields like any others.
    """
    operations = [node for node in document.definitions if isinstance(node, OperationDefinitionNode)]
    if len(operations) > OPERATIONS_MAX:
        raise OperationTooComplex(f"The document has {len(operations)} operations; at most {OPERATIONS_MAX} may be.")
    measure = _Measure(document)
    sizes: list[tuple[Definition, Size]] = [(node, measure.operation(node)) for node in operations]
    fragments = [node for node in document.definitions if isinstance(node, FragmentDefinitionNode)]
    measured = [(node, measure.fragment(node)) for node in fragments]
    # What others put in was measured with them, and is compared with them.
    sizes += [(node, size) for node, size in measured if not measure.is_put_in(node)]
    for node, size in sizes:
        _check_size(node, size)
    selections = sum(size.fields + size.spreads for _, size in sizes)
    if selections > SELECTIONS_MAX:
        raise OperationTooComplex(
            f"The document selects {selections} fields and fragments in all; at most {SELECTIONS_MAX} are accepted."
        )
    _check_comparisons([node.selection_set for node, _ in sizes], measure.fragments)


def _check_size(definition: Definition, size: Size) -> None:
    for field, (limit, phrase) in LIMITS.items():
        measured = getattr(size, field)
        if measured > limit:
            # Nested fragments double at each step, so the true number may have hundreds of digits.
            number = measured if measured < 1_000_000 else "over a million"
            said = f"{_name(definition)} {phrase.format(number)}; at most {limit} are accepted."
            raise OperationTooComplex(said)


def _name(definition: Definition) -> str:
    kind = "operation" if isinstance(definition, OperationDefinitionNode) else "fragment"
    return f"The {kind} {definition.name.value[:NAME_CHARACTERS_MAX]}" if definition.name else f"The {kind}"


class _Measure:
    """One pass over a document; a fragment is measured when it is first met, and once."""

    def __init__(self, document: DocumentNode) -> None:
        self.fragments = {
            node.name.value: node for node in document.definitions if isinstance(node, FragmentDefinitionNode)
        }
        self.measured: dict[str, Size | None] = {}  # None while it is being measured.
        self.put_in: set[str] = set()

    def operation(self, node: OperationDefinitionNode) -> Size:
        size = self._selections(node.selection_set)
        size.directives += _directives(node)
        for variable in node.variable_definitions or ():
            size.directives += _directives(variable)
        return size

    def fragment(self, node: FragmentDefinitionNode) -> Size:
        """The fragment by itself, whose fields are roots of nothing."""
        size = self._fragment(node.name.value) if self._is_named(node) else self._definition(node)
        return replace(size, root_fields=0)

    def is_put_in(self, node: FragmentDefinitionNode) -> bool:
        """Whether it is a fragment that some definition measured so far puts in."""
        return self._is_named(node) and node.name.value in self.put_in

    def _is_named(self, node: FragmentDefinitionNode) -> bool:
        """Whether its name means it: of several fragments of one name, all are compared, and the last is put in."""
        return self.fragments[node.name.value] is node

    def _definition(self, node: FragmentDefinitionNode) -> Size:
        size = self._selections(node.selection_set)
        size.directives += _directives(node)
        return size

    def _selections(self, node: SelectionSetNode) -> Size:
        size = Size()
        for selection in node.selections:
            if isinstance(selection, FieldNode):
                size.add(self._field(selection))
            elif isinstance(selection, InlineFragmentNode):
                size.add(self._selections(selection.selection_set))
                size.spreads += 1
            elif isinstance(selection, FragmentSpreadNode):
                self.put_in.add(selection.name.value)
                size.add(self._fragment(selection.name.value))
                size.spreads += 1
            size.directives += _directives(selection)
        return size

    def _field(self, node: FieldNode) -> Size:
        size = self._selections(node.selection_set) if node.selection_set else Size()
        exempt = node.name.value in INTROSPECTION_FIELDS
        size.depth = 1 if exempt else size.depth + 1
        size.root_fields = 1
        size.fields += 1
        size.aliases += node.alias is not None
        return size

    def _fragment(self, name: str) -> Size:
        fragment = self.fragments.get(name)
        if fragment is None:
            return Size()  # Validation says so.
        if name not in self.measured:
            self.measured[name] = None
            self.measured[name] = self._definition(fragment)
        measured = self.measured[name]
        if measured is None:
            raise CyclicFragment(f"The fragment {name[:NAME_CHARACTERS_MAX]} contains itself.")
        return measured


def _check_comparisons(selections: Iterable[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]) -> None:
    """Bound what the validation of overlapping fields costs; the document is within the other limits already."""
    comparisons = sum(_comparisons(each, fragments) for each in selections)
    if comparisons > COMPARISONS_MAX:
        raise OperationTooComplex(
            f"The document selects the same fields over and over, which takes {comparisons} comparisons to validate; "
            f"at most {COMPARISONS_MAX} are made."
        )


def _comparisons(selections: SelectionSetNode, fragments: Mapping[str, FragmentDefinitionNode]) -> int:
    comparisons = leaf_pairs = 0
    places = [[selections]]
    while places:
        merged: dict[str, list[SelectionSetNode]] = {}
        leaves: Counter[str] = Counter()
        for field in _fields(places.pop(), fragments):
            name = (field.alias or field.name).value
            if field.selection_set:
                merged.setdefault(name, []).append(field.selection_set)
            else:
                leaves[name] += 1
        comparisons += sum(_pairs(len(sets)) for sets in merged.values())
        leaf_pairs += sum(map(_pairs, leaves.values()))
        places.extend(merged.values())
    return max(comparisons, leaf_pairs // LEAF_PAIRS_A_COMPARISON)


def _pairs(count: int) -> int:
    return count * (count - 1) // 2


def _fields(sets: list[SelectionSetNode], fragments: Mapping[str, FragmentDefinitionNode]) -> Iterator[FieldNode]:
    """The fields that answer in one place; a fragment that is put in twice is compared with itself but once."""
    remaining = list(sets)
    put_in: set[str] = set()
    while remaining:
        for selection in remaining.pop().selections:
            if isinstance(selection, FieldNode):
                yield selection
            elif isinstance(selection, InlineFragmentNode):
                remaining.append(selection.selection_set)
            elif isinstance(selection, FragmentSpreadNode) and selection.name.value not in put_in:
                put_in.add(selection.name.value)
                if selection.name.value in fragments:
                    remaining.append(fragments[selection.name.value].selection_set)


def _directives(node: object) -> int:
    return len(getattr(node, "directives", None) or ())
