"""Inspections and their People box."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise import connections

from gateways.stripe import StripeGateway
from models import (
    AutomationTrigger,
    Company,
    Grant,
    GrantKind,
    Inspection,
    InspectionPerson,
    InspectionStatus,
    Invoice,
    User,
)
from models.visible import visible
from operations.audit_log import record
from operations.automation_events import note
from operations.ended_links import end_links
from operations.inspections.agreements import insert_agreement
from operations.inspections.checks import (
    ClientRequired,
    Member,
    NewPerson,
    checked_address,
    checked_box,
    checked_charges,
    in_the_box_already,
    member_of,
    refuse_strange_moment,
)
from operations.inspections.line_items import NewLineItem, insert_line_items
from operations.inspections.muting import resume, silence
from operations.ledger.billed_names import hold_name
from operations.ledger.inspection_ledger import CheckoutsOpen, lock_inspection, lock_ledger, post
from operations.ledger.invoice_lines import track_line_items
from operations.payments.checkout_expiry import with_checkouts_expired
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, NotFound, Refusal
from rules.identifiers import new_id
from rules.limits import AGREEMENT_LENGTH_MAX, PEOPLE_MAX
from rules.roles import PersonRole
from rules.states import LIVE_SEPARATE, InvoiceKind, InvoiceStatus


@transaction
async def create_inspection(
    principal: Principal,
    *,
    property_address: str,
    scheduled_at: datetime,
    inspector_id: UUID | None,
    people: Sequence[NewPerson],
    line_items: Sequence[NewLineItem],
    agreement_body: str | None,
) -> UUID:
    """Create an inspection with its People box, its charges and its PRIMARY invoice; returns its key."""
    company = await Company.get(id=principal.company_id)
    with Checks() as check:
        address = check(checked_address, property_address)
        check(refuse_strange_moment, scheduled_at)
        with check.at():
            inspector = await _inspector(principal, inspector_id or principal.user_id)
        with check.at("people"):
            box = await checked_box(principal, company, people)
        with check.at("lineItems"):
            charges = checked_charges(line_items, company.currency)
        if agreement_body:
            agreement_body = check(
                texts.paragraphs, agreement_body, field="agreementBody", length_max=AGREEMENT_LENGTH_MAX
            )
    inspection = await Inspection.create(
        company_id=company.id,
        number=await _next_number(company.id),
        property_address=address,
        scheduled_at=scheduled_at,
        inspector_id=inspector.id,
        inspector_name=inspector.name,
        currency=company.currency,
        invoice_count=1,
    )
    entries = [await _insert_person(inspection, member, position=n) for n, member in enumerate(box)]
    client = next(entry for entry in entries if entry.role is PersonRole.CLIENT)
    await hold_name(client)
    await _insert_primary(company, inspection, client)
    await record(inspection, "inspection.created", inspection.id, by=principal)
    ledger = await lock_ledger(inspection.id)
    await insert_line_items(ledger, charges, by=principal, field="lineItems")
    await track_line_items(ledger)
    await post(ledger)
    if agreement_body:
        await insert_agreement(ledger, agreement_body, version=1)
    await note(inspection, AutomationTrigger.INSPECTION_SCHEDULED, inspection.id)
    return inspection.id


async def _inspector(principal: Principal, user_id: UUID | None) -> User:
    inspector = await visible(User, principal).get_or_none(id=user_id)
    if inspector is None:
        raise NotFound("User", field=("inspectorId",))
    return inspector


async def _next_number(company_id: UUID) -> str:
    rows = await connections.get("default").execute_query_dict(
        "UPDATE companies SET inspection_count = inspection_count + 1 WHERE id = $1 RETURNING inspection_count",
        [company_id],
    )
    return str(1000 + rows[0]["inspection_count"])


async def _insert_person(inspection: Inspection, member: Member, *, position: int) -> InspectionPerson:
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


async def _insert_primary(company: Company, inspection: Inspection, client: InspectionPerson) -> None:
    await Invoice.create(
        company_id=company.id,
        inspection_id=inspection.id,
        billed_to_id=client.id,
        number=f"{inspection.number}-1",
        kind=InvoiceKind.PRIMARY,
        status=InvoiceStatus.PAID,
        company_name=company.name,
        property_address=inspection.property_address,
        billed_to_name=client.person.name,
        currency=company.currency,
    )


@transaction
async def update_inspection(principal: Principal, inspection_id: UUID, changes: dict[str, Any]) -> UUID:
    """Change the given ones of property_address, scheduled_at, status and inspector_id.

    The address on PRIMARY and on drafts follows; on what has been sent it is a snapshot.
    """
    with Checks() as check:
        with check.at():
            inspection = await _locked(principal, inspection_id)
            _refuse_canceled(inspection)
        checked = await _checked_changes(check, principal, changes)
    before = {name: str(getattr(inspection, name)) for name in changes}
    inspection.update_from_dict(checked)
    if "property_address" in checked:
        rows = Invoice.filter(inspection_id=inspection_id)
        await rows.filter(kind=InvoiceKind.PRIMARY).update(property_address=inspection.property_address)
        await rows.filter(status=InvoiceStatus.DRAFT).update(property_address=inspection.property_address)
    await inspection.save(
        update_fields=["property_address", "scheduled_at", "status", "inspector_id", "inspector_name"]
    )
    after = {name: str(getattr(inspection, name)) for name in changes}
    await record(inspection, "inspection.updated", inspection.id, by=principal, before=before, after=after)
    return inspection.id


async def _checked_changes(check: Checks, principal: Principal, changes: dict[str, Any]) -> dict[str, Any]:
    """The columns that the changes change."""
    checked = dict(changes)
    if "property_address" in changes:
        checked["property_address"] = check(checked_address, changes["property_address"])
    if "scheduled_at" in changes:
        check(refuse_strange_moment, changes["scheduled_at"])
    if "inspector_id" in changes:
        with check.at():
            inspector = await _inspector(principal, changes["inspector_id"])
            checked |= {"inspector_id": inspector.id, "inspector_name": inspector.name}
    if changes.get("status") is InspectionStatus.CANCELED:
        check.refuse(Refusal("status can't be set to CANCELED here; use cancelInspection.", field=("status",)))
    return checked


async def cancel_inspection(principal: Principal, inspection_id: UUID, *, stripe: StripeGateway) -> UUID:
    """Cancel the job. Refused while somebody else may still be asked to pay, or money is in flight. Safe to repeat."""
    return await with_checkouts_expired(lambda: _cancel(principal, inspection_id), stripe=stripe)


@transaction
async def _cancel(principal: Principal, inspection_id: UUID) -> UUID:
    await _locked(principal, inspection_id)
    ledger = await lock_ledger(inspection_id)
    if ledger.inspection.status is InspectionStatus.CANCELED:
        return inspection_id
    asked = [invoice.number for invoice in ledger.invoices if _is_live_separate(invoice)]
    if asked or ledger.inspection.in_flight_minor:
        raise Refusal(
            f"Void the open invoices first: {', '.join(asked)}." if asked else "A payment is still being processed.",
            field=("inspectionId",),
            code=ErrorCode.INSPECTION_HAS_LIVE_INVOICE,
        )
    if attempts := [attempt.id for invoice in ledger.invoices if (attempt := ledger.open_checkout(invoice))]:
        raise CheckoutsOpen(attempts)
    ledger.inspection.status = InspectionStatus.CANCELED
    ledger.inspection.outstanding_minor = 0
    await ledger.inspection.save(update_fields=["status", "outstanding_minor"])
    await post(ledger)
    await record(ledger.inspection, "inspection.canceled", inspection_id, by=principal)
    return inspection_id


def _is_live_separate(invoice: Invoice) -> bool:
    return invoice.kind is InvoiceKind.SEPARATE and invoice.status in LIVE_SEPARATE


@transaction
async def set_notifications_disabled(principal: Principal, inspection_id: UUID, *, disabled: bool) -> UUID:
    """Stop or resume every automatic mail about the inspection. Safe to repeat."""
    inspection = await _locked(principal, inspection_id)
    if inspection.notifications_disabled is not disabled:
        inspection.notifications_disabled = disabled
        await inspection.save(update_fields=["notifications_disabled"])
        name = "inspection.notifications_disabled" if disabled else "inspection.notifications_enabled"
        await record(inspection, name, inspection.id, by=principal)
        await (silence(inspection) if disabled else resume(inspection))
    return inspection.id


@transaction
async def add_inspection_person(principal: Principal, inspection_id: UUID, new: NewPerson) -> UUID:
    """Put a person into the People box; returns the entry's key."""
    company = await Company.get(id=principal.company_id)
    with Checks() as check:
        with check.at():
            member = await member_of(principal, company, new)
        inspection = await _locked(principal, inspection_id)
    box = await InspectionPerson.filter(inspection_id=inspection.id).order_by("-position")
    if any(entry.person_id == member.person.id and entry.removed_at is None for entry in box):
        raise in_the_box_already(member.person)
    if sum(entry.removed_at is None for entry in box) >= PEOPLE_MAX:
        raise Refusal(f"The People box holds at most {PEOPLE_MAX} people.", field=("personId",))
    entry = await _insert_person(inspection, member, position=box[0].position + 1)
    after = {"role": entry.role_name}
    await record(inspection, "inspection.person_added", entry.id, by=principal, after=after)
    return entry.id


@transaction
async def remove_inspection_person(principal: Principal, inspection_person_id: UUID) -> UUID:
    """Take somebody out of the People box; returns the inspection's key.

    Refused while an invoice of theirs is live (S7), and for the client who is billed on PRIMARY.
    """
    entry = await visible(InspectionPerson, principal).get_or_none(id=inspection_person_id, removed_at=None)
    if entry is None:
        raise NotFound("InspectionPerson", field=("inspectionPersonId",))
    inspection = await lock_inspection(entry.inspection_id)
    # Also those that bill an earlier entry of theirs, which was removed before they came back.
    invoices = await Invoice.filter(inspection_id=inspection.id, billed_to__person_id=entry.person_id)
    if any(invoice.kind is InvoiceKind.PRIMARY for invoice in invoices):
        raise ClientRequired("This client is billed on the primary invoice.", field=("inspectionPersonId",))
    live = [invoice.number for invoice in invoices if _is_live_separate(invoice)]
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


async def _locked(principal: Principal, inspection_id: UUID) -> Inspection:
    inspection = await visible(Inspection, principal).filter(id=inspection_id).select_for_update().get_or_none()
    if inspection is None:
        raise NotFound("Inspection", field=("inspectionId",))
    return inspection


def _refuse_canceled(inspection: Inspection) -> None:
    if inspection.status is InspectionStatus.CANCELED:
        raise Refusal("The inspection is canceled.", field=("inspectionId",), code=ErrorCode.INSPECTION_CANCELED)
