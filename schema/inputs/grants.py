"""What mutations of links take."""

import strawberry

from schema.inputs.declare import ID, given


@strawberry.input(description="Makes a link to an invoice's payment portal, to be passed on by hand.")
class CreatePaymentLinkInput:
    invoice_id: ID = given("Which invoice; a draft is opened.")


@strawberry.input(description="Makes a link to the client portal: for a person, or for an email address.")
class ShareClientPortalInput:
    inspection_id: ID = given("Of which inspection.")
    person_id: ID | None = given("For somebody in the People box.", default=None)
    email: str | None = given("For somebody else.", default=None)


@strawberry.input(description="Ends a link.")
class RevokeGrantInput:
    grant_id: ID = given("Which.")
