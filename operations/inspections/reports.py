"""Reports: publishing one, and showing it before everything is paid."""

from dataclasses import dataclass
from uuid import UUID

from models import AutomationTrigger, Inspection
from models.visible import find_visible
from operations.audit_log import record
from operations.automation_events import emit
from operations.ledger.inspection_ledger import lock_inspection
from operations.transactions import transaction
from rules import clock
from rules.access import Principal
from rules.addresses import public_url
from rules.checks import Checks


@dataclass(frozen=True, slots=True)
class PublishReport:
    """Where an inspection's report is."""

    inspection_id: UUID
    url: str


@transaction
async def publish_report(principal: Principal, command: PublishReport) -> UUID:
    """Publish the report, or move it. Its first publication is what automations wait for. Repeatable."""
    with Checks() as check:
        url = check(public_url, command.url, field="url")
        inspection = await _locked(principal, command.inspection_id)
    before = {"url": inspection.report_url}
    if inspection.report_url != url:
        inspection.report_url, inspection.report_published_at = url, clock.now()
        await inspection.save(update_fields=["report_url", "report_published_at"])
        await record(inspection, "report.published", inspection.id, by=principal, before=before, after={"url": url})
        await emit(inspection, AutomationTrigger.REPORT_PUBLISHED, inspection.id)
    return inspection.id


@transaction
async def unlock_report(principal: Principal, inspection_id: UUID) -> UUID:
    """Show the report to the client although not everything is paid. Safe to repeat."""
    inspection = await _locked(principal, inspection_id)
    if inspection.report_unlocked_at is None:
        inspection.report_unlocked_at = clock.now()
        await inspection.save(update_fields=["report_unlocked_at"])
        await record(inspection, "report.unlocked", inspection.id, by=principal)
    return inspection.id


async def _locked(principal: Principal, inspection_id: UUID) -> Inspection:
    await find_visible(Inspection, principal, inspection_id)
    return await lock_inspection(inspection_id)
