"""The root of watching: fields whose value is read and sent anew after each change, over a websocket.

Each is an ordinary resolver: the transport executes the whole operation once for every value, with the access rules of
a query and whoever bears the token at that moment.
"""

from typing import Annotated

import strawberry

from graphql_server.access import allow
from graphql_server.reader import Completed
from resolvers import subscriptions as resolve
from resolvers.context import Info
from resolvers.global_ids import one
from schema.base_types import CLIENT, INSPECTOR, PAYER
from schema.inspections import Inspection
from schema.invoices import Invoice

InspectionId = Annotated[strawberry.ID, strawberry.argument(description="The inspection to watch.")]
InvoiceId = Annotated[strawberry.ID, strawberry.argument(description="The invoice to watch.")]


@strawberry.type(
    description="Watching, over graphql-transport-ws: the value now, and again after each change. "
    "A client portal is sent only what differs from what it has."
)
class Subscription:
    @allow(
        INSPECTOR,
        CLIENT,
        shows=one("Inspection", field="inspectionId"),
        graphql_type=Inspection,
        description="One inspection: its charges, People box, invoices, payments, agreements, links and mails.",
    )
    async def inspection_changed(self, info: Info, inspection_id: InspectionId) -> Completed:
        return await resolve.inspection_changed(info, inspection_id)

    @allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        shows=one("Invoice", field="invoiceId"),
        graphql_type=Invoice,
        description="One invoice and its payments.",
    )
    async def invoice_changed(self, info: Info, invoice_id: InvoiceId) -> Completed:
        return await resolve.invoice_changed(info, invoice_id)
