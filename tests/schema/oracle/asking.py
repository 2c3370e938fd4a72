"""Who asks the oracle, and the rows that they may see: one query for each row or list, as slow and plain as can be."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Final, TypeAlias
from uuid import UUID

from graphql import GraphQLResolveInfo
from tortoise.models import Model
from tortoise.queryset import QuerySet

import models
from models.visible import listed, visible
from resolvers.context import Context
from resolvers.global_ids import NODES
from rules.access import Principal
from rules.errors import NotFound
from rules.identifiers import global_id

Info: TypeAlias = GraphQLResolveInfo[Any]
TURNS: Final = asyncio.Semaphore(4)
"""Building thousands of queries at once would leave those that were begun without an answer for too long."""

TABLES: dict[str, type[Model]] = {name: getattr(models, name) for name in NODES}


@dataclass(frozen=True, slots=True)
class Asking:
    """A request to the oracle."""

    context: Context

    @property
    def principal(self) -> Principal:
        return self.context.principal

    def rows(self, model: type[Model]) -> QuerySet[Any]:
        """The rows that may be seen."""
        return visible(model, self.principal)

    async def one(self, model: type[Model], key: UUID | None, *, field: str = "id") -> Any:
        """The row of that key. Raises NotFound."""
        row = await first(lambda: self.rows(model).filter(id=key))
        if row is None:
            raise NotFound(model.__name__, field=(field,))
        return row

    async def listed(self, model: type[Model], **columns: object) -> Sequence[Any]:
        """The rows of a list with these values, in display order."""
        async with TURNS:
            return await listed(model, self.principal).filter(**columns)


def asking(info: Info) -> Asking:
    found = info.context
    assert isinstance(found, Asking)
    return found


def attribute(row: Any, name: str, info: Info) -> Any:
    """What a field without a resolver of its own shows: a column, money, the global id; a relation is awaited.

    Any: rows of every model and values of every column pass here.
    """
    if not isinstance(row, Model):
        return row[name] if isinstance(row, dict) else getattr(row, name)
    if name == "id":
        return global_id(type(row).__name__, row.pk)
    meta = row._meta
    if name in meta.fk_fields:
        related = meta.fields_map[name].related_model  # type: ignore[attr-defined]
        return first(lambda: asking(info).rows(related).filter(id=getattr(row, f"{name}_id")))
    if name in meta.backward_fk_fields:
        relation: Any = meta.fields_map[name]
        return asking(info).listed(relation.related_model, **{relation.relation_field: row.pk})
    return getattr(row, name)


async def first(rows: Callable[[], QuerySet[Any]]) -> Any:
    """The first of these rows."""
    async with TURNS:
        return await rows().first()
