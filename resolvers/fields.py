"""How a field without a resolver is read: a column, a relation that is loaded, or the global id of a row."""

from typing import Any

from tortoise.fields import ReverseRelation

from rules.identifiers import global_id


def read_attribute(row: Any, name: str) -> Any:
    """The attribute as the schema shows it. Relations are lists of what `reading` loaded; they never query here.

    Any, because rows of every model and values of every column pass here.
    """
    if name == "id":
        return global_id(type(row).__name__, row.id)
    value = getattr(row, name)
    return value.related_objects if isinstance(value, ReverseRelation) else value
