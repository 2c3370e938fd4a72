"""Lists that a company's staff page through: what each filter leaves, in which order."""

from datetime import datetime
from typing import Final

from graphql_server.reads import Arguments, Narrowing, Order, Page, Value, compare, equal
from rules.errors import Refusal

SOUGHT_LENGTH_MAX = 254
"""The longest email address; names are shorter, and of a longer postal address this is enough."""

ID: Final = ("id", "uuid")
BY_DATE: Final = Order((("scheduled_at", "timestamptz"), ID))
LATEST_FIRST: Final = Order(BY_DATE.columns, descending=True)


def _inspections(arguments: Arguments) -> Narrowing:
    wanted = arguments.within("filter")
    order = BY_DATE if arguments.text("orderBy") == "SCHEDULED_AT_ASC" else LATEST_FIRST
    return (
        Narrowing(order=order)
        & equal("status", wanted.text("status"))
        & equal("payment_status", wanted.text("paymentStatus"))
        & _between("scheduled_at", wanted.moment("scheduledFrom"), wanted.moment("scheduledTo"))
        & _outstanding(wanted.flag("outstanding"))
        & _search(wanted.text("search"), "filter", "search", parts=("property_address",), whole="number")
    )


def _people(arguments: Arguments) -> Narrowing:
    return _search(arguments.text("search"), "search", parts=("name", "email"))


def _invoices(arguments: Arguments) -> Narrowing:
    wanted = arguments.within("filter")
    return (
        equal("kind", wanted.text("kind"))
        & equal("status", wanted.text("status"))
        & equal("payment_status", wanted.text("paymentStatus"))
        & _outstanding(wanted.flag("outstanding"))
        & _related("inspection_people", "billed_to_id", "role", wanted.text("payerRole"))
        & _search(wanted.text("search"), "filter", "search", parts=("billed_to_name",), whole="number")
    )


def _payments(arguments: Arguments) -> Narrowing:
    wanted = arguments.within("filter")
    return (
        equal("state", wanted.text("status"))
        & equal("method", wanted.text("method"))
        & equal("payer_role", wanted.text("payerRole"))
        & _related("invoices", "invoice_id", "status", wanted.text("invoiceStatus"))
        & _search(wanted.text("payerName"), "filter", "payerName", parts=("payer_name",))
        & _between("created_at", wanted.moment("createdFrom"), wanted.moment("createdTo"))
        & _between("settled_at", wanted.moment("settledFrom"), wanted.moment("settledTo"))
    )


def _emails(arguments: Arguments) -> Narrowing:
    wanted = arguments.within("filter")
    to = _sought(wanted.text("to") or "", "filter", "to") or None
    return equal("status", wanted.text("status")) & equal("kind", wanted.text("kind")) & equal("to_address", to)


INSPECTIONS: Final = Page(LATEST_FIRST, narrow=_inspections)
PEOPLE: Final = Page(Order((("name", "text"), ID)), narrow=_people)
INVOICES: Final = Page(Order((ID,), descending=True), narrow=_invoices)
PAYMENTS: Final = Page(Order((("created_at", "timestamptz"), ID), descending=True), narrow=_payments)
EMAILS: Final = Page(Order((("queued_at", "timestamptz"), ID), descending=True), narrow=_emails)


def _sought(text: str, *field: str) -> str:
    """The text that a list is searched for. Raises Refusal for one that is longer than what anybody looks for."""
    if len(text) > SOUGHT_LENGTH_MAX:
        raise Refusal(f"{field[-1]} must have at most {SOUGHT_LENGTH_MAX} characters.", field=field)
    return text


def _search(text: str | None, *field: str, parts: tuple[str, ...], whole: str = "") -> Narrowing:
    """Rows of which one of the columns `parts` has the text in it, in whatever case, or `whole` is the text."""
    if not text:
        return Narrowing()
    conditions = [f"strpos(upper({{row.{column}}}), upper({{given.sought}})) > 0" for column in parts]
    conditions += [f"{{row.{whole}}} = {{given.sought}}"] if whole else []
    return Narrowing(" or ".join(conditions), {"sought": Value(_sought(text, *field), "text")})


def _outstanding(wanted: bool | None) -> Narrowing:
    """With, or without, something that somebody can still be asked for (S53); all for None."""
    if wanted is None:
        return Narrowing()
    return Narrowing("{row.outstanding_minor} > 0" if wanted else "{row.outstanding_minor} = 0")


def _between(column: str, start: datetime | None, end: datetime | None) -> Narrowing:
    """From `start`, up to and without `end`."""
    found = Narrowing()
    if start is not None:
        found &= compare(column, ">=", start, "timestamptz", name=f"{column}_from")
    if end is not None:
        found &= compare(column, "<", end, "timestamptz", name=f"{column}_to")
    return found


def _related(table: str, key: str, column: str, wanted: str | None) -> Narrowing:
    """Rows whose `key` leads to a row of the table with that value."""
    if wanted is None:
        return Narrowing()
    row = f"{table} other where other.company_id = {{row.company_id}} and other.id = {{row.{key}}}"
    return Narrowing(f"exists (select from {row} and other.{column} = {{given.{key}}})", {key: Value(wanted, "text")})
