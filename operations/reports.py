"""Reports: publishing one, and showing it before everything is paid."""

from urllib.parse import urlsplit
from uuid import UUID

from models import AutomationTrigger, Inspection
from models.visible import visible
from operations.audit_trail import record
from operations.books import lock_inspection
from operations.occurrences import note
from operations.transactions import transaction
from rules import clock, texts
from rules.access import Principal
from rules.checks import Checks
from rules.errors import NotFound, Refusal

URL_LENGTH_MAX = 2000


@transaction
async def publish_report(principal: Principal, inspection_id: UUID, *, url: str) -> UUID:
    """Publish the report at `url`, or move it there. Its first publication is what automations wait for. Repeatable."""
    with Checks() as check:
        url = check(_checked, url)
        inspection = await _locked(principal, inspection_id)
    before = {"url": inspection.report_url}
    if inspection.report_url != url:
        inspection.report_url, inspection.report_published_at = url, clock.now()
        await inspection.save(update_fields=["report_url", "report_published_at"])
        await record(inspection, "report.published", inspection.id, by=principal, before=before, after={"url": url})
        await note(inspection, AutomationTrigger.REPORT_PUBLISHED, inspection.id)
    return inspection.id


def _checked(url: str) -> str:
    """An https address that browsers open as it stands. Raises Refusal."""
    url = texts.line(url, field="url", length_max=URL_LENGTH_MAX)
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname, parts.port
    except ValueError:
        host, parts = None, urlsplit("")
    strange = any(character.isspace() or character in '<>"\\^`{|}' for character in url)
    if parts.scheme != "https" or not host or parts.username is not None or strange:
        raise Refusal("url must be an address such as https://example.com/report.pdf.", field=("url",))
    return url


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
    if not await visible(Inspection, principal).filter(id=inspection_id).exists():
        raise NotFound("Inspection", field=("inspectionId",))
    return await lock_inspection(inspection_id)
