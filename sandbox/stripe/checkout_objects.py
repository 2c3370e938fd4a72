"""What a checkout session looks like, what may be asked of one, and what Stripe refuses to make one of."""

from typing import Any

from sandbox.stripe.call import Call
from sandbox.stripe.currencies import CHARGE_MIN, KNOWN, formatted
from sandbox.stripe.errors import StripeError
from sandbox.stripe.parameters import (
    AMOUNT_MAX,
    Shape,
    amount,
    each,
    email,
    integer,
    metadata,
    one_of,
    positive,
    text,
    text_up_to,
    url,
)
from sandbox.stripe.state import Json, Space, Store, new_id

SESSION = "checkout.session"
LIFE_SECONDS_MIN, LIFE_SECONDS_MAX = 30 * 60, 24 * 60 * 60  # docs.stripe.com/api/checkout/sessions: expires_at.
LIFE_GRACE_SECONDS = 60  # Clocks differ and requests travel: Stripe doesn't count the seconds either.

# What is empty in a new session.
_UNUSED = (
    "after_expiration", "allow_promotion_codes", "billing_address_collection", "client_secret",
    "collected_information", "consent", "consent_collection", "currency_conversion", "customer",
    "customer_account", "customer_details", "invoice", "locale", "origin_context", "payment_intent",
    "payment_link", "payment_method_configuration_details", "permissions", "recovered_from",
    "saved_payment_method_options", "setup_intent", "shipping_address_collection", "shipping_cost",
    "submit_type", "subscription", "wallet_options",
)  # fmt: skip


def _currency(value: Any, name: str) -> str:
    return text(value, name).lower()


_LINE = Shape(
    required=("price_data",),
    price_data=Shape(
        required=("currency", "product_data", "unit_amount"),
        currency=_currency,
        product_data=Shape(required=("name",), name=text, description=text),
        unit_amount=amount,
    ),
    quantity=positive,
)

CREATE_RULES: dict[str, Any] = {
    "required": ("mode", "line_items", "success_url"),
    "cancel_url": url,
    "client_reference_id": text_up_to(200),
    "currency": _currency,
    "customer_creation": one_of("if_required"),
    "customer_email": email,
    "expires_at": integer,
    "line_items": each(_LINE),
    "metadata": metadata,
    "mode": one_of("payment"),
    "payment_intent_data": Shape(metadata=metadata, description=text_up_to(1000), receipt_email=email),
    "payment_method_types": each(one_of("card", "us_bank_account")),
    "success_url": url,
    "ui_mode": one_of("hosted_page"),
}


def new_session(call: Call) -> tuple[Json, list[Json]]:
    """An open session and its line items, or Stripe's refusal."""
    check_account(call.store, call.space)
    given = call.parameters
    lines = [_line(call, line, f"line_items[{index}]") for index, line in enumerate(given["line_items"])]
    currency = _one_currency(lines, given.get("currency"))
    total = sum(line["amount_total"] for line in lines)
    _check_total(total, currency)
    expires_at = given.get("expires_at", call.now + LIFE_SECONDS_MAX)
    _check_expiry(expires_at, call.now)
    methods = _methods(given.get("payment_method_types"), currency)
    session = blank_session(given, currency=currency, total=total, methods=methods)
    url = f"{call.base_url}/c/pay/{session['id']}"
    return {**session, "created": call.now, "expires_at": expires_at, "url": url}, lines


def _methods(asked: list[str] | None, currency: str) -> list[str]:
    """Those asked for, else all that the currency allows."""
    if asked and "us_bank_account" in asked and currency != "usd":
        raise StripeError(
            f"The payment method `us_bank_account` cannot be used with the currency `{currency}`: only with `usd`.",
            param="payment_method_types",
        )
    return asked or (["card", "us_bank_account"] if currency == "usd" else ["card"])


def check_account(store: Store, space: Space) -> None:
    """Refuses an account that can't charge."""
    account = store.platform.find("account", space.account_id)
    if account is not None and not account["charges_enabled"]:
        raise StripeError(
            "Your account cannot currently make charges. Complete the account's onboarding, or resolve what "
            "`requirements` of the account lists, and try again."
        )


def _line(call: Call, given: Json, name: str) -> Json:
    price, quantity = given["price_data"], given.get("quantity", 1)
    if price["currency"] not in KNOWN:
        raise StripeError(
            f"Invalid currency: {price['currency']}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(KNOWN))}",
            param=f"{name}[price_data][currency]",
        )
    total = price["unit_amount"] * quantity
    return {
        "id": new_id("li"),
        "object": "item",
        "adjustable_quantity": None,
        "amount_discount": 0,
        "amount_subtotal": total,
        "amount_tax": 0,
        "amount_total": total,
        "currency": price["currency"],
        "description": price["product_data"]["name"],
        "metadata": {},
        "price": _price(call, price),
        "quantity": quantity,
    }


def _price(call: Call, given: Json) -> Json:
    return {
        "id": new_id("price"),
        "object": "price",
        "active": False,
        "billing_scheme": "per_unit",
        "created": call.now,
        "currency": given["currency"],
        "custom_unit_amount": None,
        "livemode": False,
        "lookup_key": None,
        "metadata": {},
        "nickname": None,
        "product": new_id("prod", 14),
        "recurring": None,
        "tax_behavior": "unspecified",
        "tiers_mode": None,
        "transform_quantity": None,
        "type": "one_time",
        "unit_amount": given["unit_amount"],
        "unit_amount_decimal": str(given["unit_amount"]),
    }


def _one_currency(lines: list[Json], asked: str | None) -> str:
    currencies = {line["currency"] for line in lines} | ({asked} if asked else set())
    if len(currencies) != 1:
        raise StripeError("All line items of a Checkout Session must have the same currency.", param="line_items")
    currency: str = currencies.pop()
    return currency


def _check_total(total: int, currency: str) -> None:
    least = CHARGE_MIN.get(currency, 50)
    if total < least:
        raise StripeError(
            f"The Checkout Session's total amount must be at least {formatted(least, currency)}.",
            code="amount_too_small",
            param="line_items",
        )
    if total > AMOUNT_MAX:
        raise StripeError(
            f"The Checkout Session's total amount must be no more than {formatted(AMOUNT_MAX, currency)}.",
            code="amount_too_large",
            param="line_items",
        )


def _check_expiry(expires_at: int, now: int) -> None:
    if expires_at < now + LIFE_SECONDS_MIN - LIFE_GRACE_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be at least 30 minutes from Checkout Session creation.", param="expires_at"
        )
    if expires_at > now + LIFE_SECONDS_MAX + LIFE_GRACE_SECONDS:
        raise StripeError(
            "The `expires_at` timestamp must be less than 24 hours from Checkout Session creation.", param="expires_at"
        )


def blank_session(given: Json, *, currency: str, total: int, methods: list[str]) -> Json:
    return {
        "id": new_id("cs_test", 58),
        "object": SESSION,
        **dict.fromkeys(_UNUSED),
        "adaptive_pricing": {"enabled": False},
        "amount_subtotal": total,
        "amount_total": total,
        "automatic_tax": {"enabled": False, "liability": None, "provider": None, "status": None},
        "cancel_url": given.get("cancel_url"),
        "client_reference_id": given.get("client_reference_id"),
        "created": 0,
        "currency": currency,
        "custom_fields": [],
        "custom_text": dict.fromkeys(("after_submit", "shipping_address", "submit", "terms_of_service_acceptance")),
        "customer_creation": given.get("customer_creation", "if_required"),
        "customer_email": given.get("customer_email"),
        "discounts": [],
        "expires_at": 0,
        "invoice_creation": None,
        "livemode": False,
        "metadata": given.get("metadata", {}),
        "mode": "payment",
        "payment_method_collection": "if_required",
        "payment_method_options": {},
        "payment_method_types": methods,
        "payment_status": "unpaid",
        "phone_number_collection": {"enabled": False},
        "shipping_options": [],
        "status": "open",
        "success_url": given["success_url"],
        "total_details": {"amount_discount": 0, "amount_shipping": 0, "amount_tax": 0},
        "ui_mode": "hosted_page",
        "url": None,
    }
