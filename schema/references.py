"""Types that refer to each other, by name, so that each can live in its own module."""

from typing import TYPE_CHECKING, Annotated

import strawberry

if TYPE_CHECKING:
    from schema.inspections import Inspection
    from schema.invoices import Invoice
    from schema.payments import Payment

InspectionRef = Annotated["Inspection", strawberry.lazy("schema.inspections")]
InvoiceRef = Annotated["Invoice", strawberry.lazy("schema.invoices")]
PaymentRef = Annotated["Payment", strawberry.lazy("schema.payments")]
