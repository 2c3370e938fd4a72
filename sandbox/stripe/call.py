"""One request on its way through an endpoint, and what an endpoint is."""

import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from sandbox.stripe.parameters import Shape, each, text
from sandbox.stripe.state import Json, Space, Store


@dataclass(frozen=True, slots=True)
class Call:
    """What an endpoint works with: checked parameters, the account's objects, and the ids in its path."""

    store: Store
    space: Space
    parameters: Json
    ids: tuple[str, ...]
    base_url: str
    path: str
    key: str

    @property
    def now(self) -> int:
        return self.store.clock.now()


@dataclass(frozen=True, slots=True)
class Endpoint:
    method: str
    pattern: re.Pattern[str]
    shape: Shape
    answer: Callable[[Call], Json]


def endpoint(
    method: str, path: str, answer: Callable[[Call], Json], *, required: tuple[str, ...] = (), **rules: Any
) -> Endpoint:
    """`{id}` in the path is one segment; `expand` is accepted everywhere, anything not named nowhere."""
    pattern = re.compile(re.sub(r"\{\w+\}", "([^/]+)", path))
    return Endpoint(method, pattern, Shape(required=required, expand=each(text), **rules), answer)
