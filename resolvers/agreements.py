"""Answers about agreements."""

from operations.inspections import agreements
from resolvers.context import Context
from resolvers.results import MutationResult
from rules.identifiers import id_of
from schema.inputs.agreements import SignAgreementInput


async def sign_agreement(context: Context, input: SignAgreementInput) -> MutationResult:
    command = agreements.SignAgreement(id_of(input.agreement_id, "Agreement"), name=input.name)
    return MutationResult(await agreements.sign_agreement(context.principal, command))
