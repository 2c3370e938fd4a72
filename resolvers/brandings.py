"""Answers about how companies present themselves."""

from typing import Final

from graphql_server.reads import Expression, Filling, Hole, One
from operations.identity import brandings
from resolvers.context import Context, context_of
from resolvers.results import MutationResult, given_or_removed
from resolvers.rows import company_column
from schema.inputs.brandings import UpdateBrandingInput

OF_COMPANY: Final = One({"company_id": "id"})
OF_INVOICE: Final = One({"company_id": "company_id"})
"""The branding of the company itself, and of the company whose invoice it is."""

COMPANY_NAME: Final = Expression(company_column("name"), nullable=False)


def _logo_url(filling: Filling) -> str | None:
    name = filling.row["logo"]
    return context_of(filling).dependencies.portals.logo_url(str(name)) if name else None


LOGO_URL: Final = Hole({"logo": "{row.logo}"}, _logo_url)
"""Where the logo is served, to everybody."""


async def update_branding(context: Context, input: UpdateBrandingInput) -> MutationResult:
    changes = brandings.UpdateBranding(
        color=given_or_removed(input.color),
        postal_address=given_or_removed(input.postal_address),
        phone=given_or_removed(input.phone),
        email=given_or_removed(input.email),
        tax_id=given_or_removed(input.tax_id),
        logo=given_or_removed(input.logo),
    )
    await brandings.update_branding(context.principal, changes)
    return MutationResult(context.principal.company_id)
