"""What a charge may amount to."""

from decimal import Decimal

from models import LineItemKind
from rules.money import InvalidAmount, parse_amount


def checked_amount(kind: LineItemKind, amount: Decimal, currency: str) -> int:
    """The amount, given in major units, in minor ones. Raises InvalidAmount: only a DISCOUNT is below zero."""
    minor = parse_amount(amount, currency, field="amount")
    if kind is LineItemKind.DISCOUNT and minor >= 0:
        raise InvalidAmount("amount must be negative for a DISCOUNT.", field=("amount",))
    if kind is not LineItemKind.DISCOUNT and minor <= 0:
        raise InvalidAmount("amount must be greater than zero; use a DISCOUNT to reduce the total.", field=("amount",))
    return minor
