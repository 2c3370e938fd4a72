"""Errors in an answer: each is told with its path, and puts null where null may be.

The statement prints a mark where something is wrong. An answer without one, as nearly all are, is not even parsed.
"""

import json
import re
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from graphql_server.reads.declarations import JsonValue
from graphql_server.reads.printing import FAULT
from graphql_server.reads.sites import Asked

Path: TypeAlias = tuple[str | int, ...]

_MARK: Final = re.compile(f"{FAULT}([0-9]+){FAULT}")
_KEY: Final = FAULT  # No field of an answer has such a name.


class NullInNonNull(Exception):
    """The database has null where the schema says that there is something."""

    def __init__(self, owner: str, name: str) -> None:
        super().__init__(f"Cannot return null for non-nullable field {owner}.{name}.")


@dataclass(frozen=True, slots=True)
class Fault:
    """What may be wrong at one field: null goes `rises` steps up, and `error` makes what is told."""

    rises: int
    error: Callable[[Sequence[Asked]], Exception]


@dataclass(frozen=True, slots=True)
class FieldError:
    """An error with the path of the field where it happened."""

    path: Path
    error: Exception


@dataclass(frozen=True, slots=True)
class Settled:
    """An answer's text without marks, and the errors that they stood for."""

    text: str
    errors: Sequence[FieldError] = ()


def settle(text: str, faults: Sequence[Fault], asked: Sequence[Asked]) -> Settled:
    """The text with null for each fault, or for what must not hold null, and the errors in the order of the answer."""
    if FAULT not in text:
        return Settled(text)
    settling = _Settling(faults, asked)
    data = settling.settle(json.loads(_MARK.sub(r'{"\\u0001":\1}', text)))
    return Settled(json.dumps(data, ensure_ascii=False, separators=(",", ":")), settling.errors)


class _Rising(Exception):
    """Null on its way up to the value at a depth of the answer."""

    def __init__(self, depth: int) -> None:
        self.depth = depth


@dataclass(slots=True)
class _Settling:
    faults: Sequence[Fault]
    asked: Sequence[Asked]
    errors: list[FieldError] = field(default_factory=list)

    def settle(self, value: JsonValue, path: Path = ()) -> JsonValue:
        """The value without marks. Raises _Rising where it is to be null and may not."""
        try:
            if isinstance(value, list):
                return [self.settle(item, (*path, number)) for number, item in enumerate(value)]
            if isinstance(value, dict):
                if _KEY in value:
                    self._raise(value[_KEY], path)
                return {key: self.settle(item, (*path, key)) for key, item in value.items()}
        except _Rising as rising:
            if rising.depth < len(path):
                raise
            return None
        return value

    def _raise(self, number: JsonValue, path: Path) -> None:
        assert isinstance(number, int), "a mark holds a number"
        fault = self.faults[number]
        self.errors.append(FieldError(path, fault.error(self.asked)))
        raise _Rising(len(path) - fault.rises)
