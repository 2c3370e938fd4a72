"""The oracle's fields that are computed: told here in Python, where the API tells them in SQL."""

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from urllib.parse import urlencode
from uuid import UUID

from tortoise import connections

import models
from operations.documents.brands import brand_of
from operations.documents.due_dates import due_date_shown
from operations.invoices.drafts import refusal_to_invoice
from operations.invoices.invoice_emails import EmailDraft, check_draft, compose
from operations.ledger.entries import Period
from operations.ledger.inspection_ledger import invoiceable_parts
from operations.ledger.payment_reports import PaymentReportGroup, payment_report
from operations.messages import base_automations
from resolvers.invoices import PREVIEW_TOKEN, EmailPreview
from resolvers.results import UserError
from rules import clock
from rules.access import ForClientsOnly, Scope
from rules.identifiers import global_id
from rules.links import BASE_MARK
from rules.money import Money
from rules.notices import whom_to_pay
from rules.states import InvoiceKind, InvoiceStatus
from tests.schema.oracle.asking import Info, asking

AMOUNTS = ("paid", "refunded", "outstanding", "unsent", "written_off")


@dataclass(frozen=True, slots=True)
class Viewer:
    """Whoever asks, as the type of their scope."""

    type_name: str


VIEWERS = {Scope.INSPECTOR: "InspectorViewer", Scope.CLIENT: "ClientViewer", Scope.PAYER: "PayerViewer"}


async def viewer(_: object, info: Info) -> Viewer | None:
    principal = asking(info).context.authenticated
    return Viewer(VIEWERS[principal.scope]) if principal else None


async def viewer_user(_: object, info: Info) -> Any:
    return await asking(info).one(models.User, asking(info).principal.user_id)


async def viewer_company(_: object, info: Info) -> Any:
    return await asking(info).one(models.Company, asking(info).principal.company_id)


async def viewer_person(_: object, info: Info) -> Any:
    return await asking(info).rows(models.Person).get_or_none(id=asking(info).principal.person_id)


async def viewer_inspection(_: object, info: Info) -> Any:
    return await asking(info).one(models.Inspection, asking(info).principal.inspection_id)


async def viewer_invoice(_: object, info: Info) -> Any:
    return await asking(info).one(models.Invoice, asking(info).principal.invoice_id)


async def viewer_guest(_: object, info: Info) -> bool:
    return asking(info).principal.guest


async def active(root: models.User, _: Info) -> bool:
    return root.deactivated_at is None


async def second_factor(root: models.User, _: Info) -> bool:
    return root.second_factor_at is not None


async def sessions(root: models.User, info: Info) -> Any:
    principal = asking(info).principal
    if root.id != principal.user_id:
        return []
    return await models.SignIn.filter(user_id=root.id, revoked_at=None, expires_at__gt=clock.now()).order_by("id")


async def session_id(root: models.SignIn, _: Info) -> str:
    return global_id("Session", root.id)


async def refreshed_at(root: models.SignIn, _: Info) -> datetime:
    return root.refreshed_at or root.created_at


async def is_current_session(root: models.SignIn, info: Info) -> bool:
    return root.id == asking(info).principal.session_id


async def overdue(root: models.Inspection | models.Invoice, _: Info) -> bool:
    return root.overdue_from is not None and root.overdue_from <= clock.now()


async def company_branding(root: models.Company, info: Info) -> Any:
    return await asking(info).rows(models.Branding).get(company_id=root.id)


async def invoice_branding(root: models.Invoice, info: Info) -> Any:
    return await asking(info).rows(models.Branding).get(company_id=root.company_id)


async def branding_name(root: models.Branding, _: Info) -> str:
    return (await models.Company.get(id=root.company_id)).name


async def logo_url(root: models.Branding, info: Info) -> str | None:
    return asking(info).context.dependencies.portals.logo_url(root.logo) if root.logo else None


async def primary_invoice(root: models.Inspection, info: Info) -> Any:
    invoices = await asking(info).listed(models.Invoice, inspection_id=root.id)
    return next(invoice for invoice in invoices if invoice.kind is InvoiceKind.PRIMARY)


async def unsent(root: models.Inspection, info: Info) -> Money:
    return await _remaining(root, info, InvoiceStatus.DRAFT)


async def written_off(root: models.Inspection, info: Info) -> Money:
    return await _remaining(root, info, InvoiceStatus.UNCOLLECTIBLE)


async def _remaining(root: models.Inspection, info: Info, status: InvoiceStatus) -> Money:
    canceled = root.status is models.InspectionStatus.CANCELED
    invoices = () if canceled else await asking(info).listed(models.Invoice, inspection_id=root.id)
    return Money(sum(one.remaining_minor for one in invoices if one.status is status), root.currency)


async def invoicing(root: models.Inspection, info: Info) -> dict[str, Any]:
    primary = await primary_invoice(root, info)
    company = await models.Company.get(id=root.company_id)
    refusal = refusal_to_invoice(company, root, invoiceable=primary.remaining_minor)
    lines = await asking(info).listed(models.InvoiceLine, invoice_id=primary.id)
    parts = invoiceable_parts(lines, primary.remaining_minor)
    items = await asking(info).listed(models.LineItem, inspection_id=root.id)
    currency_of = {line.line_item_id: line.currency for line in lines}
    return {
        "available": refusal is None,
        "refusal": UserError.of(refusal) if refusal else None,
        "invoiceable": Money(primary.remaining_minor, root.currency),
        "people": await asking(info).listed(models.InspectionPerson, inspection_id=root.id),
        "services": [
            {"line_item": item, "invoiceable": Money(parts[item.id], currency_of[item.id])}
            for item in items
            if parts.get(item.id)
        ],
    }


@dataclass(frozen=True, slots=True)
class Report:
    """A published report, as the principal may see it."""

    url: str | None
    published_at: datetime
    locked: bool


async def report(root: models.Inspection, info: Info) -> Report | None:
    if root.report_published_at is None:
        return None
    company = await models.Company.get(id=root.company_id)
    locked = company.report_lock_enabled and root.report_unlocked_at is None and root.remaining_minor > 0
    withheld = locked and asking(info).principal.scope is not Scope.INSPECTOR
    return Report(None if withheld else root.report_url, root.report_published_at, locked)


async def stripe(root: models.Company, _: Info) -> models.Company:
    return root


async def before(root: models.Event, _: Info) -> str | None:
    return None if root.before is None else json.dumps(root.before, sort_keys=True)


async def after(root: models.Event, _: Info) -> str | None:
    return None if root.after is None else json.dumps(root.after, sort_keys=True)


async def document_url(root: models.Invoice, info: Info) -> str:
    return asking(info).context.dependencies.sign_address(f"/documents/invoices/{root.id}")


async def billed_to(root: models.Invoice, info: Info) -> Any:
    entry = await asking(info).rows(models.InspectionPerson).get_or_none(id=root.billed_to_id)
    if entry is None:
        raise ForClientsOnly
    return entry


async def notice(root: models.Invoice, _: Info) -> str | None:
    if root.status not in (InvoiceStatus.OPEN, InvoiceStatus.UNCOLLECTIBLE):
        return None
    return whom_to_pay(root.remaining, company_name=root.company_name)


async def email_preview(
    root: models.Invoice, info: Info, subject: str | None = None, message: str | None = None
) -> EmailPreview:
    link = asking(info).context.dependencies.portals.payment_link(PREVIEW_TOKEN)
    draft = check_draft(EmailDraft(subject=subject, message=message))
    lines = list(await asking(info).listed(models.InvoiceLine, invoice_id=root.id))
    entry = await models.InspectionPerson.get(id=root.billed_to_id).prefetch_related("person")
    due_on = due_date_shown(root, await models.Company.get(id=root.company_id))
    brand = await brand_of(root.company_id)
    mail = compose(root, lines, entry.person.email or "", draft, link=link, due_on=due_on, brand=brand)
    html = mail.html.replace(BASE_MARK, asking(info).context.dependencies.portals.public_url)
    return EmailPreview(mail.to, mail.subject, mail.message, html, mail.text, link)


async def payer_role_name(root: models.Payment, _: Info) -> str:
    return (await models.InspectionPerson.get(id=root.payer_id)).role_name


async def automation_name(root: models.Automation, _: Info) -> str:
    return base_automations.name_of(root)


async def automation_recipients(root: models.Automation, _: Info) -> list[str]:
    return base_automations.recipients_of(root)


async def automation_subject(root: models.Automation, _: Info) -> str:
    return base_automations.subject_of(root)


async def automation_message(root: models.Automation, _: Info) -> str:
    return base_automations.message_of(root)


async def automation_link(root: models.Automation, _: Info) -> object:
    return base_automations.link_of(root)


async def report_rows(_: object, info: Info, **given: Any) -> list[dict[str, Any]]:
    period, group = Period(given["from"], given["to"]), PaymentReportGroup(given["groupBy"])
    values = [asking(info).principal.company_id, period.start, period.end]
    of_inspectors = group is PaymentReportGroup.INSPECTOR
    query = f"SELECT * FROM ({payment_report(group)}) report ORDER BY {'label, key' if of_inspectors else 'key'}"
    rows: list[dict[str, Any]] = await connections.get("default").execute_query_dict(query, values)
    if of_inspectors:
        rows = [{**row, "key": global_id("User", UUID(row["key"]))} for row in rows]
    return [{**row, **{name: Money(row[name], row["currency"]) for name in AMOUNTS}} for row in rows]


async def outstanding(_: object, info: Info) -> Money:
    company = await models.Company.get(id=asking(info).principal.company_id)
    invoices = await models.Invoice.filter(company_id=company.id)
    return Money(sum(invoice.outstanding_minor for invoice in invoices), company.currency)


async def payment_export_url(_: object, info: Info, **given: Any) -> str:
    return _export_url(info, "payments", given)


async def receivables_export_url(_: object, info: Info, **given: Any) -> str:
    return _export_url(info, "receivables", given)


def _export_url(info: Info, name: str, given: dict[str, Any]) -> str:
    period = Period(given["from"], given["to"])
    bound = {
        "company": asking(info).principal.company_id,
        "from": period.start.isoformat(),
        "to": period.end.isoformat(),
    }
    return asking(info).context.dependencies.sign_address(f"/exports/{name}.csv?{urlencode(bound)}")
