"""Answers to subscriptions: what is read anew after each change, once the change is being watched for."""

from uuid import UUID

from graphql_server.reader import Completed
from models import Invoice
from models.visible import find_visible
from resolvers.context import Info
from resolvers.reading import read_field
from rules.access import Principal, Scope
from rules.identifiers import row_id


async def inspection_changed(info: Info, global_id: str) -> Completed:
    """One visible inspection, watched."""
    key = row_id(global_id, "Inspection", field="inspectionId")
    info.context.watching.begin(key)
    return await read_field(info._raw_info)


async def invoice_changed(info: Info, global_id: str) -> Completed:
    """One visible invoice, watched."""
    key = row_id(global_id, "Invoice", field="invoiceId")
    info.context.watching.begin(await _watched_with(info.context.principal, key))
    return await read_field(info._raw_info)


async def _watched_with(principal: Principal, key: UUID) -> UUID:
    """The inspection, for those who may see more of it than the invoice. A payer hears nothing of other parties."""
    if principal.scope is Scope.PAYER:
        return key
    return (await find_visible(Invoice, principal, key)).inspection_id
