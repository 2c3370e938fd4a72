"""Whole rows in queries written by hand: how SQL selects them, and the models that they become."""

from collections.abc import Callable, Mapping, Sequence
from functools import cache
from operator import attrgetter
from typing import TypeVar

from models.base import Row

RowType = TypeVar("RowType", bound=Row)


@cache
def columns_of(model: type[Row]) -> tuple[str, ...]:
    """The model's columns, which bear the names of its fields."""
    columns = model._meta.fields_db_projection
    assert all(name == column for name, column in columns.items()), f"{model.__name__} renames a column"
    return tuple(columns)


@cache
def values_of(model: type[Row]) -> Callable[[Row], tuple[object, ...]]:
    """What takes the values of the model's columns out of a row, in their order."""
    return attrgetter(*columns_of(model))


def record_of(model: type[Row], alias: str) -> str:
    """The SQL of a whole row as one value, which `hydrate` takes."""
    return f"ROW({', '.join(f'{alias}.{column}' for column in columns_of(model))})"


def hydrate(model: type[RowType], values: Sequence[object]) -> RowType:
    """The row that `record_of` selected, as Tortoise would have made it."""
    return model._init_from_db(**dict(zip(columns_of(model), values, strict=True)))


def set_columns(row: Row, values: Mapping[str, object]) -> None:
    """Give the row these values where it has others: Tortoise makes setting one dear, and most stay as they are."""
    for name, value in values.items():
        if getattr(row, name) != value:
            setattr(row, name, value)
