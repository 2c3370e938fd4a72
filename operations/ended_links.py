"""Ending links: a link and all that was shared from it."""

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

from models import Grant
from rules import clock


async def end_links(links: QuerySet[Grant]) -> None:
    """End these links, and those that their bearers shared, at once. Safe to repeat."""
    keys = await links.values_list("id", flat=True)
    await Grant.filter(Q(id__in=keys) | Q(parent_id__in=keys), revoked_at=None).update(revoked_at=clock.now())
