"""Emitting the events that automations wait for, in the transaction in which they happen."""

from collections.abc import Iterable
from uuid import UUID

from models import AutomationEvent, AutomationTrigger, Inspection, Payment
from operations.transactions import insert
from rules.states import SETTLED, TAKEN_BACK


async def emit(inspection: Inspection, trigger: AutomationTrigger, subject_id: UUID) -> None:
    """Emit one event for each subject, however often it happens; the caller holds the inspection's lock.

    What happens while notifications are disabled emits nothing, so nothing of it is ever mailed (S44, S46).
    """
    if inspection.notifications_disabled:
        return
    event = AutomationEvent(
        company_id=inspection.company_id, inspection_id=inspection.id, trigger=trigger, subject_id=subject_id
    )
    await insert(event, once=True)


def is_paid(inspection: Inspection) -> bool:
    """Whether something was paid and nothing remains, or is under way."""
    return inspection.settled_minor > 0 and inspection.remaining_minor == 0 and inspection.in_flight_minor == 0


async def emit_paid(inspection: Inspection, payments: Iterable[Payment]) -> None:
    """Emit that it is all paid now; once for each payment that was the last one."""
    settled = [payment for payment in payments if payment.state in (*SETTLED, *TAKEN_BACK)]
    last = max(settled, key=lambda payment: (payment.settled_at or payment.created_at, payment.id))
    await emit(inspection, AutomationTrigger.INSPECTION_PAID, last.id)
