"""In which order a list is asked for: `{ field direction }`, and for inspections also the values of the enum that was.

GraphQL has no input that is either an enum or an object, so these are scalars; docs/decisions has the record on it.
"""

from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Final, NewType

import strawberry
from strawberry.types.scalar import ScalarDefinition

from schema.enums import describe


class OrderDirection(StrEnum):
    """Which end of a list comes first."""

    ASC = "ASC"
    DESC = "DESC"


class InspectionOrderField(StrEnum):
    """What inspections are ordered by."""

    DATE = "DATE"
    AMOUNT = "AMOUNT"
    NAME = "NAME"
    STATUS = "STATUS"


class InvoiceOrderField(StrEnum):
    """What invoices are ordered by."""

    DATE = "DATE"
    AMOUNT = "AMOUNT"
    NAME = "NAME"
    STATUS = "STATUS"


class PaymentOrderField(StrEnum):
    """What payments are ordered by."""

    DATE = "DATE"
    AMOUNT = "AMOUNT"
    NAME = "NAME"
    STATUS = "STATUS"


class PersonOrderField(StrEnum):
    """What people are ordered by."""

    DATE = "DATE"
    NAME = "NAME"


describe(
    OrderDirection, "Which end of a list comes first.", ASC="The earliest, least or first.", DESC="The latest or most."
)
describe(
    InspectionOrderField,
    "The `field` of an InspectionOrder.",
    DATE="By when they take place.",
    AMOUNT="By their total.",
    NAME="By the name of the client who is billed.",
    STATUS="By status, in the alphabet's order, and then by when they take place.",
)
describe(
    InvoiceOrderField,
    "The `field` of an InvoiceOrder.",
    DATE="By when they were made.",
    AMOUNT="By their total.",
    NAME="By the name of the person billed.",
    STATUS="By status, in the alphabet's order, and then by when they were made.",
)
describe(
    PaymentOrderField,
    "The `field` of a PaymentOrder.",
    DATE="By when they were begun.",
    AMOUNT="By their amount.",
    NAME="By the payer's name.",
    STATUS="By status, in the alphabet's order, and then by when they were begun.",
)
describe(
    PersonOrderField,
    "The `field` of a PersonOrder.",
    DATE="By when the company got to know them.",
    NAME="By name.",
)

InspectionOrder = NewType("InspectionOrder", object)
InvoiceOrder = NewType("InvoiceOrder", object)
PaymentOrder = NewType("PaymentOrder", object)
PersonOrder = NewType("PersonOrder", object)

ORDER_ENUMS: Final = (OrderDirection, InspectionOrderField, InvoiceOrderField, PaymentOrderField, PersonOrderField)
"""What the scalars are made of: no argument names these types, but whoever writes an order looks them up."""


def _order(fields: type[StrEnum], *, shorthands: Mapping[str, Mapping[str, str]] | None = None) -> ScalarDefinition:
    """The scalar of orders by one of these fields, or by a shorthand that stands for an order."""
    name = fields.__name__.removesuffix("Field")
    short = shorthands or {}
    also = f" {' and '.join(short)} are accepted too." if short else ""
    return strawberry.scalar(
        name=name,
        description=f"An order as an object: `{{field: DATE, direction: DESC}}`, of {fields.__name__} and"
        f" OrderDirection; ASC if the direction is left out.{also}",
        parse_value=_parser(name, fields, short),
        serialize=dict,
    )


def _parser(
    name: str, fields: type[StrEnum], short: Mapping[str, Mapping[str, str]]
) -> Callable[[object], Mapping[str, str]]:
    wanted = f"{name} is an object with a field ({', '.join(fields)}) and a direction (ASC or DESC)."

    def parse(value: object) -> Mapping[str, str]:
        if isinstance(value, str) and value in short:
            return short[value]
        if not isinstance(value, dict) or not value.keys() <= {"field", "direction"}:
            raise ValueError(wanted)
        order = {"direction": OrderDirection.ASC.value, **value}
        if order.get("field") not in list(fields) or order["direction"] not in list(OrderDirection):
            raise ValueError(wanted)
        return order

    return parse


_BY_DATE = {
    f"SCHEDULED_AT_{direction}": {"field": InspectionOrderField.DATE.value, "direction": direction.value}
    for direction in OrderDirection
}

ORDERS: Final[Mapping[object, ScalarDefinition]] = {
    InspectionOrder: _order(InspectionOrderField, shorthands=_BY_DATE),
    InvoiceOrder: _order(InvoiceOrderField),
    PaymentOrder: _order(PaymentOrderField),
    PersonOrder: _order(PersonOrderField),
}
