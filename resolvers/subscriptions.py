"""Answers to subscriptions: what is read anew after each change, once the change is being watched for."""

from uuid import UUID

import models
from models.visible import visible
from resolvers.context import Info
from resolvers.reading import read_one
from rules.access import Principal, Scope
from rules.errors import NotFound
from rules.identifiers import row_id


async def inspection_changed(info: Info, global_id: str) -> models.Inspection:
    """One visible inspection, watched."""
    key = row_id(global_id, "Inspection", field="inspectionId")
    info.context.watching.begin(key)
    return await read_one(info, models.Inspection, key, field="inspectionId")


async def invoice_changed(info: Info, global_id: str) -> models.Invoice:
    """One visible invoice, watched."""
    key = row_id(global_id, "Invoice", field="invoiceId")
    info.context.watching.begin(await _watched_with(info.context.principal, key))
    return await read_one(info, models.Invoice, key, field="invoiceId")


async def _watched_with(principal: Principal, key: UUID) -> UUID:
    """The inspection, for those who may see more of it than the invoice. A payer hears nothing of other parties."""
    if principal.scope is Scope.PAYER:
        return key
    found = await visible(models.Invoice, principal).get_or_none(id=key).only("id", "inspection_id")
    if found is None:
        raise NotFound("Invoice", field=("invoiceId",))
    return found.inspection_id
