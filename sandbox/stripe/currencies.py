"""Currencies: the least that Stripe charges in each, and amounts as a person reads them."""

# docs.stripe.com/currencies#minimum-and-maximum-charge-amounts, in minor units.
CHARGE_MIN = {
    "usd": 50, "aed": 200, "aud": 50, "bgn": 100, "brl": 50, "cad": 50, "chf": 50, "czk": 1500, "dkk": 250,
    "eur": 50, "gbp": 30, "hkd": 400, "huf": 17500, "inr": 50, "jpy": 50, "mxn": 1000, "myr": 200, "nok": 300,
    "nzd": 50, "pln": 200, "ron": 200, "sek": 300, "sgd": 50, "thb": 1000,
}  # fmt: skip
# docs.stripe.com/currencies#zero-decimal; Stripe's own list, which differs from ISO 4217.
ZERO_DECIMAL = frozenset(
    ["bif", "clp", "djf", "gnf", "jpy", "kmf", "krw", "mga", "pyg", "rwf", "vnd", "vuv", "xaf", "xof", "xpf"]
)  # fmt: skip
KNOWN = frozenset(CHARGE_MIN) | ZERO_DECIMAL | {"ars", "cop", "idr", "ils", "isk", "php", "try", "twd", "uah", "zar"}


def formatted(amount: int, currency: str) -> str:
    """`USD 12.34`; exact, without any locale."""
    if currency in ZERO_DECIMAL:
        return f"{currency.upper()} {amount}"
    sign = "-" if amount < 0 else ""
    return f"{currency.upper()} {sign}{abs(amount) // 100}.{abs(amount) % 100:02d}"
