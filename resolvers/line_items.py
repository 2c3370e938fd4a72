"""Answers about charges."""

from operations.inspections import line_items
from operations.ledger import small_remainders
from resolvers.context import Context
from resolvers.keys import optional_row_id
from resolvers.results import MutationResult, given
from rules.identifiers import id_of
from schema.inputs.line_items import AddLineItemInput, LineItemInput, RemoveLineItemInput, UpdateLineItemInput


def new_line_item(input: LineItemInput | AddLineItemInput) -> line_items.NewLineItem:
    """The charge that is asked for."""
    return line_items.NewLineItem(
        kind=input.kind,
        description=input.description,
        amount=input.amount,
        service_id=optional_row_id(input.service_id, "Service"),
    )


async def add_line_item(context: Context, input: AddLineItemInput) -> MutationResult:
    command = line_items.AddLineItem(
        id_of(input.inspection_id, "Inspection"), new_line_item(input), update_agreements=input.update_agreements
    )
    made = await line_items.add_line_item(context.principal, command, stripe=context.dependencies.stripe)
    await context.dependencies.enqueue("run_automations")
    return MutationResult(made, notices=await small_remainders.small_remainders_beside_line_item(made))


async def update_line_item(context: Context, input: UpdateLineItemInput) -> MutationResult:
    changes = line_items.UpdateLineItem(
        id_of(input.line_item_id, "LineItem"), description=given(input.description), amount=given(input.amount)
    )
    key = await line_items.update_line_item(context.principal, changes, stripe=context.dependencies.stripe)
    return MutationResult(key, notices=await small_remainders.small_remainders_beside_line_item(key))


async def remove_line_item(context: Context, input: RemoveLineItemInput) -> MutationResult:
    key = id_of(input.line_item_id, "LineItem")
    inspection = await line_items.remove_line_item(context.principal, key, stripe=context.dependencies.stripe)
    return MutationResult(inspection, notices=await small_remainders.small_remainders_of_inspection(inspection))
