"""Answers to root queries: filters over visible rows."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import Q
from tortoise.models import Model

import models
from graphql_server.paging import Page, PageRequest, read_page
from models.visible import visible
from operations.messages.base_automations import unchanged_of
from resolvers.context import Info
from resolvers.reading import read_one, selected
from rules.access import Scope
from rules.errors import NotFound, Refusal
from rules.identifiers import parse_global_id, row_id
from rules.limits import NODES_MAX
from schema.inputs.filters import EmailFilter, InspectionFilter, InvoiceFilter, PaymentFilter

SOUGHT_LENGTH_MAX = 254
"""The longest email address; names are shorter, and of a longer postal address this is enough."""

NUMBER_LENGTH_MAX = 32

NODES: dict[str, type[Model]] = {
    "Agreement": models.Agreement,
    "Automation": models.Automation,
    "Company": models.Company,
    "Email": models.Email,
    "Event": models.Event,
    "Grant": models.Grant,
    "Inspection": models.Inspection,
    "InspectionPerson": models.InspectionPerson,
    "Invoice": models.Invoice,
    "InvoiceLine": models.InvoiceLine,
    "LineItem": models.LineItem,
    "Payment": models.Payment,
    "Person": models.Person,
    "Refund": models.Refund,
    "User": models.User,
}


async def node(info: Info, global_id: str) -> Model:
    """Any visible row by its global id."""
    row = _row_of(global_id)
    if row is None:
        raise NotFound("Node", field=("id",))
    model, key = row
    found = await selected(info, visible(model, info.context.principal).filter(id=key)).first()
    found = found or _declared(info, model, key)
    if found is None:
        raise NotFound(model.__name__, field=("id",))
    return found


async def nodes(info: Info, global_ids: Sequence[str]) -> list[Model | None]:
    """Visible rows by their global ids, in that order and null where there is none; one statement for each type."""
    if len(global_ids) > NODES_MAX:
        raise Refusal(f"ids must have at most {NODES_MAX} entries.", field=("ids",))
    wanted = [_row_of(global_id) for global_id in global_ids]
    found: dict[tuple[type[Model], UUID], Model] = {}
    for model in dict.fromkeys(one[0] for one in wanted if one):
        keys = {one[1] for one in wanted if one and one[0] is model}
        rows = await selected(info, visible(model, info.context.principal).filter(id__in=keys))
        found |= {(model, row.pk): row for row in rows}
    return [(found.get(one) or _declared(info, *one)) if one else None for one in wanted]


def _declared(info: Info, model: type[Model], key: UUID) -> Model | None:
    """What staff see although no row of it is stored: the built-in automations that their company never changed."""
    if model is not models.Automation or info.context.principal.scope is not Scope.INSPECTOR:
        return None
    return unchanged_of(info.context.principal.company_id, key)


def _row_of(global_id: str) -> tuple[type[Model], UUID] | None:
    """The table and key that a global id names, if it names one."""
    try:
        type_name, key = parse_global_id(global_id)
        return NODES[type_name], key
    except (ValueError, UnicodeError, KeyError):
        return None


async def inspection(info: Info, global_id: str) -> models.Inspection:
    """One visible inspection."""
    return await read_one(info, models.Inspection, row_id(global_id, "Inspection", field="id"))


async def invoice(info: Info, global_id: str) -> models.Invoice:
    """One visible invoice."""
    return await read_one(info, models.Invoice, row_id(global_id, "Invoice", field="id"))


@dataclass(frozen=True, slots=True)
class InspectorViewer:
    """A signed-in staff member."""


@dataclass(frozen=True, slots=True)
class ClientViewer:
    """Somebody in the client portal."""


@dataclass(frozen=True, slots=True)
class PayerViewer:
    """Somebody in a payment portal."""


VIEWERS: dict[Scope, type[InspectorViewer | ClientViewer | PayerViewer]] = {
    Scope.INSPECTOR: InspectorViewer,
    Scope.CLIENT: ClientViewer,
    Scope.PAYER: PayerViewer,
}


async def viewer(info: Info) -> InspectorViewer | ClientViewer | PayerViewer | None:
    """Whoever asks."""
    if info.context.authenticated is None:
        return None
    return VIEWERS[info.context.authenticated.scope]()


async def viewer_user(info: Info) -> models.User:
    """The signed-in user."""
    return await read_one(info, models.User, _key(info.context.principal.user_id))


async def viewer_company(info: Info) -> models.Company:
    """The signed-in user's company."""
    return await read_one(info, models.Company, info.context.principal.company_id)


async def viewer_person(info: Info) -> models.Person | None:
    """Whom the link was made for, if it was for somebody in the People box."""
    person_id = info.context.principal.person_id
    if person_id is None:
        return None
    return await selected(info, visible(models.Person, info.context.principal).filter(id=person_id)).first()


async def viewer_inspection(info: Info) -> models.Inspection:
    """The one inspection that the link opens."""
    return await read_one(info, models.Inspection, _key(info.context.principal.inspection_id))


async def viewer_guest(info: Info) -> bool:
    """Whether they are not the inspection's client."""
    return info.context.principal.guest


async def viewer_invoice(info: Info) -> models.Invoice:
    """The one invoice that the link opens."""
    return await read_one(info, models.Invoice, _key(info.context.principal.invoice_id))


def _key(value: UUID | None) -> UUID:
    assert value is not None, "a principal of this scope has it"
    return value


async def inspections(
    info: Info, page: PageRequest, filter: InspectionFilter | None, *, descending: bool
) -> Page[models.Inspection]:
    """The company's inspections by date."""
    rows = visible(models.Inspection, info.context.principal)
    if filter is not None:
        rows = rows.filter(
            *_where(status=filter.status, payment_status=filter.payment_status),
            *_between("scheduled_at", filter.scheduled_from, filter.scheduled_to),
            *_outstanding(filter.outstanding),
        )
        if filter.search:
            sought = _sought(filter.search, "filter", "search")
            rows = rows.filter(Q(property_address__icontains=sought) | _numbered(sought))
    sign = "-" if descending else ""
    return await read_page(selected(info, rows), page, order=[(f"{sign}scheduled_at", datetime), (f"{sign}id", UUID)])


async def people(info: Info, page: PageRequest, search: str | None) -> Page[models.Person]:
    """The company's people by name."""
    rows = visible(models.Person, info.context.principal)
    if search:
        sought = _sought(search, "search")
        rows = rows.filter(Q(name__icontains=sought) | Q(email__icontains=sought))
    return await read_page(selected(info, rows), page, order=[("name", str), ("id", UUID)])


async def invoices(info: Info, page: PageRequest, filter: InvoiceFilter | None) -> Page[models.Invoice]:
    """The company's invoices, the newest first."""
    rows = visible(models.Invoice, info.context.principal)
    if filter is not None:
        rows = rows.filter(
            *_where(
                kind=filter.kind,
                status=filter.status,
                payment_status=filter.payment_status,
                billed_to__role=filter.payer_role,
            ),
            *_outstanding(filter.outstanding),
        )
        if filter.search:
            sought = _sought(filter.search, "filter", "search")
            rows = rows.filter(Q(billed_to_name__icontains=sought) | _numbered(sought))
    return await read_page(selected(info, rows), page, order=[("-id", UUID)])


async def payments(info: Info, page: PageRequest, filter: PaymentFilter | None) -> Page[models.Payment]:
    """The company's payments, the newest first."""
    rows = visible(models.Payment, info.context.principal)
    if filter is not None:
        rows = rows.filter(
            *_where(
                state=filter.status,
                method=filter.method,
                payer_role=filter.payer_role,
                invoice__status=filter.invoice_status,
                payer_name__icontains=_sought(filter.payer_name or "", "filter", "payerName") or None,
            ),
            *_between("created_at", filter.created_from, filter.created_to),
            *_between("settled_at", filter.settled_from, filter.settled_to),
        )
    return await read_page(selected(info, rows), page, order=[("-created_at", datetime), ("-id", UUID)])


async def emails(info: Info, page: PageRequest, filter: EmailFilter | None) -> Page[models.Email]:
    """The company's mails, the newest first."""
    rows = visible(models.Email, info.context.principal)
    if filter is not None:
        to = _sought(filter.to or "", "filter", "to") or None
        rows = rows.filter(*_where(status=filter.status, kind=filter.kind, to_address=to))
    return await read_page(selected(info, rows), page, order=[("-queued_at", datetime), ("-id", UUID)])


def _sought(text: str, *field: str) -> str:
    """The text that a list is searched for. Raises Refusal for one that is longer than what anybody looks for."""
    if len(text) > SOUGHT_LENGTH_MAX:
        raise Refusal(f"{field[-1]} must have at most {SOUGHT_LENGTH_MAX} characters.", field=field)
    return text


def _numbered(text: str) -> Q:
    """Of that number; nothing, where no number is as long."""
    return Q(number=text) if len(text) <= NUMBER_LENGTH_MAX else Q(pk__in=[])


def _where(**wanted: Any) -> list[Q]:
    """Conditions on columns, without those that nothing is asked of. Any, because a column may be of any type."""
    return [Q(**{column: value}) for column, value in wanted.items() if value is not None]


def _outstanding(wanted: bool | None) -> list[Q]:
    """With, or without, something that somebody can still be asked for (S53); all for None."""
    if wanted is None:
        return []
    return [Q(outstanding_minor__gt=0) if wanted else Q(outstanding_minor=0)]


def _between(column: str, start: datetime | None, end: datetime | None) -> list[Q]:
    """From `start`, up to and without `end`."""
    return _where(**{f"{column}__gte": start, f"{column}__lt": end})
