"""Answers about inspections."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import strawberry

from models import Company, Inspection, InspectionPerson, InspectionStatus, Invoice, LineItem
from operations.books import invoiceable_parts
from operations.invoices import refusal_to_invoice
from resolvers.context import Info
from resolvers.mutating import UserError
from resolvers.reading import loaded
from rules.access import Scope
from rules.money import Money
from rules.states import InvoiceKind, InvoiceStatus

Root = strawberry.Parent[Inspection]


def primary_invoice(root: Root) -> Any:
    """PRIMARY, among the loaded invoices."""
    return next(invoice for invoice in loaded(root, "invoices") if invoice.kind is InvoiceKind.PRIMARY)


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


def invoicing(root: Root) -> Any:
    """From the loaded company, charges, people and PRIMARY's lines."""
    primary: Invoice = primary_invoice(root)
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
    """A published report, as the caller may see it."""

    url: str | None
    published_at: datetime
    locked: bool


def report(root: Root, info: Info) -> Any:
    """The report, its address withheld from a client while it waits for payment."""
    if root.report_published_at is None:
        return None
    company: Company = root.company
    locked = company.report_lock_enabled and root.report_unlocked_at is None and root.remaining_minor > 0
    withheld = locked and info.context.caller.scope is not Scope.INSPECTOR
    return Report(None if withheld else root.report_url, root.report_published_at, locked)
