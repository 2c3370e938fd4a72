"""Money: integer minor units with their currency, parsed and printed exactly."""

from dataclasses import dataclass
from decimal import Decimal
from functools import lru_cache

from babel.numbers import format_currency, get_currency_precision

from rules.errors import ErrorCode, Refusal

AMOUNT_MINOR_MAX = 99_999_999
"""The largest charge Stripe takes: eight digits in minor units (docs.stripe.com/currencies, minimum and maximum)."""


@dataclass(frozen=True, slots=True)
class Currency:
    """What we must know of a currency to bill in it.

    `minimum_charge_minor` is Stripe's minimum charge amount for a settlement in the same currency
    (docs.stripe.com/currencies); `locale` decides how amounts are printed.
    """

    minimum_charge_minor: int
    locale: str


CURRENCIES: dict[str, Currency] = {
    "AED": Currency(200, "en_AE"),
    "AUD": Currency(50, "en_AU"),
    "BRL": Currency(50, "pt_BR"),
    "CAD": Currency(50, "en_CA"),
    "CHF": Currency(50, "en_CH"),
    "CZK": Currency(1500, "cs_CZ"),
    "DKK": Currency(250, "da_DK"),
    "EUR": Currency(50, "en_IE"),
    "GBP": Currency(30, "en_GB"),
    "HKD": Currency(400, "en_HK"),
    "INR": Currency(50, "en_IN"),
    "JPY": Currency(50, "en_US"),
    "MXN": Currency(1000, "es_MX"),
    "MYR": Currency(200, "en_MY"),
    "NOK": Currency(300, "nb_NO"),
    "NZD": Currency(50, "en_NZ"),
    "PLN": Currency(200, "pl_PL"),
    "RON": Currency(200, "ro_RO"),
    "SEK": Currency(300, "sv_SE"),
    "SGD": Currency(50, "en_SG"),
    "THB": Currency(1000, "th_TH"),
    "USD": Currency(50, "en_US"),
}
"""The currencies a company may bill in: those for which Stripe publishes a minimum charge."""


class InvalidAmount(Refusal):
    """An amount that is not a sum of money in the company's currency."""

    code = ErrorCode.INVALID_AMOUNT


@dataclass(frozen=True, slots=True)
class Money:
    """An exact sum: `amount_minor` in the currency's smallest unit (cents; yen)."""

    amount_minor: int
    currency: str

    @property
    def amount(self) -> Decimal:
        """The sum in major units with the currency's number of decimals."""
        return Decimal(self.amount_minor).scaleb(-exponent(self.currency))

    @property
    def formatted(self) -> str:
        """The sum as people of that currency write it, such as `$1,250.00`."""
        return _formatted(self.amount_minor, self.currency)

    def __str__(self) -> str:
        return self.formatted


@lru_cache(maxsize=256)
def exponent(currency: str) -> int:
    """How many decimals the currency has (CLDR): 2 for USD, 0 for JPY."""
    return get_currency_precision(currency)


@lru_cache(maxsize=65_536)
def _formatted(amount_minor: int, currency: str) -> str:
    return format_currency(Money(amount_minor, currency).amount, currency, locale=CURRENCIES[currency].locale)


def minimum_charge(currency: str) -> Money:
    """The least that Stripe charges in this currency."""
    return Money(CURRENCIES[currency].minimum_charge_minor, currency)


def parse_amount(amount: Decimal, currency: str, *, field: str) -> int:
    """`amount` of major units as minor units; never rounds.

    Raises InvalidAmount naming `field` when it is no number, has more decimals than the currency, or is larger in
    size than Stripe can charge.
    """
    refuse_no_number(amount, field=field)
    places = exponent(currency)
    minor = amount.scaleb(places) if abs(amount) < AMOUNT_MINOR_MAX + 1 else None
    if minor is None or abs(minor) > AMOUNT_MINOR_MAX:
        raise InvalidAmount(f"{field} must not exceed {Money(AMOUNT_MINOR_MAX, currency)}.", field=(field,))
    if minor != minor.to_integral_value():
        decimals = "no decimals" if places == 0 else f"at most {places} decimals"
        raise InvalidAmount(f"{field} must have {decimals} in {currency}.", field=(field,))
    return int(minor)


def refuse_no_number(amount: Decimal, *, field: str) -> None:
    """Raises InvalidAmount for NaN, which is how an amount that could not be read arrives, and for infinities."""
    if not amount.is_finite():
        raise InvalidAmount(f'{field} must be a decimal number in a string, such as "12.50".', field=(field,))


def parse_bounded_amount(amount: Decimal, currency: str, *, field: str) -> int:
    """As `parse_positive_amount`, for an amount that must not exceed what there is: the caller tells that limit.

    So whatever is above the largest charge is AMOUNT_MINOR_MAX + 1, which exceeds every limit.
    """
    refuse_no_number(amount, field=field)
    if amount > Money(AMOUNT_MINOR_MAX, currency).amount:
        return AMOUNT_MINOR_MAX + 1
    return parse_positive_amount(amount, currency, field=field)


def parse_positive_amount(amount: Decimal, currency: str, *, field: str) -> int:
    """As `parse_amount`, and raises InvalidAmount unless the sum is above zero."""
    minor = parse_amount(amount, currency, field=field)
    if minor <= 0:
        raise InvalidAmount(f"{field} must be greater than {Money(0, currency)}.", field=(field,))
    return minor
