"""What mutations of agreements take."""

import strawberry

from schema.inputs.declare import ID, given


@strawberry.input(description="Signs an agreement by typing a name.")
class SignAgreementInput:
    agreement_id: ID = given("The agreement to sign; it must be the current version.")
    name: str = given("The signer's name, as they typed it.")
