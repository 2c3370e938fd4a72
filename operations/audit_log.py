"""Appending to the audit log: every change of an inspection's money or people, or of staff, leaves one event."""

from collections.abc import Mapping
from uuid import UUID

from models import ActorKind, Event, Inspection
from operations.transactions import insert
from rules.access import Operator, Principal, Scope

_ACTOR_KINDS = {Scope.INSPECTOR: ActorKind.USER, Scope.CLIENT: ActorKind.CLIENT, Scope.PAYER: ActorKind.PAYER}


async def record(
    inspection: Inspection,
    name: str,
    subject_id: UUID,
    *,
    by: Principal | Operator | None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Append one event; `by` is None for what the system or Stripe did."""
    await record_all(inspection, name, {subject_id: after}, by=by, before=before)


async def record_all(
    inspection: Inspection,
    name: str,
    subjects: Mapping[UUID, Mapping[str, object] | None],
    *,
    by: Principal | Operator | None,
    before: Mapping[str, object] | None = None,
) -> None:
    """Append one event of that name for each subject, given with what it is after the event."""
    actor_name = _actor_name(by)
    events = [
        Event(
            company_id=inspection.company_id,
            inspection_id=inspection.id,
            actor_kind=_actor_kind(by),
            actor_id=by.actor_id if isinstance(by, Principal) else None,
            actor_name=actor_name,
            name=name,
            subject_id=subject_id,
            before=before,
            after=after,
        )
        for subject_id, after in subjects.items()
    ]
    await insert(*events)


async def record_of_company(
    company_id: UUID,
    name: str,
    subject_id: UUID,
    *,
    by: Principal | Operator | None,
    before: Mapping[str, object] | None = None,
    after: Mapping[str, object] | None = None,
) -> None:
    """Append one event that is about the company or its staff, and about no inspection."""
    await Event.create(
        company_id=company_id,
        actor_kind=_actor_kind(by),
        actor_id=by.actor_id if isinstance(by, Principal) else None,
        actor_name=_actor_name(by),
        name=name,
        subject_id=subject_id,
        before=before,
        after=after,
    )


def _actor_kind(by: Principal | Operator | None) -> ActorKind:
    return _ACTOR_KINDS[by.scope] if isinstance(by, Principal) else ActorKind.SYSTEM


def _actor_name(by: Principal | Operator | None) -> str:
    if by is None:
        return "System"
    if isinstance(by, Operator):
        return "Operator"
    return by.name or {Scope.INSPECTOR: "Staff", Scope.CLIENT: "Client", Scope.PAYER: "Payer"}[by.scope]
