"""Answers about inspections."""

from dataclasses import dataclass
from datetime import datetime

import strawberry

from models import (
    Company,
    Inspection,
    InspectionPerson,
    InspectionStatus,
    Invoice,
    LineItem,
)
from operations.inspections import inspections, reports
from operations.invoices.drafts import refusal_to_invoice
from operations.ledger.inspection_ledger import invoiceable_parts
from resolvers.context import Context, Info
from resolvers.keys import optional_row_id
from resolvers.line_items import new_line_item
from resolvers.people import new_person
from resolvers.reading import loaded
from resolvers.results import MutationResult, UserError, given
from rules import clock
from rules.access import Scope
from rules.identifiers import id_of
from rules.money import Money
from rules.states import InvoiceKind, InvoiceStatus
from schema.inputs.inspections import (
    CancelInspectionInput,
    CreateInspectionInput,
    PublishReportInput,
    SetNotificationsDisabledInput,
    UnlockReportInput,
    UpdateInspectionInput,
)

Root = strawberry.Parent[Inspection]


def primary_invoice(root: Root) -> Invoice:
    """PRIMARY, among the loaded invoices."""
    invoices: list[Invoice] = loaded(root, "invoices")
    return next(invoice for invoice in invoices if invoice.kind is InvoiceKind.PRIMARY)


def overdue(root: Root) -> bool:
    """Whether something is outstanding on an invoice whose due date is over."""
    return root.overdue_from is not None and root.overdue_from <= clock.now()


def unsent(root: Root) -> Money:
    """What remains on the drafts among the loaded invoices."""
    return _remaining(root, InvoiceStatus.DRAFT)


def written_off(root: Root) -> Money:
    """What remains on the written-off ones among the loaded invoices."""
    return _remaining(root, InvoiceStatus.UNCOLLECTIBLE)


def _remaining(root: Inspection, status: InvoiceStatus) -> Money:
    """Nothing of a canceled inspection: nobody is asked for anything any more (S53)."""
    shown = () if root.status is InspectionStatus.CANCELED else loaded(root, "invoices")
    return Money(sum(invoice.remaining_minor for invoice in shown if invoice.status is status), root.currency)


@dataclass(frozen=True, slots=True)
class InvoiceableService:
    """A charge with what is left of it."""

    line_item: LineItem
    invoiceable: Money


@dataclass(frozen=True, slots=True)
class InvoicingOptions:
    """What 'Add Invoice' needs."""

    available: bool
    refusal: UserError | None
    invoiceable: Money
    people: list[InspectionPerson]
    services: list[InvoiceableService]


def invoicing(root: Root) -> InvoicingOptions:
    """From the loaded company, charges, people and PRIMARY's lines."""
    primary = primary_invoice(root)
    company: Company = root.company
    refusal = refusal_to_invoice(company, root, invoiceable=primary.remaining_minor)
    parts = invoiceable_parts(loaded(primary, "lines"), primary.remaining_minor)
    return InvoicingOptions(
        available=refusal is None,
        refusal=UserError.of(refusal) if refusal else None,
        invoiceable=primary.remaining,
        people=loaded(root, "people"),
        services=[
            InvoiceableService(item, Money(parts[item.id], root.currency))
            for item in loaded(root, "line_items")
            if parts.get(item.id)
        ],
    )


@dataclass(frozen=True, slots=True)
class Report:
    """A published report, as the principal may see it."""

    url: str | None
    published_at: datetime
    locked: bool


def report(root: Root, info: Info) -> Report | None:
    """The report, its address withheld from a client while it waits for payment."""
    if root.report_published_at is None:
        return None
    company: Company = root.company
    locked = company.report_lock_enabled and root.report_unlocked_at is None and root.remaining_minor > 0
    withheld = locked and info.context.principal.scope is not Scope.INSPECTOR
    return Report(None if withheld else root.report_url, root.report_published_at, locked)


async def create_inspection(context: Context, input: CreateInspectionInput) -> MutationResult:
    new = inspections.CreateInspection(
        property_address=input.property_address,
        scheduled_at=input.scheduled_at,
        inspector_id=optional_row_id(input.inspector_id, "User"),
        people=[new_person(person) for person in input.people],
        line_items=[new_line_item(item) for item in input.line_items],
        agreement_body=input.agreement_body,
    )
    made = await inspections.create_inspection(context.principal, new)
    await context.dependencies.enqueue("run_automations")
    return MutationResult(made)


async def update_inspection(context: Context, input: UpdateInspectionInput) -> MutationResult:
    changes = inspections.UpdateInspection(
        id_of(input.inspection_id, "Inspection"),
        property_address=given(input.property_address),
        scheduled_at=given(input.scheduled_at),
        inspector_id=optional_row_id(given(input.inspector_id), "User"),
        status=given(input.status),
    )
    return MutationResult(await inspections.update_inspection(context.principal, changes))


async def cancel_inspection(context: Context, input: CancelInspectionInput) -> MutationResult:
    key = id_of(input.inspection_id, "Inspection")
    return MutationResult(
        await inspections.cancel_inspection(context.principal, key, stripe=context.dependencies.stripe)
    )


async def set_notifications_disabled(context: Context, input: SetNotificationsDisabledInput) -> MutationResult:
    command = inspections.SetNotificationsDisabled(id_of(input.inspection_id, "Inspection"), disabled=input.disabled)
    return MutationResult(await inspections.set_notifications_disabled(context.principal, command))


async def publish_report(context: Context, input: PublishReportInput) -> MutationResult:
    command = reports.PublishReport(id_of(input.inspection_id, "Inspection"), url=input.url)
    made = await reports.publish_report(context.principal, command)
    await context.dependencies.enqueue("run_automations")
    return MutationResult(made)


async def unlock_report(context: Context, input: UnlockReportInput) -> MutationResult:
    key = id_of(input.inspection_id, "Inspection")
    return MutationResult(await reports.unlock_report(context.principal, key))
