"""What mutations of charges take."""

from decimal import Decimal

import strawberry

import models
from rules.limits import DESCRIPTION_LENGTH_MAX
from schema.inputs.declare import ID, given, optional


@strawberry.input(description="A charge.")
class LineItemInput:
    service_id: ID | None = given(
        "An entry of the catalogue: what is left out below is copied from it, its name as the description.",
        default=None,
    )
    kind: models.LineItemKind | None = given("SERVICE, ADD_ON, FEE or DISCOUNT.", default=None)
    description: str | None = given(
        f"The charge as invoices print it; at most {DESCRIPTION_LENGTH_MAX} characters.", default=None
    )
    amount: Decimal | None = given("The price in the company's currency; negative for a DISCOUNT.", default=None)


@strawberry.input(description="Adds a charge.")
class AddLineItemInput:
    inspection_id: ID = given("The inspection to charge for.")
    update_agreements: bool = given(
        "True writes the new total into the agreement, as a new version where it is signed; false leaves it."
    )
    service_id: ID | None = given(
        "An entry of the catalogue: what is left out below is copied from it, its name as the description.",
        default=None,
    )
    kind: models.LineItemKind | None = given("SERVICE, ADD_ON, FEE or DISCOUNT.", default=None)
    description: str | None = given(
        f"The charge as invoices print it; at most {DESCRIPTION_LENGTH_MAX} characters.", default=None
    )
    amount: Decimal | None = given("The price in the company's currency; negative for a DISCOUNT.", default=None)


@strawberry.input(description="Changes a charge; what is left out stays.")
class UpdateLineItemInput:
    line_item_id: ID = given("The charge to change.")
    description: str | None = optional("The charge as invoices print it.")
    amount: Decimal | None = optional("The price in the company's currency. Invoices that bill the charge follow.")


@strawberry.input(description="Removes a charge.")
class RemoveLineItemInput:
    line_item_id: ID = given("The charge to remove.")
