"""What "Disable all notifications" does: calling back what is on its way, and never catching up on it."""

from models import AutomationEvent, Email, Inspection
from operations.invoices.reminders import let_go_due_reminders
from operations.messages.outbox import WAITING
from rules import clock
from rules.mails import AUTOMATIC
from rules.states import EmailStatus


async def mute(inspection: Inspection) -> None:
    """Cancel the automatic mails that can still be called back, and forget what automations were to mail.

    One that is being sent this moment can't be called back, but it is not tried again.
    """
    waiting = Email.filter(inspection_id=inspection.id, kind__in=AUTOMATIC, status__in=WAITING)
    await waiting.update(status=EmailStatus.CANCELED, next_attempt_at=None)
    pending = AutomationEvent.filter(inspection_id=inspection.id, handled_at=None)
    await pending.update(handled_at=clock.now(), next_attempt_at=None)


async def unmute(inspection: Inspection) -> None:
    """From now on automatic mails go out again; what came due in between never does (S46)."""
    await let_go_due_reminders(inspection)
