"""Balance transactions: every movement on an account's Stripe balance, with its fee, exact to the minor unit."""

from sandbox.stripe.state import Json, Space, Store, new_id

AVAILABLE_AFTER_SECONDS = 2 * 24 * 60 * 60
DISPUTE_FEE = 1500  # stripe.com/pricing: $15 for each dispute received.


def card_fee(amount: int, currency: str) -> int:
    """2.9 % rounded half up, and 30 cents in US dollars (stripe.com/pricing); other currencies without the 30."""
    return (amount * 29 + 500) // 1000 + (30 if currency == "usd" else 0)


def bank_debit_fee(amount: int) -> int:
    """0.8 %, at most $5 (stripe.com/pricing)."""
    return min((amount * 8 + 500) // 1000, 500)


def record(
    store: Store,
    space: Space,
    source: Json | None,
    *,
    amount: int,
    currency: str,
    type: str,
    category: str,
    fee: int = 0,
    description: str | None = None,
) -> Json:
    """One movement of `amount`, negative when money leaves."""
    now = store.clock.now()
    fees = [{"amount": fee, "application": None, "currency": currency, "description": "Stripe processing fees",
             "type": "stripe_fee"}]  # fmt: skip
    transaction = space.add(
        {
            "id": new_id("txn"),
            "object": "balance_transaction",
            "amount": amount,
            "available_on": now + (AVAILABLE_AFTER_SECONDS if amount > 0 else 0),
            "balance_type": "payments",
            "created": now,
            "currency": currency,
            "description": description,
            "exchange_rate": None,
            "fee": fee,
            "fee_details": fees if fee else [],
            "net": amount - fee,
            "reporting_category": category,
            "source": source["id"] if source else None,
            "status": "pending" if amount > 0 else "available",
            "type": type,
        }
    )

    if amount > 0:
        store.at(transaction["available_on"], lambda: make_available(transaction))
    return transaction


def make_available(transaction: Json) -> None:
    """What was pending can be paid out now."""
    transaction["status"] = "available"
