"""Automations at work: each noted occurrence becomes the mails of the automations that wait for it, once."""

from datetime import datetime
from uuid import UUID
from zoneinfo import ZoneInfo

from models import (
    Automation,
    AutomationLink,
    AutomationTier,
    AutomationTrigger,
    Company,
    EmailKind,
    Grant,
    GrantKind,
    GrantSource,
    Inspection,
    InspectionPerson,
    LineItem,
    Occurrence,
    Payment,
)
from operations.outbox import PORTAL_FOOTER, Recipient, letter_body, next_free_moment, queue_mail
from operations.transactions import transaction
from rules import clock
from rules.identifiers import new_id
from rules.links import CLIENT_LINK_LIFE, LINK_PLACEHOLDER
from rules.money import Money
from rules.placeholders import AMOUNT, fill_placeholders
from rules.roles import PersonRole
from rules.states import PaymentState

LINK_LABELS = {
    AutomationLink.CLIENT_PORTAL: "Open the client portal",
    AutomationLink.REPORT: "Open the report",
}


async def occurrences_due(*, limit: int) -> list[UUID]:
    """The occurrences that nobody has handled, the oldest first."""
    return [found.id for found in await Occurrence.filter(handled_at=None).order_by("id").limit(limit).only("id")]


@transaction
async def handle_occurrence(occurrence_id: UUID) -> None:
    """Write the mails that automations owe for it. Safe to repeat, and to run beside others: it happens once.

    What somebody else is working on is left to them, or to the next sweep.
    """
    found = await Occurrence.get(id=occurrence_id)
    inspection = await Inspection.filter(id=found.inspection_id).select_for_update(skip_locked=True).get_or_none()
    if inspection is None:
        return
    mine = Occurrence.filter(id=occurrence_id, handled_at=None).select_for_update(skip_locked=True)
    occurrence = await mine.get_or_none()
    if occurrence is None:
        return
    if not inspection.notifications_disabled and await _still_stands(occurrence):
        await _mail(inspection, occurrence)
    await Occurrence.filter(id=occurrence_id).update(handled_at=clock.now())


async def _still_stands(occurrence: Occurrence) -> bool:
    """Not for what was struck out again before anybody was told."""
    if occurrence.trigger is AutomationTrigger.FEE_ADDED:
        return await LineItem.exists(id=occurrence.subject_id, removed_at=None)
    if occurrence.trigger is AutomationTrigger.PAYMENT_RECEIVED:
        return not await Payment.exists(id=occurrence.subject_id, state=PaymentState.REMOVED)
    return True


async def _mail(inspection: Inspection, occurrence: Occurrence) -> None:
    company = await Company.get(id=inspection.company_id)
    automations = Automation.filter(
        company_id=company.id, trigger=occurrence.trigger, enabled=True, deleted_at=None
    ).order_by("id")
    if not company.advanced_automations_enabled:
        automations = automations.filter(tier=AutomationTier.BASE)
    box = InspectionPerson.filter(inspection_id=inspection.id, removed_at=None)
    people = await box.order_by("position", "id").prefetch_related("person")
    for automation in await automations:
        told: set[str] = set()
        for entry in people:
            address = entry.person.email
            if address and address not in told and _is_recipient(automation, entry):
                told.add(address)
                await _mail_one(company, inspection, occurrence, automation, entry, address)


def _is_recipient(automation: Automation, entry: InspectionPerson) -> bool:
    additional = entry.role is PersonRole.ADDITIONAL
    if additional and automation.tier is AutomationTier.BASE:
        return False
    return (entry.role_name if additional else entry.role.value) in automation.recipients


async def _mail_one(
    company: Company,
    inspection: Inspection,
    occurrence: Occurrence,
    automation: Automation,
    entry: InspectionPerson,
    address: str,
) -> None:
    values = await _values(company, inspection, occurrence, entry)
    linked = _gets_link(automation, entry)
    body = letter_body(
        subject=fill_placeholders(automation.subject, values),
        message=fill_placeholders(automation.message, values),
        company_name=company.name,
        link=LINK_PLACEHOLDER if linked else None,
        link_label=LINK_LABELS[automation.link] if linked else None,
        footer=PORTAL_FOOTER if linked else f"{company.name} sends this about the inspection you take part in.",
    )
    await queue_mail(
        inspection,
        EmailKind.AUTOMATION,
        Recipient(entry.person.name, address),
        body,
        grant=await _grant(inspection, entry) if linked else None,
        automation=automation,
        occurrence=occurrence,
        not_before=await next_free_moment(company.id, address) if linked else None,
    )


def _gets_link(automation: Automation, entry: InspectionPerson) -> bool:
    """Only an advanced automation opens the client portal to a third party (S24, S26)."""
    if automation.link is AutomationLink.NONE:
        return False
    return automation.tier is AutomationTier.ADVANCED or entry.role is PersonRole.CLIENT


async def _grant(inspection: Inspection, entry: InspectionPerson) -> Grant:
    return await Grant.create(
        id=new_id(),
        company_id=inspection.company_id,
        inspection_id=inspection.id,
        person_id=entry.person_id,
        person_name=entry.person.name,
        kind=GrantKind.CLIENT_PORTAL,
        issued_by=GrantSource.AUTOMATION,
        expires_at=clock.now() + CLIENT_LINK_LIFE,
    )


async def _values(
    company: Company, inspection: Inspection, occurrence: Occurrence, entry: InspectionPerson
) -> dict[str, str]:
    """What placeholders stand for, in this mail."""
    return {
        "property_address": inspection.property_address,
        "company_name": company.name,
        "recipient_name": entry.person.name,
        "inspection_number": inspection.number,
        "inspection_date": _day(inspection.scheduled_at, company.time_zone),
        "inspector_name": inspection.inspector_name,
        AMOUNT: str(await _amount(inspection, occurrence)),
    }


async def _amount(inspection: Inspection, occurrence: Occurrence) -> Money:
    if occurrence.trigger is AutomationTrigger.FEE_ADDED:
        return (await LineItem.get(id=occurrence.subject_id)).amount
    if occurrence.trigger is AutomationTrigger.PAYMENT_RECEIVED:
        return (await Payment.get(id=occurrence.subject_id)).amount
    return inspection.settled


def _day(moment: datetime, time_zone: str) -> str:
    local = moment.astimezone(ZoneInfo(time_zone))
    return f"{local:%B} {local.day}, {local.year}"
