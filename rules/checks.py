"""Checking an input: whatever is wrong with it is gathered, and refused together."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import ParamSpec, TypeVar, cast

from rules.errors import Refusal

Given = ParamSpec("Given")
Checked = TypeVar("Checked")


class Refusals(Refusal):
    """Several refusals of one input. By itself it speaks for the first; `each` has them all."""

    def __init__(self, refusals: Sequence[Refusal]) -> None:
        first = refusals[0]
        super().__init__(first.message, field=first.field, code=first.code)
        self._refusals = tuple(refusals)

    @property
    def each(self) -> tuple[Refusal, ...]:
        return self._refusals


class Checks:
    """Gathers the refusals of one input; leaving its `with` block raises them, so nothing behind it runs.

    ```
    with Checks() as check:
        name = check(texts.line, given.name, field="name", length_max=200)
        with check.at("lineItems", 1):
            amount = parse_amount(given.items[1].amount, currency, field="amount")
    ```
    What a refused check returns is no value at all: use it behind the block only, or ask `check.passed` first.
    """

    def __init__(self) -> None:
        self._refusals: list[Refusal] = []
        self._path: tuple[str, ...] = ()

    @property
    def passed(self) -> bool:
        """Whether nothing was refused so far."""
        return not self._refusals

    def __call__(self, work: Callable[Given, Checked], *args: Given.args, **kwargs: Given.kwargs) -> Checked:
        """What `work` returns; its refusal is gathered."""
        with self.at():
            return work(*args, **kwargs)
        return cast("Checked", None)

    @contextmanager
    def at(self, *path: str | int) -> Iterator[None]:
        """Gather a refusal of the block, which it ends; fields that it names stand below `path`."""
        outer = self._path
        self._path = (*outer, *map(str, path))
        try:
            yield
        except Refusal as refusal:
            self.refuse(refusal)
        finally:
            self._path = outer

    @contextmanager
    def element(self, name: str, place: int) -> Iterator[None]:
        """As `at`, for a list of plain values: a refusal of one names its place, not a field below it."""
        with self.at(name, place):
            try:
                yield
            except Refusal as refusal:
                refusal.field = None
                raise

    def refuse(self, refusal: Refusal) -> None:
        """Gather one refusal, or a group of them."""
        for one in refusal.each:
            one.field = (*self._path, *(one.field or ())) or None
            self._refusals.append(one)

    def __enter__(self) -> "Checks":
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, _: object) -> None:
        if isinstance(error, Refusal):
            self.refuse(error)
        elif error is not None:
            return
        if self._refusals:
            raise (self._refusals[0] if len(self._refusals) == 1 else Refusals(self._refusals)) from None
