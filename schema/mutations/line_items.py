"""Mutations of line items."""

import strawberry

import resolvers.line_items as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.line_items import AddLineItemInput, RemoveLineItemInput, UpdateLineItemInput
from schema.payloads import InspectionPayload, LineItemPayload


@strawberry.type(description="Mutations of line items.")
class LineItemsMutations:
    add_line_item = mutation(
        resolve.add_line_item,
        INSPECTOR,
        takes=AddLineItemInput,
        returns=LineItemPayload,
        description="Add a charge; what may be invoiced rises by its amount.",
    )
    update_line_item = mutation(
        resolve.update_line_item,
        INSPECTOR,
        takes=UpdateLineItemInput,
        returns=LineItemPayload,
        description="Change a charge; drafts and the primary invoice follow.",
    )
    remove_line_item = mutation(
        resolve.remove_line_item,
        INSPECTOR,
        takes=RemoveLineItemInput,
        returns=InspectionPayload,
        description="Remove a charge; drafts and the primary invoice follow.",
    )
