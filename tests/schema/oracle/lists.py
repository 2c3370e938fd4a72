"""The oracle's roots: lists with their filters, and single rows by their ids."""

from datetime import datetime
from typing import Any
from uuid import UUID

from tortoise.expressions import Q
from tortoise.queryset import QuerySet

import models
from operations.messages.base_automations import unchanged, unchanged_of
from rules.access import Scope
from rules.automations import TRIGGERS
from rules.errors import NotFound, Refusal
from rules.identifiers import parse_global_id, row_id
from tests.pages import Page, PageRequest, page_request, read_page
from tests.schema.oracle.asking import TABLES, Info, asking

Given = dict[str, Any]


def page_of(given: Given) -> PageRequest:
    return page_request(**{name: given.get(name) for name in ("first", "after", "last", "before")})


async def inspections(_: object, info: Info, **given: Any) -> Page[Any]:
    wanted = given.get("filter") or {}
    rows = (
        asking(info)
        .rows(models.Inspection)
        .filter(
            *where(wanted, status="status", paymentStatus="payment_status"),
            *between(wanted, "scheduled", "scheduled_at"),
            *outstanding(wanted),
            *search(wanted, "search", parts=("property_address",), whole="number"),
        )
    )
    sign = "" if str(given.get("orderBy")) == "SCHEDULED_AT_ASC" else "-"
    return await page(rows, given, (f"{sign}scheduled_at", datetime), (f"{sign}id", UUID))


async def people(_: object, info: Info, **given: Any) -> Page[Any]:
    rows = asking(info).rows(models.Person).filter(*search(given, "search", parts=("name", "email")))
    return await page(rows, given, ("name", str), ("id", UUID))


async def invoices(_: object, info: Info, **given: Any) -> Page[Any]:
    wanted = given.get("filter") or {}
    rows = (
        asking(info)
        .rows(models.Invoice)
        .filter(
            *where(wanted, kind="kind", status="status", paymentStatus="payment_status", payerRole="billed_to__role"),
            *outstanding(wanted),
            *search(wanted, "search", parts=("billed_to_name",), whole="number"),
        )
    )
    return await page(rows, given, ("-id", UUID))


async def payments(_: object, info: Info, **given: Any) -> Page[Any]:
    wanted = given.get("filter") or {}
    rows = (
        asking(info)
        .rows(models.Payment)
        .filter(
            *where(wanted, status="state", method="method", payerRole="payer_role", invoiceStatus="invoice__status"),
            *search(wanted, "payerName", parts=("payer_name",)),
            *between(wanted, "created", "created_at"),
            *between(wanted, "settled", "settled_at"),
        )
    )
    return await page(rows, given, ("-created_at", datetime), ("-id", UUID))


async def emails(_: object, info: Info, **given: Any) -> Page[Any]:
    wanted = given.get("filter") or {}
    rows = asking(info).rows(models.Email).filter(*where(wanted, status="status", kind="kind", to="to_address"))
    return await page(rows, given, ("-queued_at", datetime), ("-id", UUID))


async def page(rows: QuerySet[Any], given: Given, *order: tuple[str, type]) -> Page[Any]:
    return await read_page(rows, page_of(given), order=order)


def where(wanted: Given, **columns: str) -> list[Q]:
    return [Q(**{column: wanted[name]}) for name, column in columns.items() if wanted.get(name) not in (None, "")]


def between(wanted: Given, name: str, column: str) -> list[Q]:
    start, end = wanted.get(f"{name}From"), wanted.get(f"{name}To")
    found = [] if start is None else [Q(**{f"{column}__gte": start})]
    return found if end is None else [*found, Q(**{f"{column}__lt": end})]


def outstanding(wanted: Given) -> list[Q]:
    asked = wanted.get("outstanding")
    return [] if asked is None else [Q(outstanding_minor__gt=0) if asked else Q(outstanding_minor=0)]


def search(wanted: Given, name: str, *, parts: tuple[str, ...], whole: str = "") -> list[Q]:
    text = wanted.get(name)
    if not text:
        return []
    found = Q(number=text) if whole and len(text) <= 32 else Q(pk__in=[])
    for column in parts:
        found |= Q(**{f"{column}__icontains": text})
    return [found]


async def automations(_: object, info: Info) -> list[models.Automation]:
    """The built-in ones first."""
    stored = await asking(info).rows(models.Automation).order_by("id")
    changed = {one.trigger: one for one in stored if one.tier is models.AutomationTier.BASE}
    company = asking(info).principal.company_id
    base = [changed.get(trigger) or unchanged(company, trigger) for trigger in TRIGGERS]
    return [*base, *(one for one in stored if one.tier is models.AutomationTier.ADVANCED)]


async def node(_: object, info: Info, id: str) -> Any:
    found = _named(id)
    if found is None:
        raise NotFound("Node", field=("id",))
    row = await _row(info, *found)
    if row is None:
        raise NotFound(found[0], field=("id",))
    return row


async def nodes(_: object, info: Info, ids: list[str]) -> list[Any]:
    if len(ids) > 100:
        raise Refusal("ids must have at most 100 entries.", field=("ids",))
    named = [_named(one) for one in ids]
    return [await _row(info, *one) if one else None for one in named]


async def _row(info: Info, type_name: str, key: UUID) -> Any:
    row = await asking(info).rows(TABLES[type_name]).filter(id=key).first()
    principal = asking(info).principal
    if row is None and type_name == "Automation" and principal.scope is Scope.INSPECTOR:
        return unchanged_of(principal.company_id, key)
    return row


def _named(global_id: str) -> tuple[str, UUID] | None:
    try:
        type_name, key = parse_global_id(global_id)
    except (ValueError, UnicodeError):
        return None
    return (type_name, key) if type_name in TABLES else None


async def inspection(_: object, info: Info, id: str) -> Any:
    return await asking(info).one(models.Inspection, row_id(id, "Inspection", field="id"))


async def invoice(_: object, info: Info, id: str) -> Any:
    return await asking(info).one(models.Invoice, row_id(id, "Invoice", field="id"))
