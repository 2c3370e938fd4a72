"""Money in answers: two columns of a row, seen as one amount, and written by SQL."""

from graphql_server.reads import PLAIN, Column, Expression, Shape
from rules.money import CURRENCIES, exponent

_WITHOUT_DECIMALS = ", ".join(f"'{currency}'" for currency in CURRENCIES if exponent(currency) == 0)

AMOUNT = Expression(
    f"case when {{row.currency}} in ({_WITHOUT_DECIMALS}) then {{row.minor}}::numeric else {{row.minor}} * 0.01 end",
    nullable=False,
)
assert {exponent(currency) for currency in CURRENCIES} == {0, 2}, "amounts are written with two decimals or none"

CURRENCY = Column("currency", nullable=False)

# Dollars are written right here: calling a function for each amount is what a payments box would take longest for.
FORMATTED = Expression(
    "case when {row.currency} = 'USD' then"
    " case when {row.minor} < 0 then '-$' else '$' end || to_char(abs({row.minor}) * 0.01, 'FM999,999,999,999,990.00')"
    " else format_money(({row.minor})::bigint, {row.currency}) end",
    nullable=False,
    printer=PLAIN,
)


def money(minor: str, *, currency: str = "{row.currency}") -> Shape:
    """The Money of these two values in SQL; minor units."""
    return Shape({"minor": minor, "currency": currency})
