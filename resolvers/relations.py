"""Lists of rows that belong to another: in the order in which they are shown, without those that were removed."""

from collections.abc import Mapping

from tortoise.models import Model

from graphql_server.reads import Many
from models.visible import ORDER, REMOVABLE


def listed(model: type[Model], match: Mapping[str, str]) -> Many:
    """The rows of `model` whose columns (keys) have the values of this row's columns."""
    where = "{row.removed_at} is null" if model in REMOVABLE else ""
    return Many(ORDER.get(model, ("id",)), match, where=where)
