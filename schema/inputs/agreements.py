"""What mutations of agreements take."""

import strawberry

from schema.inputs.declare import ID, given


@strawberry.input(description="Signs an agreement by typing a name.")
class SignAgreementInput:
    agreement_id: ID = given("Which version; it must be the current one.")
    name: str = given("The signer's name.")
