"""A company's branding as documents and mails show it."""

from dataclasses import dataclass
from uuid import UUID

from models import Branding, Logo
from rules.colors import DEFAULT_COLOR, DEFAULT_TEXT_COLOR


@dataclass(frozen=True, slots=True)
class Brand:
    """Colours as #rrggbb; `logo` is the name of a file; what is not known is empty."""

    color: str = DEFAULT_COLOR
    text_color: str = DEFAULT_TEXT_COLOR
    postal_address: str = ""
    phone: str = ""
    email: str = ""
    tax_id: str = ""
    logo: str = ""

    @property
    def contact_lines(self) -> tuple[str, ...]:
        """Where to find the company and what it is registered as, line by line."""
        tax_id = f"Tax ID {self.tax_id}" if self.tax_id else ""
        return tuple(filter(None, (*self.postal_address.split("\n"), self.phone, self.email, tax_id)))


DEFAULT_BRAND = Brand()


async def brand_of(company_id: UUID) -> Brand:
    """The company's; the default one where it has none."""
    row = await Branding.get_or_none(company_id=company_id)
    return brand_from(row) if row else DEFAULT_BRAND


def brand_from(row: Branding) -> Brand:
    """The brand that a row holds."""
    return Brand(
        color=row.color,
        text_color=row.text_color,
        postal_address=row.postal_address or "",
        phone=row.phone or "",
        email=row.email or "",
        tax_id=row.tax_id or "",
        logo=row.logo or "",
    )


async def logo_content(name: str) -> bytes | None:
    """The picture of that name; None where there is none any more."""
    logo = await Logo.get_or_none(name=name)
    return bytes(logo.content) if logo else None
