"""Answers about inspections."""

from typing import Final

from graphql_server.reads import Aggregate, Filling, Hole, Many, One, Shape
from models import Company, Inspection, InspectionPerson, InspectionStatus, StripeStatus
from operations.inspections import inspections, reports
from operations.invoices.drafts import refusal_to_invoice
from resolvers.context import Context
from resolvers.keys import optional_row_id
from resolvers.line_items import new_line_item
from resolvers.money import money
from resolvers.people import new_person
from resolvers.relations import listed
from resolvers.results import MutationResult, UserError, given
from resolvers.rows import company_column, number
from rules.errors import Refusal
from rules.identifiers import id_of
from rules.states import InvoiceStatus
from schema.inputs.inspections import (
    CancelInspectionInput,
    CreateInspectionInput,
    PublishReportInput,
    SetNotificationsDisabledInput,
    UnlockReportInput,
    UpdateInspectionInput,
)

_PRIMARY = (
    "(select own.remaining_minor from invoices own where own.company_id = {row.company_id}"
    " and own.inspection_id = {row.id} and own.kind = 'PRIMARY')"
)

PRIMARY_INVOICE: Final = One({"inspection_id": "id"}, where="{row.kind} = 'PRIMARY'")


def _remaining(status: InvoiceStatus) -> Shape:
    """What remains on invoices in that status. Nobody is asked for anything of a canceled inspection any more (S53)."""
    minor = Aggregate(
        "Invoice",
        "coalesce(sum({row.remaining_minor}), 0)",
        {"inspection_id": "id"},
        where=f"{{row.status}} = '{status}' and {{here.status}} <> '{InspectionStatus.CANCELED}'",
        nullable=False,
    )
    return Shape({"minor": minor, "currency": "{row.currency}"})


UNSENT: Final = _remaining(InvoiceStatus.DRAFT)
WRITTEN_OFF: Final = _remaining(InvoiceStatus.UNCOLLECTIBLE)

_LOCKED = (
    f"({company_column('report_lock_enabled')} and {{row.report_unlocked_at}} is null and {{row.remaining_minor}} > 0)"
)

REPORT: Final = Shape(
    {
        "url": f"case when caller.staff or not {_LOCKED} then {{row.report_url}} end",
        "published_at": "{row.report_published_at}",
        "locked": _LOCKED,
    },
    when="{row.report_published_at} is not null",
)
"""The published report, its address withheld from a client while it waits for payment."""

_INVOICING_NEEDS = {
    "stripe_status": company_column("stripe_status"),
    "deferred_payments_enabled": company_column("deferred_payments_enabled"),
    "status": "{row.status}",
    "invoiceable": _PRIMARY,
}


def _refusal(filling: Filling) -> Refusal | None:
    row = filling.row
    company = Company(
        stripe_status=StripeStatus(str(row["stripe_status"])),
        deferred_payments_enabled=bool(row["deferred_payments_enabled"]),
    )
    inspection = Inspection(status=InspectionStatus(str(row["status"])))
    return refusal_to_invoice(company, inspection, invoiceable=number(row["invoiceable"]))


def _told(filling: Filling) -> UserError | None:
    refusal = _refusal(filling)
    return UserError.of(refusal) if refusal else None


AVAILABLE: Final = Hole(_INVOICING_NEEDS, lambda filling: _refusal(filling) is None)
REFUSAL: Final = Hole(_INVOICING_NEEDS, _told)
INVOICEABLE: Final = money(_PRIMARY)

PEOPLE: Final = listed(InspectionPerson, {"inspection_id": "id"})

SERVICES: Final = Many(("position", "line_item_id"), {"inspection_id": "id"})
"""The charges with something left to invoice, in display order."""

INVOICEABLE_SERVICES: Final = """(
    select part.company_id, part.inspection_id, part.line_item_id, part.currency, part.left_minor, item.position
      from (
        select line.company_id, own.inspection_id, line.line_item_id, line.currency,
               greatest(0, least(
                   line.amount_minor,
                   sum(line.amount_minor) over (one order by line.position, line.id)
                       - (sum(line.amount_minor) over one - own.remaining_minor))) as left_minor
          from invoice_lines line
          join invoices own on own.company_id = line.company_id and own.id = line.invoice_id and own.kind = 'PRIMARY'
         where line.amount_minor > 0
        window one as (partition by line.company_id, own.inspection_id)) part
      join line_items item on item.company_id = part.company_id and item.id = part.line_item_id
     where part.left_minor > 0 and item.removed_at is null)
"""
"""What is left to invoice of each charge, as operations.ledger.inspection_ledger.invoiceable_parts has it: discounts,
payments and credits use up the charges in display order."""


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
