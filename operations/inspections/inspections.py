"""Inspections: creating, changing and canceling them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from tortoise import connections

from gateways.stripe import StripeGateway
from models import (
    AutomationTrigger,
    Company,
    Inspection,
    InspectionPerson,
    InspectionStatus,
    Invoice,
    User,
)
from models.visible import find_visible
from operations.audit_log import record
from operations.automation_events import emit
from operations.inspections.agreements import insert_agreement
from operations.inspections.catalogue import find_offered
from operations.inspections.checks import (
    NewPerson,
    checked_address,
    checked_box,
    checked_charges,
    refuse_strange_moment,
)
from operations.inspections.line_items import NewLineItem, insert_line_items
from operations.inspections.muting import mute, unmute
from operations.inspections.people_box import insert_person, is_live_separate
from operations.ledger.billed_names import hold_name
from operations.ledger.inspection_ledger import lock_ledger, lock_ledger_with
from operations.ledger.invoice_lines import track_line_items
from operations.ledger.posting import CheckoutsOpen, post
from operations.payments.checkout_expiry import with_checkouts_expired
from operations.transactions import transaction
from rules import texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import ErrorCode, Refusal
from rules.limits import AGREEMENT_LENGTH_MAX
from rules.roles import PersonRole
from rules.states import InvoiceKind, InvoiceStatus


@dataclass(frozen=True, slots=True)
class CreateInspection:
    """A job to be; without an inspector it is the principal's own."""

    property_address: str
    scheduled_at: datetime
    people: Sequence[NewPerson]
    line_items: Sequence[NewLineItem] = ()
    inspector_id: UUID | None = None
    agreement_body: str | None = None


@dataclass(frozen=True, slots=True)
class SetNotificationsDisabled:
    """Whether automatic mails about a job are to stop."""

    inspection_id: UUID
    disabled: bool


@dataclass(frozen=True, slots=True)
class UpdateInspection:
    """What is to be different about a job; what is None stays as it is."""

    inspection_id: UUID
    property_address: str | None = None
    scheduled_at: datetime | None = None
    inspector_id: UUID | None = None
    status: InspectionStatus | None = None

    @property
    def columns(self) -> list[str]:
        """Those that are to change."""
        names = ("property_address", "scheduled_at", "inspector_id", "status")
        return [name for name in names if getattr(self, name) is not None]


@transaction
async def create_inspection(principal: Principal, new: CreateInspection) -> UUID:
    """Create an inspection with its People box, its charges and its PRIMARY invoice; returns its key."""
    company = await Company.get(id=principal.company_id)
    agreement_body = new.agreement_body
    with Checks() as check:
        address = check(checked_address, new.property_address)
        check(refuse_strange_moment, new.scheduled_at)
        with check.at():
            inspector = await _inspector(principal, new.inspector_id or principal.user_id)
        with check.at("people"):
            box = await checked_box(principal, company, new.people)
        with check.at("lineItems"):
            services = await find_offered(principal, [item.service_id for item in new.line_items])
            charges = checked_charges(new.line_items, company.currency, services)
        if agreement_body:
            agreement_body = check(
                texts.paragraphs, agreement_body, field="agreementBody", length_max=AGREEMENT_LENGTH_MAX
            )
    inspection = await Inspection.create(
        company_id=company.id,
        number=await _next_number(company.id),
        property_address=address,
        scheduled_at=new.scheduled_at,
        inspector_id=inspector.id,
        inspector_name=inspector.name,
        currency=company.currency,
        invoice_count=1,
    )
    entries = [await insert_person(inspection, member, position=n) for n, member in enumerate(box)]
    client = next(entry for entry in entries if entry.role is PersonRole.CLIENT)
    await hold_name(client)
    await _insert_primary(company, inspection, client)
    await record(inspection, "inspection.created", inspection.id, by=principal)
    ledger = await lock_ledger(inspection.id)
    await insert_line_items(ledger, charges, by=principal, field="lineItems")
    track_line_items(ledger)
    await post(ledger)
    if agreement_body:
        await insert_agreement(ledger, agreement_body, version=1)
    await emit(inspection, AutomationTrigger.INSPECTION_SCHEDULED, inspection.id)
    return inspection.id


async def _inspector(principal: Principal, user_id: UUID | None) -> User:
    return await find_visible(User, principal, user_id, field="inspectorId")


async def _next_number(company_id: UUID) -> str:
    rows = await connections.get("default").execute_query_dict(
        "UPDATE companies SET inspection_count = inspection_count + 1 WHERE id = $1 RETURNING inspection_count",
        [company_id],
    )
    return str(1000 + rows[0]["inspection_count"])


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
async def update_inspection(principal: Principal, changes: UpdateInspection) -> UUID:
    """Change a job. The address on PRIMARY and on drafts follows; on what has been sent it is a snapshot."""
    with Checks() as check:
        with check.at():
            inspection = await find_visible(Inspection, principal, changes.inspection_id, locked=True)
            _refuse_canceled(inspection)
        checked = await _checked_columns(check, principal, changes)
    before = {name: str(getattr(inspection, name)) for name in changes.columns}
    inspection.update_from_dict(checked)
    if changes.property_address is not None:
        rows = Invoice.filter(inspection_id=inspection.id)
        await rows.filter(kind=InvoiceKind.PRIMARY).update(property_address=inspection.property_address)
        await rows.filter(status=InvoiceStatus.DRAFT).update(property_address=inspection.property_address)
    await inspection.save(
        update_fields=["property_address", "scheduled_at", "status", "inspector_id", "inspector_name"]
    )
    after = {name: str(getattr(inspection, name)) for name in changes.columns}
    await record(inspection, "inspection.updated", inspection.id, by=principal, before=before, after=after)
    return inspection.id


async def _checked_columns(check: Checks, principal: Principal, changes: UpdateInspection) -> dict[str, object]:
    """The columns that the changes change."""
    checked: dict[str, object] = {name: getattr(changes, name) for name in changes.columns}
    if changes.property_address is not None:
        checked["property_address"] = check(checked_address, changes.property_address)
    if changes.scheduled_at is not None:
        check(refuse_strange_moment, changes.scheduled_at)
    if changes.inspector_id is not None:
        with check.at():
            checked["inspector_name"] = (await _inspector(principal, changes.inspector_id)).name
    if changes.status is InspectionStatus.CANCELED:
        check.refuse(Refusal("status can't be set to CANCELED here; use cancelInspection.", field=("status",)))
    return checked


async def cancel_inspection(principal: Principal, inspection_id: UUID, *, stripe: StripeGateway) -> UUID:
    """Cancel the job. Refused while somebody else may still be asked to pay, or money is in flight. Safe to repeat."""
    return await with_checkouts_expired(lambda: _cancel(principal, inspection_id), stripe=stripe)


@transaction
async def _cancel(principal: Principal, inspection_id: UUID) -> UUID:
    ledger = await lock_ledger_with(Inspection, inspection_id, by=principal)
    if ledger.inspection.status is InspectionStatus.CANCELED:
        return inspection_id
    asked = [invoice.number for invoice in ledger.invoices if is_live_separate(invoice)]
    if asked or ledger.inspection.in_flight_minor:
        raise Refusal(
            f"Void the open invoices first: {', '.join(asked)}." if asked else "A payment is still being processed.",
            field=("inspectionId",),
            code=ErrorCode.INSPECTION_HAS_LIVE_INVOICE,
        )
    if live := [payment.id for invoice in ledger.invoices if (payment := ledger.open_checkout(invoice))]:
        raise CheckoutsOpen(live)
    ledger.inspection.status = InspectionStatus.CANCELED
    await post(ledger)
    await record(ledger.inspection, "inspection.canceled", inspection_id, by=principal)
    return inspection_id


@transaction
async def set_notifications_disabled(principal: Principal, command: SetNotificationsDisabled) -> UUID:
    """Stop or resume every automatic mail about the inspection. Safe to repeat."""
    inspection = await find_visible(Inspection, principal, command.inspection_id, locked=True)
    disabled = command.disabled
    if inspection.notifications_disabled is not disabled:
        inspection.notifications_disabled = disabled
        await inspection.save(update_fields=["notifications_disabled"])
        name = "inspection.notifications_disabled" if disabled else "inspection.notifications_enabled"
        await record(inspection, name, inspection.id, by=principal)
        await (mute(inspection) if disabled else unmute(inspection))
    return inspection.id


def _refuse_canceled(inspection: Inspection) -> None:
    if inspection.status is InspectionStatus.CANCELED:
        raise Refusal("The inspection is canceled.", field=("inspectionId",), code=ErrorCode.INSPECTION_CANCELED)
