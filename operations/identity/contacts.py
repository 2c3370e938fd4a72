"""Whom to ask: the people behind an address that once was good."""

from dataclasses import dataclass
from uuid import UUID

from models import Company, Inspection, Invoice
from operations.documents.brands import DEFAULT_BRAND, Brand, brand_of


@dataclass(frozen=True, slots=True)
class Contact:
    """A company by its name and branding, and who of it may be written to, where somebody in particular is known."""

    company_name: str
    name: str | None = None
    email: str | None = None
    brand: Brand = DEFAULT_BRAND

    @property
    def write_to(self) -> str:
        """The company's own address where it has one, else that somebody's."""
        return self.brand.email or self.email or ""


async def contact_of_invoice(invoice_id: UUID) -> Contact | None:
    """The company as the invoice names it, and the inspector of its job; None of an invoice that is not there."""
    invoice = await Invoice.get_or_none(id=invoice_id).prefetch_related("inspection__inspector")
    if invoice is None:
        return None
    inspector = invoice.inspection.inspector
    return Contact(invoice.company_name, inspector.name, inspector.email, await brand_of(invoice.company_id))


async def contact_of_inspection(inspection_id: UUID) -> Contact:
    """The company that inspects, and the inspector."""
    inspection = await Inspection.get(id=inspection_id).select_related("company", "inspector")
    inspector, company = inspection.inspector, inspection.company
    return Contact(company.name, inspector.name, inspector.email, await brand_of(company.id))


async def contact_of_company(company_id: UUID) -> Contact | None:
    """The company by its name; None of a company that is not there."""
    company = await Company.get_or_none(id=company_id)
    return Contact(company.name, brand=await brand_of(company.id)) if company else None
