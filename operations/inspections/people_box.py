"""The People box of an inspection: putting somebody in, and taking them out."""

from dataclasses import dataclass
from uuid import UUID

from models import Company, Grant, GrantKind, Inspection, InspectionPerson, Invoice
from models.visible import find_visible
from operations.audit_log import record
from operations.inspections.checks import ClientRequired, Member, NewPerson, in_the_box_already, member_of
from operations.ledger.inspection_ledger import lock_inspection
from operations.links import end_links
from operations.transactions import transaction
from rules import clock
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.identifiers import new_id
from rules.limits import PEOPLE_MAX
from rules.states import LIVE_SEPARATE, InvoiceKind


@dataclass(frozen=True, slots=True)
class AddInspectionPerson:
    """Whom to put into the People box of which inspection."""

    inspection_id: UUID
    person: NewPerson


@transaction
async def add_inspection_person(principal: Principal, command: AddInspectionPerson) -> UUID:
    """Put a person into the People box; returns the entry's key."""
    company = await Company.get(id=principal.company_id)
    with Checks() as check:
        with check.at():
            member = await member_of(principal, company, command.person)
        inspection = await find_visible(Inspection, principal, command.inspection_id, locked=True)
    box = await InspectionPerson.filter(inspection_id=inspection.id).order_by("-position")
    if any(entry.person_id == member.person.id and entry.removed_at is None for entry in box):
        raise in_the_box_already(member.person)
    if sum(entry.removed_at is None for entry in box) >= PEOPLE_MAX:
        raise Refusal(f"The People box holds at most {PEOPLE_MAX} people.", field=("personId",))
    entry = await insert_person(inspection, member, position=box[0].position + 1)
    after = {"role": entry.role_name}
    await record(inspection, "inspection.person_added", entry.id, by=principal, after=after)
    return entry.id


@transaction
async def remove_inspection_person(principal: Principal, inspection_person_id: UUID) -> UUID:
    """Take somebody out of the People box; returns the inspection's key.

    Refused while an invoice of theirs is live (S7), and for the client who is billed on PRIMARY.
    """
    entry = await find_visible(InspectionPerson, principal, inspection_person_id, removed_at=None)
    inspection = await lock_inspection(entry.inspection_id)
    # Also those that bill an earlier entry of theirs, which was removed before they came back.
    invoices = await Invoice.filter(inspection_id=inspection.id, billed_to__person_id=entry.person_id)
    if any(invoice.kind is InvoiceKind.PRIMARY for invoice in invoices):
        raise ClientRequired("This client is billed on the primary invoice.", field=("inspectionPersonId",))
    live = [invoice.number for invoice in invoices if is_live_separate(invoice)]
    if live:
        raise Refusal(
            f"This person has a live invoice: {', '.join(live)}. Void it first.",
            field=("inspectionPersonId",),
            code=ErrorCode.PERSON_HAS_LIVE_INVOICE,
        )
    await InspectionPerson.filter(id=entry.id).update(removed_at=clock.now())
    portals = Grant.filter(inspection_id=inspection.id, person_id=entry.person_id, kind=GrantKind.CLIENT_PORTAL)
    await end_links(portals)
    await record(inspection, "inspection.person_removed", entry.id, by=principal, before={"role": entry.role_name})
    return inspection.id


async def insert_person(inspection: Inspection, member: Member, *, position: int) -> InspectionPerson:
    """Write an entry of the box, with its person loaded."""
    entry = InspectionPerson(
        id=new_id(),
        company_id=inspection.company_id,
        inspection_id=inspection.id,
        person_id=member.person.id,
        role=member.role,
        role_name=member.role_name,
        position=position,
    )
    entry.person = member.person
    await entry.save(force_create=True)
    return entry


def is_live_separate(invoice: Invoice) -> bool:
    """Whether it bills somebody else than the client of the job."""
    return invoice.kind is InvoiceKind.SEPARATE and invoice.status in LIVE_SEPARATE
