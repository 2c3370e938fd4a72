"""Names on invoices: a corrected one shows on every invoice of that person's that is not yet paid (S58)."""

from functools import cache
from uuid import UUID

from tortoise import connections
from tortoise.expressions import F, Q, Subquery
from tortoise.queryset import QuerySet

from models import Inspection, InspectionPerson, Invoice, Person
from models.hydration import hydrate, record_of
from operations.audit_log import record
from rules.access import Principal
from rules.states import InvoiceKind, InvoiceStatus, PaymentStatus


async def find_bill_to(inspection_id: UUID, entry_id: UUID) -> InspectionPerson | None:
    """An entry of the People box with its person, whose name is held as by `hold_name`."""
    found = await connections.get("default").execute_query_dict(_bill_to(), [entry_id, inspection_id])
    if not found:
        return None
    entry = hydrate(InspectionPerson, found[0]["entry"])
    entry.person = hydrate(Person, found[0]["person"])
    return entry


@cache
def _bill_to() -> str:
    return f"""
        SELECT {record_of(InspectionPerson, "entry")} AS entry, {record_of(Person, "person")} AS person
          FROM inspection_people entry
          JOIN people person ON person.id = entry.person_id AND person.company_id = entry.company_id
         WHERE entry.id = $1 AND entry.inspection_id = $2 AND entry.removed_at IS NULL
           FOR NO KEY UPDATE OF person
    """  # noqa: S608 - columns of the models


async def hold_name(bill_to: InspectionPerson) -> None:
    """Load the person of the entry, whose name nobody else changes until the transaction ends.

    Whoever puts it on an invoice calls this; the inspection is locked before.
    """
    bill_to.person = await Person.filter(id=bill_to.person_id).select_for_update(no_key=True).get()


async def lock_inspections_billing(person_id: UUID, company_id: UUID) -> None:
    """Lock the inspections whose unpaid invoices bill the person; before the person, for inspections come first."""
    billing = Subquery(_unpaid(person_id, company_id).values("inspection_id"))
    await Inspection.filter(id__in=billing).order_by("id").select_for_update().only("id")


async def rename_on_unpaid_invoices(person: Person, *, by: Principal) -> None:
    """Show the person's present name on what they have not paid yet; of what was sent, that is a new revision.

    What is paid or void, and payments, keep the name they were made with. The caller holds the person's row.
    """
    stale = _unpaid(person.id, person.company_id).exclude(billed_to_name=person.name)
    for invoice in await stale.order_by("id").prefetch_related("inspection"):
        sent = invoice.kind is InvoiceKind.SEPARATE and invoice.status is not InvoiceStatus.DRAFT
        rows = Invoice.filter(id=invoice.id)
        await rows.update(billed_to_name=person.name, revision=F("revision") + (1 if sent else 0))
        before, after = {"billed_to": invoice.billed_to_name}, {"billed_to": person.name}
        await record(invoice.inspection, "invoice.updated", invoice.id, by=by, before=before, after=after)


def _unpaid(person_id: UUID, company_id: UUID) -> QuerySet[Invoice]:
    """PRIMARY counts while it has nothing to bill, when its status is PAID though nothing was."""
    open_ones = (InvoiceStatus.DRAFT, InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE)
    return Invoice.filter(
        Q(status__in=open_ones) | Q(status=InvoiceStatus.PAID, payment_status=PaymentStatus.NOT_DUE),
        company_id=company_id,
        billed_to__person_id=person_id,
    )
