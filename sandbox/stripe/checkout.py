"""Checkout sessions: what somebody is asked to pay, and the page's doings when they try to."""

from typing import Any

from sandbox.stripe import listing, payments
from sandbox.stripe.call import Call, endpoint
from sandbox.stripe.currencies import CHARGE_MIN, KNOWN, formatted
from sandbox.stripe.errors import StripeError
from sandbox.stripe.events import emit
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


def create(call: Call) -> Json:
    """An open session. It has no payment intent until a person confirms for the first time."""
    _check_account(call)
    given = call.parameters
    lines = [_line(call, line) for line in given["line_items"]]
    currency = _one_currency(lines, given.get("currency"))
    total = sum(line["amount_total"] for line in lines)
    _check_total(total, currency)
    expires_at = given.get("expires_at", call.now + LIFE_SECONDS_MAX)
    _check_expiry(expires_at, call.now)
    methods = given.get("payment_method_types") or (["card", "us_bank_account"] if currency == "usd" else ["card"])
    if "us_bank_account" in methods and currency != "usd":
        raise StripeError(
            f"The payment method `us_bank_account` cannot be used with the currency `{currency}`: only with `usd`.",
            param="payment_method_types",
        )
    session_id = new_id("cs_test", 58)
    session = _blank_session(session_id, given, currency=currency, total=total, methods=methods)
    session.update(created=call.now, expires_at=expires_at, url=f"{call.base_url}/c/pay/{session_id}")
    call.space.add(session, lines=lines, intent_data=given.get("payment_intent_data", {}))
    call.store.at(expires_at, lambda: expire_if_open(call.store, call.space, session))
    return session


def retrieve(call: Call) -> Json:
    return call.space.get(SESSION, call.ids[0])


def list_sessions(call: Call) -> Json:
    """Newest first; `payment_intent`, `status` and `customer_details[email]` narrow it."""
    given = call.parameters
    address = given.get("customer_details", {}).get("email")
    sessions = [
        session
        for session in call.space.newest_first(SESSION)
        if given.get("payment_intent") in (None, session["payment_intent"])
        and given.get("status") in (None, session["status"])
        and address in (None, (session["customer_details"] or {}).get("email"))
    ]
    return listing.page(sessions, given, url="/v1/checkout/sessions", space=call.space, kind=SESSION)


def list_lines(call: Call) -> Json:
    session = call.space.get(SESSION, call.ids[0])
    lines: list[Json] = call.space.hidden[session["id"]]["lines"]
    stamped = [{**line, "created": session["created"]} for line in lines]
    found = listing.page(stamped, call.parameters, url=call.path, space=call.space, kind="item")
    return {**found, "data": [{name: line[name] for name in line if name != "created"} for line in found["data"]]}


def expire(call: Call) -> Json:
    """Only open sessions can be expired; a completed or expired one answers 400."""
    session = call.space.get(SESSION, call.ids[0])
    if session["status"] != "open":
        raise StripeError(
            f'Only Checkout Sessions with a status in ["open"] can be expired. This Checkout Session has a status of '
            f"`{session['status']}`."
        )
    expire_if_open(call.store, call.space, session)
    return session


def expire_if_open(store: Store, space: Space, session: Json) -> None:
    """Close a session that nobody completed; an intent that it had begun is canceled with it."""
    if session["status"] != "open":
        return
    session.update(status="expired", url=None)
    if session["payment_intent"]:
        intent = space.get("payment_intent", session["payment_intent"])
        intent.update(
            status="canceled", canceled_at=store.clock.now(), cancellation_reason="automatic", next_action=None
        )
        emit(store, space, "payment_intent.canceled", intent)
    emit(store, space, "checkout.session.expired", session)


def pay_with_card(store: Store, space: Space, session: Json, number: str, billing: Json) -> Json:
    """A person tries a card. The session stays open unless the payment succeeds."""
    intent = _intent(store, space, session)
    _check_method(session, "card")
    payments.confirm_with_card(store, space, intent, number, billing)
    return _conclude(store, space, session, intent, billing)


def pay_by_bank(store: Store, space: Space, session: Json, *, succeeds: bool, billing: Json) -> Json:
    """A person agrees to a bank debit: the session is complete at once, and unpaid until the debit is settled."""
    _check_method(session, "us_bank_account")
    intent = _intent(store, space, session)
    payments.confirm_with_bank(store, space, intent, succeeds=succeeds, billing=billing)
    return _conclude(store, space, session, intent, billing)


def authenticate(store: Store, space: Space, session: Json, *, succeeds: bool) -> Json:
    """A person passes or fails the check that their bank asked for."""
    intent = _intent(store, space, session)
    if intent["status"] != "requires_action":
        raise StripeError("There is nothing to authenticate: the payment is not waiting for it.")
    payments.authenticate(store, space, intent, succeeds=succeeds)
    return _conclude(store, space, session, intent, {})


def settle(store: Store, space: Space, session: Json) -> Json:
    """The outcome of a bank debit reaches the session."""
    intent = space.get("payment_intent", session["payment_intent"])
    if payments.settle_debit(store, space, intent):
        session["payment_status"] = "paid"
        emit(store, space, "checkout.session.async_payment_succeeded", session)
    else:
        emit(store, space, "checkout.session.async_payment_failed", session)
    return intent


def is_settling(space: Space, session: Json) -> bool:
    intent_id = session["payment_intent"]
    return bool(intent_id) and bool(space.get("payment_intent", intent_id)["status"] == "processing")


def lines_of(space: Space, session: Json) -> list[Json]:
    lines: list[Json] = space.hidden[session["id"]]["lines"]
    return lines


def _conclude(store: Store, space: Space, session: Json, intent: Json, billing: Json) -> Json:
    session["payment_intent"] = intent["id"]
    if billing.get("email") or session["customer_details"] is None:
        session["customer_details"] = _customer_details(billing.get("email") or session["customer_email"], billing)
    if intent["status"] in ("succeeded", "processing"):
        session.update(
            status="complete", url=None, payment_status="paid" if intent["status"] == "succeeded" else "unpaid"
        )
        emit(store, space, "checkout.session.completed", session)
    return intent


def _customer_details(address: str | None, billing: Json) -> Json:
    return {
        "address": None,
        "business_name": None,
        "email": address,
        "individual_name": None,
        "name": billing.get("name"),
        "phone": None,
        "tax_exempt": "none",
        "tax_ids": [],
    }


def _intent(store: Store, space: Space, session: Json) -> Json:
    if session["payment_intent"]:
        return space.get("payment_intent", session["payment_intent"])
    intent = payments.create_intent(
        store,
        space,
        amount=session["amount_total"],
        currency=session["currency"],
        methods=list(session["payment_method_types"]),
        **space.hidden[session["id"]]["intent_data"],
    )
    session["payment_intent"] = intent["id"]
    return intent


def _check_method(session: Json, method: str) -> None:
    if method not in session["payment_method_types"]:
        raise StripeError(f"This Checkout Session does not accept {method}.", param="payment_method_types")


def _check_account(call: Call) -> None:
    account = call.store.platform.find("account", call.space.account_id)
    if account is not None and not account["charges_enabled"]:
        raise StripeError(
            "Your account cannot currently make charges. Complete the account's onboarding, or resolve what "
            "`requirements` of the account lists, and try again."
        )


def _line(call: Call, given: Json) -> Json:
    price, quantity = given["price_data"], given.get("quantity", 1)
    if price["currency"] not in KNOWN:
        raise StripeError(
            f"Invalid currency: {price['currency']}. Stripe currently supports these currencies: "
            f"{', '.join(sorted(KNOWN))}",
            param="line_items[0][price_data][currency]",
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


def _blank_session(session_id: str, given: Json, *, currency: str, total: int, methods: list[str]) -> Json:
    return {
        "id": session_id,
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
_PAGES = listing.LIST_RULES
ENDPOINTS = (
    endpoint(
        "POST",
        "/v1/checkout/sessions",
        create,
        required=("mode", "line_items", "success_url"),
        cancel_url=url,
        client_reference_id=text_up_to(200),
        currency=_currency,
        customer_creation=one_of("if_required"),
        customer_email=email,
        expires_at=integer,
        line_items=each(_LINE),
        metadata=metadata,
        mode=one_of("payment"),
        payment_intent_data=Shape(metadata=metadata, description=text_up_to(1000), receipt_email=email),
        payment_method_types=each(one_of("card", "us_bank_account")),
        success_url=url,
        ui_mode=one_of("hosted_page"),
    ),
    endpoint(
        "GET",
        "/v1/checkout/sessions",
        list_sessions,
        payment_intent=text,
        status=one_of("complete", "expired", "open"),
        customer_details=Shape(required=("email",), email=text),
        **_PAGES,
    ),
    endpoint("GET", "/v1/checkout/sessions/{id}", retrieve),
    endpoint("GET", "/v1/checkout/sessions/{id}/line_items", list_lines, **listing.PAGE_RULES),
    endpoint("POST", "/v1/checkout/sessions/{id}/expire", expire),
)
