"""Money as models show it: a minor-unit column together with the row's currency."""

from typing import Any, overload

from rules.money import Money


class MoneyOf:
    """A read-only attribute that shows an integer column of minor units as Money in the row's `currency`.

    Any, because rows of every model with such columns have it, and a model's columns fit no protocol.
    """

    def __init__(self, column: str) -> None:
        self._column = column

    @overload
    def __get__(self, row: None, owner: type) -> "MoneyOf": ...
    @overload
    def __get__(self, row: Any, owner: type) -> Money: ...
    def __get__(self, row: Any, owner: type) -> "MoneyOf | Money":
        if row is None:
            return self
        return Money(getattr(row, self._column), row.currency)
