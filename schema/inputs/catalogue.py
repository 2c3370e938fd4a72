"""What mutations of the catalogue take."""

from decimal import Decimal

import strawberry

import models
from rules.limits import DESCRIPTION_LENGTH_MAX, SERVICE_DESCRIPTION_LENGTH_MAX
from schema.inputs.declare import ID, given, optional


@strawberry.input(description="A new entry of the catalogue.")
class CreateServiceInput:
    name: str = given(
        f"Its name, as charges print it; at most {DESCRIPTION_LENGTH_MAX} characters, once in a catalogue."
    )
    amount: Decimal = given("Its price in the company's currency; negative for a DISCOUNT.")
    description: str = given(
        f"What it comprises, for staff; at most {SERVICE_DESCRIPTION_LENGTH_MAX} characters.", default=""
    )
    kind: models.LineItemKind = given("SERVICE, ADD_ON, FEE or DISCOUNT.", default=models.LineItemKind.SERVICE)


@strawberry.input(description="Changes an entry of the catalogue; what is left out stays, as do charges taken from it.")
class UpdateServiceInput:
    service_id: ID = given("The entry to change.")
    name: str | None = optional("Its name, as charges print it.")
    description: str | None = optional("What it comprises, for staff; empty to remove it.")
    amount: Decimal | None = optional("Its price from now on.")
    active: bool | None = optional("False keeps it from being charged from now on; true offers it again.")
