"""Addresses of the portals, and where a checkout leads back to."""

import pytest

from rules.links import with_outcome


@pytest.mark.parametrize(
    ("portal", "back"),
    [
        ("https://pay.example.com", "https://pay.example.com?checkout=success"),
        ("https://example.com/pay", "https://example.com/pay?checkout=success"),
        ("https://example.com/pay/?lang=en", "https://example.com/pay/?lang=en&checkout=success"),
    ],
)
def test_a_checkout_leads_back_to_the_portal_with_its_outcome(portal: str, back: str) -> None:
    """Whatever the address of a company's own portal says already stays."""
    assert with_outcome(portal, "success") == back
    assert with_outcome(portal, "canceled") == back.replace("success", "canceled")
