"""Taking what is due, so that of several workers one asks about each row."""

from datetime import timedelta
from typing import TypeVar
from uuid import UUID

from tortoise.queryset import QuerySet

from models.base import Row
from operations.transactions import transaction
from rules import clock

RowType = TypeVar("RowType", bound=Row)

LEASE = timedelta(seconds=60)
"""How long a worker has to ask about a row before another one may (docs/requirements.md, limits)."""


@transaction
async def claim_due(rows: QuerySet[RowType], moment: str, *, limit: int) -> list[UUID]:
    """The keys of the rows whose column `moment` is past, the longest first, put off by a lease.

    A worker that dies with them loses nothing: they are due again when the lease is over.
    """
    now = clock.now()
    due = rows.filter(**{f"{moment}__lte": now}).order_by(moment).limit(limit)
    keys = [row.id for row in await due.select_for_update(skip_locked=True)]
    await rows.model.filter(id__in=keys).update(**{moment: now + LEASE})
    return keys
