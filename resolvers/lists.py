"""Lists that a company's staff page through: what each filter leaves, in which order.

Each order has an index that begins with the company, and so has each filter that may leave few of many rows
(`models/migrations/0019_lists.py`): a page costs the same however long the list is.
"""

from collections.abc import Mapping
from typing import Final, TypeAlias

from graphql_server.reads import Arguments, Narrowing, Order, Page, equal
from resolvers import list_filters as leave

Columns: TypeAlias = tuple[tuple[str, str], ...]

ID: Final = ("id", "uuid")
SCHEDULED_AT: Final = ("scheduled_at", "timestamptz")
CREATED_AT: Final = ("created_at", "timestamptz")

INSPECTION_ORDERS: Final[Mapping[str, Columns]] = {
    "DATE": (SCHEDULED_AT, ID),
    "AMOUNT": (("total_minor", "bigint"), ID),
    "NAME": (("client_name", "text"), ID),
    "STATUS": (("status", "text"), SCHEDULED_AT, ID),
}
INVOICE_ORDERS: Final[Mapping[str, Columns]] = {
    "DATE": (CREATED_AT, ID),
    "AMOUNT": (("total_minor", "bigint"), ID),
    "NAME": (("billed_to_name", "text"), ID),
    "STATUS": (("status", "text"), ID),
}
PAYMENT_ORDERS: Final[Mapping[str, Columns]] = {
    "DATE": (CREATED_AT, ID),
    "AMOUNT": (("amount_minor", "bigint"), ID),
    "NAME": (("payer_name", "text"), ID),
    "STATUS": (("state", "text"), CREATED_AT, ID),
}
PEOPLE_ORDERS: Final[Mapping[str, Columns]] = {"DATE": (CREATED_AT, ID), "NAME": (("name", "text"), ID)}

_WITH_INVOICE_NUMBERED = """{row.invoice_id} in (
    select billed.id from invoices billed
     where billed.company_id = caller.company_id and billed.number = {given.number})"""


def _ordered(arguments: Arguments, orders: Mapping[str, Columns]) -> Narrowing:
    wanted = arguments.within("orderBy")
    field = wanted.text("field")
    return Narrowing(order=Order(orders[field], descending=wanted.text("direction") == "DESC") if field else None)


def _inspections(arguments: Arguments) -> Narrowing:
    wanted = arguments.within("filter")
    found = (
        _ordered(arguments, INSPECTION_ORDERS)
        & equal("status", wanted.text("status"))
        & equal("payment_status", wanted.text("paymentStatus"))
        & leave.by_inspector(wanted.text("inspectorId"))
        & leave.between("scheduled_at", wanted.moment("scheduledFrom"), wanted.moment("scheduledTo"))
        & leave.outstanding(wanted.flag("outstanding"))
        & leave.overdue(wanted.flag("overdue"))
        & leave.with_person(wanted.text("personId"))
        & leave.found_inspections("id", wanted.text("search"))
    )
    statuses = {"status": wanted.texts("statusIn"), "payment_status": wanted.texts("paymentStatusIn")}
    return leave.one_of(found, statuses, apart=_has_columns(found, INSPECTION_ORDERS["DATE"]))


def _invoices(arguments: Arguments) -> Narrowing:
    wanted = arguments.within("filter")
    found = (
        _ordered(arguments, INVOICE_ORDERS)
        & equal("kind", wanted.text("kind"))
        & equal("status", wanted.text("status"))
        & equal("payment_status", wanted.text("paymentStatus"))
        & leave.outstanding(wanted.flag("outstanding"))
        & leave.overdue(wanted.flag("overdue"))
        & leave.due_between(wanted)
        & leave.of_person("billed_to_id", wanted.text("personId"))
        & leave.related("inspection_people", "billed_to_id", "role", wanted.text("payerRole"))
        & leave.found_inspections("inspection_id", wanted.text("search"), numbered="{row.number} = {given.number}")
    )
    statuses = {"status": wanted.texts("statusIn"), "payment_status": wanted.texts("paymentStatusIn")}
    return leave.one_of(found, statuses, apart=_has_columns(found, (ID,)))


def _payments(arguments: Arguments) -> Narrowing:
    wanted = arguments.within("filter")
    found = (
        _ordered(arguments, PAYMENT_ORDERS)
        & equal("state", wanted.text("status"))
        & equal("method", wanted.text("method"))
        & equal("payer_role", wanted.text("payerRole"))
        & leave.of_person("payer_id", wanted.text("personId"))
        & leave.related("invoices", "invoice_id", "status", wanted.text("invoiceStatus"))
        & leave.paid_by(wanted.text("payerName"))
        & leave.between("created_at", wanted.moment("createdFrom"), wanted.moment("createdTo"))
        & leave.between("settled_at", wanted.moment("settledFrom"), wanted.moment("settledTo"))
        & leave.found_inspections("inspection_id", wanted.text("search"), numbered=_WITH_INVOICE_NUMBERED)
    )
    choices = {"state": wanted.texts("statusIn"), "method": wanted.texts("methodIn")}
    return leave.one_of(found, choices, apart=_has_columns(found, PAYMENT_ORDERS["DATE"]))


def _people(arguments: Arguments) -> Narrowing:
    return _ordered(arguments, PEOPLE_ORDERS) & leave.found_people(arguments.text("search"))


def _emails(arguments: Arguments) -> Narrowing:
    wanted = arguments.within("filter")
    to = leave.checked(wanted.text("to") or "", "filter", "to") or None
    return equal("status", wanted.text("status")) & equal("kind", wanted.text("kind")) & equal("to_address", to)


def _has_columns(found: Narrowing, columns: Columns) -> bool:
    """Whether the list is in that order, which it is, too, where none is asked for."""
    return found.order is None or found.order.columns == columns


INSPECTIONS: Final = Page(Order(INSPECTION_ORDERS["DATE"], descending=True), narrow=_inspections)
PEOPLE: Final = Page(Order(PEOPLE_ORDERS["NAME"]), narrow=_people)
INVOICES: Final = Page(Order((ID,), descending=True), narrow=_invoices)
PAYMENTS: Final = Page(Order(PAYMENT_ORDERS["DATE"], descending=True), narrow=_payments)
EMAILS: Final = Page(Order((("queued_at", "timestamptz"), ID), descending=True), narrow=_emails)
