"""Money: parsed and printed exactly, in every currency that can be charged."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Refusal
from rules.money import (
    AMOUNT_MINOR_MAX,
    CURRENCIES,
    InvalidAmount,
    Money,
    exponent,
    minimum_charge,
    parse_amount,
    parse_positive_amount,
)

currencies = st.sampled_from(sorted(CURRENCIES))
amounts = st.integers(-AMOUNT_MINOR_MAX, AMOUNT_MINOR_MAX)


@given(amounts, currencies)
def test_amount_survives_printing_and_parsing(minor: int, currency: str) -> None:
    money = Money(minor, currency)
    assert parse_amount(money.amount, currency, field="amount") == minor
    assert parse_amount(Decimal(f"{money.amount:f}"), currency, field="amount") == minor


@given(amounts, currencies)
def test_amount_shows_the_decimals_of_its_currency(minor: int, currency: str) -> None:
    sign, digits, places = Money(minor, currency).amount.as_tuple()
    assert places == -exponent(currency)
    assert (sign, digits) == Decimal(minor).as_tuple()[:2]


@given(amounts, currencies)
def test_printed_money_has_all_its_digits(minor: int, currency: str) -> None:
    digits = "".join(character for character in Money(minor, currency).formatted if character.isdigit())
    assert int(digits) == abs(minor)


@pytest.mark.parametrize(
    ("minor", "currency", "printed"),
    [
        (32500, "USD", "$325.00"),
        (0, "USD", "$0.00"),
        (-1, "USD", "-$0.01"),
        (123456789, "USD", "$1,234,567.89"),
        (45000, "JPY", "¥45,000"),
        (0, "JPY", "¥0"),
        (1250, "GBP", "£12.50"),
        (1250, "EUR", "€12.50"),
    ],
)
def test_money_is_printed_as_people_write_it(minor: int, currency: str, printed: str) -> None:
    assert str(Money(minor, currency)) == printed


@given(st.decimals(allow_nan=True, allow_infinity=True), currencies)
def test_parsing_is_exact_or_refused(amount: Decimal, currency: str) -> None:
    try:
        minor = parse_amount(amount, currency, field="fixedAmount")
    except InvalidAmount as error:
        refusal = error
    else:
        assert Money(minor, currency).amount == amount
        assert abs(minor) <= AMOUNT_MINOR_MAX
        return
    assert refusal.field == ("fixedAmount",)
    assert refusal.message.startswith("fixedAmount must ")


@given(st.integers(-AMOUNT_MINOR_MAX, 0), currencies)
def test_positive_amounts_exclude_zero_and_less(minor: int, currency: str) -> None:
    with pytest.raises(InvalidAmount, match="must be greater than"):
        parse_positive_amount(Money(minor, currency).amount, currency, field="amount")


@pytest.mark.parametrize("amount", ["0.001", "1E-3", "1000000", "1E30", "NaN", "sNaN", "Infinity", "-1000000"])
def test_amounts_that_are_no_money_are_refused(amount: str) -> None:
    with pytest.raises(Refusal):
        parse_amount(Decimal(amount), "USD", field="amount")


def test_yen_have_no_decimals() -> None:
    assert parse_amount(Decimal(100), "JPY", field="amount") == 100
    assert parse_amount(Decimal("100.0"), "JPY", field="amount") == 100
    with pytest.raises(InvalidAmount, match=r"amount must have no decimals in JPY\."):
        parse_amount(Decimal("100.5"), "JPY", field="amount")


@given(currencies)
def test_minimum_charge_is_some_money(currency: str) -> None:
    assert 0 < minimum_charge(currency).amount_minor < AMOUNT_MINOR_MAX
