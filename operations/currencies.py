"""The currency a company bills in, for checking amounts before anything else about them is known."""

from models import Company
from rules.access import Principal


async def currency_of(principal: Principal) -> str:
    """The currency of the principal's company; it never changes."""
    return (await Company.get(id=principal.company_id).only("id", "currency")).currency
