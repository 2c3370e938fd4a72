"""Links that were mailed: what happens to them when the address turns out to be the wrong one."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from models import Email, Grant, Inspection, Invoice, Person
from operations.audit_log import record_all
from operations.links import end_links
from operations.messages.outbox import WAITING
from rules import clock
from rules.access import Principal
from rules.states import EmailStatus, InvoiceStatus

_READ = ("id", "grant_id", "invoice_id", "inspection_id", "to_address")


@dataclass(frozen=True, slots=True)
class EndedLinks:
    """What was mailed to another address and ended: the open invoices to send again, and whether portals were part."""

    invoices: Sequence[Invoice] = ()
    portals: bool = False
    addresses: Sequence[str] = ()


async def lock_inspections_mailed_about(principal: Principal, person_id: UUID) -> None:
    """Lock what events will be written for, before the person: whoever mails a link locks them in this order too."""
    mails = Email.filter(company_id=principal.company_id, grant__person_id=person_id, grant__revoked_at=None)
    inspections = await mails.distinct().values_list("inspection_id", flat=True)
    await Inspection.filter(id__in=inspections).order_by("id").select_for_update().only("id")


async def end_links_mailed_elsewhere(person: Person, *, by: Principal) -> EndedLinks:
    """End the links that were mailed to other addresses than the person's own, and call back mails that wait (S68).

    The caller holds the person's row, and the inspections of links mailed before: whoever mails them a link meanwhile
    waits, and then takes the new address.
    What one shared from an ended portal link ends with it. Safe to repeat.
    """
    own = (person.email or "").lower()
    live = Email.filter(grant__person_id=person.id, grant__revoked_at=None, grant__expires_at__gt=clock.now())
    mails = [mail for mail in await live.only(*_READ) if mail.to_address.lower() != own]
    if not mails:
        return EndedLinks()
    await Email.filter(id__in=[mail.id for mail in mails], status__in=WAITING).update(
        status=EmailStatus.CANCELED, next_attempt_at=None
    )
    await end_links(Grant.filter(id__in=[mail.grant_id for mail in mails]))
    for inspection in await Inspection.filter(id__in={mail.inspection_id for mail in mails}).order_by("id"):
        ended = {mail.grant_id: None for mail in mails if mail.inspection_id == inspection.id and mail.grant_id}
        await record_all(inspection, "link.revoked", ended, by=by, before={"reason": "The address was corrected."})
    invoices = Invoice.filter(id__in={mail.invoice_id for mail in mails if mail.invoice_id})
    return EndedLinks(
        invoices=await invoices.filter(status=InvoiceStatus.OPEN, remaining_minor__gt=0).order_by("created_at", "id"),
        portals=any(mail.invoice_id is None for mail in mails),
        addresses=list(dict.fromkeys(mail.to_address for mail in mails)),
    )
