"""How a company presents itself."""

import strawberry

import resolvers.brandings as resolve
from graphql_server.access import allow
from schema.base_types import CLIENT, INSPECTOR, PAYER


@strawberry.type(description="How a company presents itself on documents, in mails and on pages.")
class Branding:
    name: str = allow(
        INSPECTOR, CLIENT, PAYER, shows=resolve.COMPANY_NAME, description="The company's name, as it is today."
    )
    logo_url: str | None = allow(
        INSPECTOR,
        CLIENT,
        PAYER,
        shows=resolve.LOGO_URL,
        description="The address of its logo, which everybody may load, and which changes with the logo.",
    )
    color: str = allow(INSPECTOR, CLIENT, PAYER, description="The colour of its buttons and marks, as #rrggbb.")
    text_color: str = allow(
        INSPECTOR, CLIENT, PAYER, description="Black or white, whichever can be read on that colour."
    )
    postal_address: str | None = allow(INSPECTOR, CLIENT, PAYER, description="Its postal address, on several lines.")
    phone: str | None = allow(INSPECTOR, CLIENT, PAYER, description="Its phone number.")
    email: str | None = allow(
        INSPECTOR, CLIENT, PAYER, description="Where people write to it, and where replies to its mails go."
    )
    tax_id: str | None = allow(INSPECTOR, CLIENT, PAYER, description="The number that it pays taxes under.")
