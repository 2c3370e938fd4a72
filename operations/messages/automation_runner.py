"""Automations at work: each event becomes the mails of the automations that wait for it, once."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

import structlog

from models import (
    Automation,
    AutomationEvent,
    AutomationLink,
    AutomationTier,
    Company,
    EmailKind,
    Grant,
    GrantKind,
    GrantSource,
    Inspection,
    InspectionPerson,
    LineItem,
    Payment,
)
from operations.documents.brands import brand_of
from operations.links import create_grant
from operations.messages.base_automations import link_of, message_of, recipients_of, subject_of
from operations.messages.outbox import PORTAL_FOOTER, Recipient, address_of, email_content, queue_mail
from operations.transactions import transaction
from rules import clock
from rules.automations import TRIGGERS, Topic
from rules.links import LINK_MARK
from rules.money import Money
from rules.placeholders import AMOUNT, fill_placeholders
from rules.retry import next_event_delay
from rules.roles import PersonRole
from rules.states import PaymentState

log = structlog.get_logger(__name__)

LINK_LABELS = {
    AutomationLink.CLIENT_PORTAL: "Open the client portal",
    AutomationLink.REPORT: "Open the report",
}


@transaction
async def claim_automation_events(*, limit: int) -> list[UUID]:
    """The events that are longest due, taken so that no other worker handles them at the same time.

    One that is not handled, because that failed or its worker died, is due again after a growing delay, so that it is
    in nobody's way; after the last attempt it is given up, and stays unhandled.
    """
    now = clock.now()
    due = (
        AutomationEvent.filter(next_attempt_at__lte=now, handled_at=None).order_by("next_attempt_at", "id").limit(limit)
    )
    taken = await due.select_for_update(skip_locked=True)
    for automation_event in taken:
        automation_event.attempts += 1
        delay = next_event_delay(automation_event.attempts)
        automation_event.next_attempt_at = now + delay if delay else None
        if automation_event.attempts > 1:
            which = {
                "automation_event_id": str(automation_event.id),
                "attempt": automation_event.attempts,
                "last": delay is None,
            }
            log.warning("automation_event.tried_again", **which)
    if taken:
        await AutomationEvent.bulk_update(taken, ["attempts", "next_attempt_at"])
    return [automation_event.id for automation_event in taken]


@transaction
async def run_automations_for(automation_event_id: UUID) -> None:
    """Write the mails that automations owe for it. Safe to repeat, and to run beside others: it happens once.

    While somebody else is changing the inspection it is left to the next sweep.
    """
    found = await AutomationEvent.get(id=automation_event_id)
    inspection = await Inspection.filter(id=found.inspection_id).select_for_update(skip_locked=True).get_or_none()
    if inspection is None:
        await _give_back(automation_event_id)
        return
    mine = AutomationEvent.filter(id=automation_event_id, handled_at=None).select_for_update(skip_locked=True)
    automation_event = await mine.get_or_none()
    if automation_event is None:
        return
    if not inspection.notifications_disabled and await _still_stands(automation_event):
        await _mail(inspection, automation_event)
    await AutomationEvent.filter(id=automation_event_id).update(handled_at=clock.now(), next_attempt_at=None)


async def _give_back(automation_event_id: UUID) -> None:
    """Nothing went wrong: it is due at once, and the attempt does not count."""
    taken = AutomationEvent.filter(id=automation_event_id, handled_at=None, attempts__gt=0).select_for_update(
        skip_locked=True
    )
    if automation_event := await taken.get_or_none():
        automation_event.attempts, automation_event.next_attempt_at = automation_event.attempts - 1, clock.now()
        await automation_event.save(update_fields=["attempts", "next_attempt_at"])


async def _still_stands(automation_event: AutomationEvent) -> bool:
    """Not for what was struck out again before anybody was told."""
    topic = TRIGGERS[automation_event.trigger].topic
    if topic is Topic.LINE_ITEM:
        return await LineItem.exists(id=automation_event.subject_id, removed_at=None)
    if topic is Topic.PAYMENT:
        return not await Payment.exists(id=automation_event.subject_id, state=PaymentState.REMOVED)
    return True


async def _mail(inspection: Inspection, automation_event: AutomationEvent) -> None:
    company = await Company.get(id=inspection.company_id)
    automations = Automation.filter(
        company_id=company.id, trigger=automation_event.trigger, enabled=True, deleted_at=None
    ).order_by("id")
    if not company.advanced_automations_enabled:
        automations = automations.filter(tier=AutomationTier.BASE)
    box = InspectionPerson.filter(inspection_id=inspection.id, removed_at=None)
    people = await box.order_by("position", "id").prefetch_related("person")
    for automation in await automations:
        mailed: set[str] = set()
        for entry in people:
            if not _is_recipient(automation, entry):
                continue
            address = await address_of(entry.person_id)
            if address and address not in mailed:
                mailed.add(address)
                await _mail_one(company, inspection, automation_event, automation, entry, address)


def _is_recipient(automation: Automation, entry: InspectionPerson) -> bool:
    additional = entry.role is PersonRole.ADDITIONAL
    if additional and automation.tier is AutomationTier.BASE:
        return False
    return (entry.role_name if additional else entry.role.value) in recipients_of(automation)


async def _mail_one(
    company: Company,
    inspection: Inspection,
    automation_event: AutomationEvent,
    automation: Automation,
    entry: InspectionPerson,
    address: str,
) -> None:
    values = await _values(company, inspection, automation_event, entry)
    linked = _gets_link(automation, entry)
    content = email_content(
        subject=fill_placeholders(subject_of(automation), values),
        message=fill_placeholders(message_of(automation), values),
        company_name=company.name,
        brand=await brand_of(company.id),
        typed=True,
        link=LINK_MARK if linked else None,
        link_label=LINK_LABELS[link_of(automation)] if linked else None,
        footer=PORTAL_FOOTER if linked else f"{company.name} sends this about the inspection you take part in.",
    )
    await queue_mail(
        inspection,
        EmailKind.AUTOMATION,
        Recipient(entry.person.name, address),
        content,
        grant=await _grant(inspection, entry) if linked else None,
        automation=automation,
        automation_event=automation_event,
    )


def _gets_link(automation: Automation, entry: InspectionPerson) -> bool:
    """Only an advanced automation opens the client portal to a third party (S24, S26)."""
    if link_of(automation) is AutomationLink.NONE:
        return False
    return automation.tier is AutomationTier.ADVANCED or entry.role is PersonRole.CLIENT


async def _grant(inspection: Inspection, entry: InspectionPerson) -> Grant:
    return await create_grant(
        GrantKind.CLIENT_PORTAL,
        GrantSource.AUTOMATION,
        company_id=inspection.company_id,
        inspection_id=inspection.id,
        person_id=entry.person_id,
        person_name=entry.person.name,
    )


async def _values(
    company: Company, inspection: Inspection, automation_event: AutomationEvent, entry: InspectionPerson
) -> dict[str, str]:
    """What placeholders stand for, in this mail."""
    return {
        "property_address": inspection.property_address,
        "company_name": company.name,
        "recipient_name": entry.person.name,
        "inspection_number": inspection.number,
        "inspection_date": _day(inspection.scheduled_at, company.time_zone),
        "inspector_name": inspection.inspector_name,
        AMOUNT: str(await _amount(inspection, automation_event)),
    }


async def _amount(inspection: Inspection, automation_event: AutomationEvent) -> Money:
    topic = TRIGGERS[automation_event.trigger].topic
    if topic is Topic.LINE_ITEM:
        return (await LineItem.get(id=automation_event.subject_id)).amount
    if topic is Topic.PAYMENT:
        return (await Payment.get(id=automation_event.subject_id)).amount
    return inspection.settled


def _day(moment: datetime, time_zone: str) -> str:
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{local:%B} {local.day}, {local.year}"
