"""What mutations of links take."""

import strawberry

from schema.inputs.declare import ID, given


@strawberry.input(description="Makes a link to an invoice's payment portal, to be passed on by hand.")
class CreatePaymentLinkInput:
    invoice_id: ID = given("The invoice that the link opens. A draft becomes open.")


@strawberry.input(description="Makes a link to the client portal: for a person, or for an email address.")
class ShareClientPortalInput:
    inspection_id: ID = given("The inspection that the link opens.")
    person_id: ID | None = given("Somebody in its People box to make the link for; or give email.", default=None)
    email: str | None = given(
        "The address of somebody else to make the link for, instead of personId. Nothing is mailed.", default=None
    )


@strawberry.input(description="Ends a link.")
class RevokeGrantInput:
    grant_id: ID = given("The link to revoke; it stops working at once.")
