"""What the mutation of a company's branding takes."""

import strawberry

from rules.limits import LOGO_BYTES_MAX, LOGO_SIDE_MAX, PHONE_LENGTH_MAX, POSTAL_ADDRESS_LENGTH_MAX, TAX_ID_LENGTH_MAX
from schema.inputs.declare import optional


@strawberry.input(description="Changes how the company presents itself; what is left out stays, and null removes.")
class UpdateBrandingInput:
    color: str | None = optional("The colour of buttons and marks, such as #17527a; null for the default.")
    postal_address: str | None = optional(
        f"The postal address, on several lines; at most {POSTAL_ADDRESS_LENGTH_MAX} characters."
    )
    phone: str | None = optional(f"The phone number; at most {PHONE_LENGTH_MAX} characters.")
    email: str | None = optional("The address that people write to; replies to the company's mails go there.")
    tax_id: str | None = optional(
        f"The number that it pays taxes under, as documents print it; at most {TAX_ID_LENGTH_MAX} characters."
    )
    logo: str | None = optional(
        f"A PNG or JPEG in base64, of at most {LOGO_BYTES_MAX // 1024} KiB; it is redrawn, at most {LOGO_SIDE_MAX:,}"
        " pixels wide and high. Null removes it, and those before it, from wherever they were shown. Send it as a"
        " variable."
    )
