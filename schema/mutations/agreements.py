"""Mutations of agreements."""

import strawberry

import resolvers.agreements as resolve
from schema.base_types import CLIENT
from schema.declarations import mutation
from schema.inputs.agreements import SignAgreementInput
from schema.payloads import AgreementPayload


@strawberry.type(description="Mutations of agreements.")
class AgreementsMutations:
    sign_agreement = mutation(
        resolve.sign_agreement,
        CLIENT,
        takes=SignAgreementInput,
        returns=AgreementPayload,
        description="Sign the current version of an agreement; for the client, not for whom they shared with.",
    )
