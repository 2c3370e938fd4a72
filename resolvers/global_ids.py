"""Global ids in answers and arguments: how SQL writes them, and which row one names."""

from collections.abc import Callable
from uuid import UUID

from graphql_server.reads import PLAIN, Arguments, Expression, Narrowing, One, Value
from rules.errors import NotFound, Refusal
from rules.identifiers import NOBODY, parse_global_id, row_id
from rules.limits import NODES_MAX

NODES = (
    "Agreement",
    "Automation",
    "Company",
    "Email",
    "Event",
    "Grant",
    "Inspection",
    "InspectionPerson",
    "Invoice",
    "InvoiceLine",
    "LineItem",
    "Payment",
    "Person",
    "Refund",
    "Service",
    "User",
)
"""The types with a global id."""

NOTHING = ("", NOBODY)


def global_id(type_name: str, key: str = "{row.id}") -> Expression:
    """The global id of the row of this type and key. Such texts have nothing that base64 writes with + or /."""
    return Expression(f"encode(('{type_name}:' || {key})::bytea, 'base64')", nullable=False, printer=PLAIN)


def by_id(type_name: str, *, field: str = "id") -> Callable[[Arguments], Narrowing]:
    """The row of this type that the argument names. Raises NotFound for what names none."""

    def narrow(arguments: Arguments) -> Narrowing:
        key = row_id(arguments.text(field) or "", type_name, field=field)
        return Narrowing("{row.id} = {given.key}", {"key": Value(key, "uuid")})

    return narrow


def not_found(type_name: str, *, field: str = "id") -> Callable[[Arguments], NotFound]:
    """What is told of a row that is not there, or not the caller's."""
    return lambda _: NotFound(type_name, field=(field,))


def one(type_name: str, *, field: str = "id") -> One:
    """The row of this type that the argument names; an error where there is none, or it is not the caller's."""
    return One(narrow=by_id(type_name, field=field), missing=not_found(type_name, field=field))


def any_by_id(arguments: Arguments) -> Narrowing:
    """The row of whatever type the argument `id` names."""
    type_name, key = _named(arguments.text("id") or "")
    if not type_name:
        raise NotFound("Node", field=("id",))
    return Narrowing("{row.id} = {given.key}", {"key": Value(key, "uuid")}, type_names=(type_name,))


def nothing_by_id(arguments: Arguments) -> NotFound:
    """What is told of an id that names no row, or none of the caller's."""
    return NotFound(_named(arguments.text("id") or "")[0], field=("id",))


def several_by_ids(arguments: Arguments) -> Narrowing:
    """The rows that the argument `ids` names."""
    ids = arguments.texts("ids") or []
    if len(ids) > NODES_MAX:
        raise Refusal(f"ids must have at most {NODES_MAX} entries.", field=("ids",))
    named = [_named(one) for one in ids]
    values = {"types": Value([name for name, _ in named], "text[]"), "keys": Value([key for _, key in named], "uuid[]")}
    return Narrowing(values=values, type_names=tuple(sorted({name for name, _ in named if name})))


def _named(global_id: str) -> tuple[str, UUID]:
    """The type and key that a global id names; NOTHING for any other text."""
    try:
        type_name, key = parse_global_id(global_id)
    except (ValueError, UnicodeError):
        return NOTHING
    return (type_name, key) if type_name in NODES else NOTHING
