"""What mutations of charges take."""

from decimal import Decimal

import strawberry

import models
from rules.limits import DESCRIPTION_LENGTH_MAX
from schema.inputs.declare import ID, given, optional


@strawberry.input(description="A charge.")
class LineItemInput:
    kind: models.LineItemKind = given("What it is for.")
    description: str = given(f"In the company's words; at most {DESCRIPTION_LENGTH_MAX} characters.")
    amount: Decimal = given("In the company's currency; negative for a DISCOUNT.")


@strawberry.input(description="Adds a charge.")
class AddLineItemInput:
    inspection_id: ID = given("To which inspection.")
    kind: models.LineItemKind = given("What it is for.")
    description: str = given(f"In the company's words; at most {DESCRIPTION_LENGTH_MAX} characters.")
    amount: Decimal = given("In the company's currency; negative for a DISCOUNT.")
    update_agreements: bool = given("Whether agreements are regenerated with the new total.")


@strawberry.input(description="Changes a charge; what is left out stays.")
class UpdateLineItemInput:
    line_item_id: ID = given("Which.")
    description: str | None = optional("In the company's words.")
    amount: Decimal | None = optional("In the company's currency.")


@strawberry.input(description="Removes a charge.")
class RemoveLineItemInput:
    line_item_id: ID = given("Which.")
