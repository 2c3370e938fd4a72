"""Answers about links."""

from operations.identity import grants
from resolvers.context import Context
from resolvers.keys import optional_row_id
from resolvers.results import MutationResult
from rules.identifiers import id_of
from schema.inputs.grants import CreatePaymentLinkInput, RevokeGrantInput, ShareClientPortalInput


async def create_payment_link(context: Context, input: CreatePaymentLinkInput) -> MutationResult:
    key = id_of(input.invoice_id, "Invoice")
    link = await grants.create_payment_link(context.principal, key, portals=context.dependencies.portals)
    return MutationResult(extras={"url": link.url})


async def share_client_portal(context: Context, input: ShareClientPortalInput) -> MutationResult:
    command = grants.ShareClientPortal(
        id_of(input.inspection_id, "Inspection"),
        person_id=optional_row_id(input.person_id, "Person"),
        email=input.email,
    )
    link = await grants.share_client_portal(context.principal, command, portals=context.dependencies.portals)
    return MutationResult(link.grant_id, extras={"url": link.url})


async def revoke_grant(context: Context, input: RevokeGrantInput) -> MutationResult:
    return MutationResult(await grants.revoke_grant(context.principal, id_of(input.grant_id, "Grant")))
