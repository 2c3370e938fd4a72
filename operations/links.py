"""The rights that links carry: the one place that creates them, and ending them with all that was shared from them."""

from uuid import UUID

from tortoise.expressions import Q, Subquery
from tortoise.queryset import QuerySet

from models import Grant, GrantKind, GrantSource
from rules import clock
from rules.identifiers import new_id
from rules.links import LINK_LIFE, digest


async def create_grant(
    kind: GrantKind,
    source: GrantSource,
    *,
    company_id: UUID,
    inspection_id: UUID,
    invoice_id: UUID | None = None,
    person_id: UUID | None,
    person_name: str,
    parent: Grant | None = None,
    token: str | None = None,
) -> Grant:
    """Write the right to one portal. It ends when links of its kind do, and no later than its `parent`.

    Without a `token` nothing opens it yet: a mailed link gets one when its mail is sent.
    """
    ends = clock.now() + LINK_LIFE[kind]
    return await Grant.create(
        id=new_id(),
        company_id=company_id,
        inspection_id=inspection_id,
        invoice_id=invoice_id,
        person_id=person_id,
        person_name=person_name,
        parent_id=parent.id if parent else None,
        kind=kind,
        issued_by=source,
        token_hash=digest(token) if token else None,
        expires_at=min(ends, parent.expires_at) if parent else ends,
    )


async def end_links(links: QuerySet[Grant]) -> None:
    """End these links, and those that their bearers shared, at once. Safe to repeat."""
    ended = Subquery(links.values("id"))
    both = Grant.filter(Q(id__in=ended) | Q(parent_id__in=ended), revoked_at=None)
    await both.update(revoked_at=clock.now())
