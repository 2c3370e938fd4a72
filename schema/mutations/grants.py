"""Mutations of grants."""

import strawberry

import resolvers.grants as resolve
from schema.base_types import CLIENT, INSPECTOR
from schema.declarations import mutation
from schema.inputs.grants import CreatePaymentLinkInput, RevokeGrantInput, ShareClientPortalInput
from schema.payloads import GrantPayload, PaymentLinkPayload


@strawberry.type(description="Mutations of grants.")
class GrantsMutations:
    create_payment_link = mutation(
        resolve.create_payment_link,
        INSPECTOR,
        takes=CreatePaymentLinkInput,
        returns=PaymentLinkPayload,
        description="Make a link to an invoice's payment portal; opens a draft.",
    )
    share_client_portal = mutation(
        resolve.share_client_portal,
        INSPECTOR,
        CLIENT,
        takes=ShareClientPortalInput,
        returns=GrantPayload,
        description="Make a link to the client portal. What a client shares reads and pays, shares no further, and "
        "ends with the client's own link.",
    )
    revoke_grant = mutation(
        resolve.revoke_grant,
        INSPECTOR,
        CLIENT,
        takes=RevokeGrantInput,
        returns=GrantPayload,
        description="End a link at once, and those that were shared from it.",
    )
