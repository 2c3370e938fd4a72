"""The oracle's roots: lists with their filters, and single rows by their ids."""

import re
from datetime import datetime
from typing import Any
from unicodedata import combining, normalize
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
        )
    )
    by = {"DATE": ("scheduled_at", datetime), "NAME": ("client_name", str)}
    return await page(rows, given, *order(given, by, ("-scheduled_at", datetime), ("-id", UUID)))


async def people(_: object, info: Info, **given: Any) -> Page[Any]:
    rows = asking(info).rows(models.Person)
    if sought := given.get("search"):
        rows = rows.filter(id__in=[one.id for one in await rows if is_found(sought, f"{one.name} {one.email or ''}")])
    by = {"DATE": ("created_at", datetime), "NAME": ("name", str)}
    return await page(rows, given, *order(given, by, ("name", str), ("id", UUID)))


async def invoices(_: object, info: Info, **given: Any) -> Page[Any]:
    wanted = given.get("filter") or {}
    rows = (
        asking(info)
        .rows(models.Invoice)
        .filter(
            *where(wanted, kind="kind", status="status", paymentStatus="payment_status", payerRole="billed_to__role"),
            *outstanding(wanted),
        )
    )
    by = {"DATE": ("created_at", datetime), "NAME": ("billed_to_name", str)}
    return await page(rows, given, *order(given, by, ("-id", UUID)))


async def payments(_: object, info: Info, **given: Any) -> Page[Any]:
    wanted = given.get("filter") or {}
    rows = (
        asking(info)
        .rows(models.Payment)
        .filter(
            *where(wanted, status="state", method="method", payerRole="payer_role", invoiceStatus="invoice__status"),
            *between(wanted, "created", "created_at"),
            *between(wanted, "settled", "settled_at"),
        )
    )
    by = {"DATE": ("created_at", datetime), "NAME": ("payer_name", str)}
    return await page(rows, given, *order(given, by, ("-created_at", datetime), ("-id", UUID)))


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


def order(given: Given, by: dict[str, tuple[str, type]], *unsaid: tuple[str, type]) -> list[tuple[str, type]]:
    """The columns of the order that is asked for, or those of the list's own."""
    wanted = given.get("orderBy")
    if wanted is None:
        return list(unsaid)
    sign, (column, kind) = "-" if wanted["direction"] == "DESC" else "", by[wanted["field"]]
    return [(f"{sign}{column}", kind), (f"{sign}id", UUID)]


def is_found(sought: str, text: str) -> bool:
    """Whether each word that is sought is the beginning of one of the text's."""
    words = [*_words(text), *text.lower().split()]
    wanted = [word for word in sought.lower().split() if "@" in word] or list(_words(sought))
    return bool(wanted) and all(any(word.startswith(one) for word in words) for one in wanted)


def _words(text: str) -> list[str]:
    folded = "".join(one for one in normalize("NFKD", text) if not combining(one)).lower()
    return [word for word in re.split(r"[\W_]+", folded) if word]


async def services(_: object, info: Info) -> Any:
    return await asking(info).listed(models.Service)


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
