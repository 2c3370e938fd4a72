"""Payment intents and charges: what becomes of an attempt to pay by card or by bank debit."""

from typing import Any

from sandbox.stripe import balance, cards, disputes
from sandbox.stripe.cards import Decline, TestCard
from sandbox.stripe.errors import CARD, INVALID_REQUEST
from sandbox.stripe.events import emit
from sandbox.stripe.state import Json, Space, Store, new_id

BANK_NAME, BANK_LAST4, BANK_ROUTING_NUMBER = "STRIPE TEST BANK", "6789", "110000000"
_NO_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}
_BANK_FAILURE = Decline(
    "payment_method_provider_decline", None, "The payment failed because the customer's account has insufficient funds."
)
_AUTHENTICATION_FAILURE = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)


def create_intent(store: Store, space: Space, *, amount: int, currency: str, methods: list[str], **given: Any) -> Json:
    """A payment intent that waits for a payment method; `given` are its metadata, description and receipt_email."""
    intent_id = new_id("pi")
    intent = space.add(
        {
            "id": intent_id,
            "object": "payment_intent",
            "amount": amount,
            "amount_capturable": 0,
            "amount_details": {"tip": {}},
            "amount_received": 0,
            "application": None,
            "application_fee_amount": None,
            "automatic_payment_methods": None,
            "canceled_at": None,
            "cancellation_reason": None,
            "capture_method": "automatic_async",
            "client_secret": new_id(f"{intent_id}_secret"),
            "confirmation_method": "automatic",
            "created": store.clock.now(),
            "currency": currency,
            "customer": None,
            "description": given.get("description"),
            "last_payment_error": None,
            "latest_charge": None,
            "livemode": False,
            "metadata": dict(given.get("metadata", {})),
            "next_action": None,
            "on_behalf_of": None,
            "payment_method": None,
            "payment_method_configuration_details": None,
            "payment_method_options": {},
            "payment_method_types": methods,
            "processing": None,
            "receipt_email": given.get("receipt_email"),
            "review": None,
            "setup_future_usage": None,
            "shipping": None,
            "statement_descriptor": None,
            "statement_descriptor_suffix": None,
            "status": "requires_payment_method",
            "transfer_data": None,
            "transfer_group": None,
        }
    )
    emit(store, space, "payment_intent.created", intent)
    return intent


def confirm_with_card(store: Store, space: Space, intent: Json, number: str, billing: Json) -> None:
    """Try a card: the intent succeeds, waits for the person to authenticate, or is declined and can be tried again."""
    card = cards.find_card(number)
    method = _add_card(store, space, card, billing)
    if card.decline is cards.INCORRECT_NUMBER:
        _fail(store, space, intent, method, card.decline, charge=None)
    elif card.needs_authentication:
        intent.update(
            status="requires_action",
            payment_method=method["id"],
            last_payment_error=None,
            next_action={"type": "use_stripe_sdk", "use_stripe_sdk": {"type": "three_d_secure_redirect"}},
        )
        emit(store, space, "payment_intent.requires_action", intent)
    else:
        _charge_card(store, space, intent, method, card)


def authenticate(store: Store, space: Space, intent: Json, *, succeeds: bool) -> None:
    """The person passes or fails the bank's check that `requires_action` waits for."""
    method = space.get("payment_method", intent["payment_method"])
    intent["next_action"] = None
    if succeeds:
        card: TestCard = space.hidden[method["id"]]["card"]
        _charge_card(store, space, intent, method, card)
    else:
        _fail(store, space, intent, method, _AUTHENTICATION_FAILURE, charge=None)


def confirm_with_bank(store: Store, space: Space, intent: Json, *, succeeds: bool, billing: Json) -> None:
    """Start a bank debit: it stays processing until it is settled."""
    method = space.add(_method(store, "us_bank_account", _bank(on_method=True), billing))
    charge = _add_charge(store, space, intent, method, status="pending")
    space.hidden[charge["id"]] = {"debit_succeeds": succeeds}
    intent.update(status="processing", payment_method=method["id"], latest_charge=charge["id"], last_payment_error=None)
    emit(store, space, "charge.pending", charge)
    emit(store, space, "payment_intent.processing", intent)


def settle_debit(store: Store, space: Space, intent: Json) -> bool:
    """The bank's answer to a debit arrives; says whether the money came."""
    charge = space.get("charge", intent["latest_charge"])
    succeeds: bool = space.hidden[charge["id"]]["debit_succeeds"]
    method = space.get("payment_method", intent["payment_method"])
    if succeeds:
        _succeed(store, space, intent, charge)
    else:
        _fail(store, space, intent, method, _BANK_FAILURE, charge=charge)
    return succeeds


def is_bank_debit(charge: Json) -> bool:
    return bool(charge["payment_method_details"]["type"] == "us_bank_account")


def _charge_card(store: Store, space: Space, intent: Json, method: Json, card: TestCard) -> None:
    charge = _add_charge(store, space, intent, method, status="pending", card=card)
    intent["latest_charge"] = charge["id"]
    if card.decline:
        _fail(store, space, intent, method, card.decline, charge=charge)
        return
    intent["payment_method"] = method["id"]
    _succeed(store, space, intent, charge)
    if card.dispute_reason:
        disputes.open_dispute(store, space, charge, reason=card.dispute_reason, is_inquiry=card.dispute_is_inquiry)


def _succeed(store: Store, space: Space, intent: Json, charge: Json) -> None:
    amount, currency = charge["amount"], charge["currency"]
    is_debit = is_bank_debit(charge)
    transaction = balance.record(
        store,
        space,
        charge,
        amount=amount,
        currency=currency,
        type="payment" if is_debit else "charge",
        category="charge",
        fee=balance.bank_debit_fee(amount) if is_debit else balance.card_fee(amount, currency),
        description=charge["description"],
    )
    charge.update(
        status="succeeded",
        paid=True,
        captured=True,
        amount_captured=amount,
        balance_transaction=transaction["id"],
        outcome=_outcome("authorized", "approved_by_network", "Payment complete."),
    )
    intent.update(status="succeeded", amount_received=amount, last_payment_error=None, next_action=None)
    emit(store, space, "charge.succeeded", charge)
    emit(store, space, "payment_intent.succeeded", intent)


def _fail(store: Store, space: Space, intent: Json, method: Json, decline: Decline, *, charge: Json | None) -> None:
    error: Json = {
        "code": decline.code,
        "doc_url": f"https://stripe.com/docs/error-codes/{decline.code.replace('_', '-')}",
        "message": decline.message,
        "payment_method": {**method},
        "type": CARD if method["type"] == "card" else INVALID_REQUEST,
    }
    if decline.decline_code:
        error["decline_code"] = decline.decline_code
    if charge is not None:
        error["charge"] = charge["id"]
        kind, network = (
            ("blocked", "not_sent_to_network") if decline.is_blocked else ("issuer_declined", "declined_by_network")
        )
        charge.update(
            status="failed",
            failure_code=decline.code,
            failure_message=decline.message,
            outcome=_outcome(kind, network, "The bank declined the payment.", reason=decline.decline_code),
        )
        emit(store, space, "charge.failed", charge)
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error, next_action=None)
    emit(store, space, "payment_intent.payment_failed", intent)


def _outcome(type: str, network_status: str, message: str, *, reason: str | None = None) -> Json:
    return {
        "advice_code": None,
        "network_advice_code": None,
        "network_decline_code": None,
        "network_status": network_status,
        "reason": reason,
        "risk_level": "highest" if type == "blocked" else "normal",
        "seller_message": message,
        "type": type,
    }


def _add_charge(
    store: Store, space: Space, intent: Json, method: Json, *, status: str, card: TestCard | None = None
) -> Json:
    is_card = method["type"] == "card"
    charge_id = new_id("ch" if is_card else "py")
    details = _card_on_charge(method["card"]) if is_card else _bank(on_method=False)
    charge: Json = {
        "id": charge_id,
        "object": "charge",
        "amount": intent["amount"],
        "amount_captured": 0,
        "amount_refunded": 0,
        "application": None,
        "application_fee": None,
        "application_fee_amount": None,
        "balance_transaction": None,
        "billing_details": method["billing_details"],
        "calculated_statement_descriptor": "INSPECTION",
        "captured": False,
        "created": store.clock.now(),
        "currency": intent["currency"],
        "customer": None,
        "description": intent["description"],
        "disputed": False,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "fraud_details": {},
        "livemode": False,
        "metadata": dict(intent["metadata"]),
        "on_behalf_of": None,
        "outcome": None,
        "paid": False,
        "payment_intent": intent["id"],
        "payment_method": method["id"],
        "payment_method_details": {"type": method["type"], method["type"]: details},
        "radar_options": {},
        "receipt_email": intent["receipt_email"],
        "receipt_number": None,
        "receipt_url": None,
        "refunded": False,
        "review": None,
        "shipping": None,
        "source_transfer": None,
        "statement_descriptor": None,
        "statement_descriptor_suffix": None,
        "status": status,
        "transfer_data": None,
        "transfer_group": None,
    }
    return space.add(charge, card=card)


def _method(store: Store, type: str, details: Json, billing: Json) -> Json:
    return {
        "id": new_id("pm"),
        "object": "payment_method",
        "allow_redisplay": "limited",
        "billing_details": {
            "address": dict(_NO_ADDRESS),
            "email": billing.get("email"),
            "name": billing.get("name"),
            "phone": None,
            "tax_id": None,
        },
        "created": store.clock.now(),
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": type,
        type: details,
    }


def _add_card(store: Store, space: Space, card: TestCard, billing: Json) -> Json:
    checks = {"address_line1_check": None, "address_postal_code_check": None, "cvc_check": "pass"}
    details = {
        "brand": card.brand,
        "checks": checks,
        "country": card.country,
        "display_brand": card.brand,
        "exp_month": 12,
        "exp_year": 2034,
        "fingerprint": f"fingerprint{card.last4}",
        "funding": card.funding,
        "generated_from": None,
        "last4": card.last4,
        "networks": {"available": [card.brand], "preferred": None},
        "regulated_status": "unregulated",
        "three_d_secure_usage": {"supported": True},
        "wallet": None,
    }
    return space.add(_method(store, "card", details, billing), card=card)


def _card_on_charge(card: Json) -> Json:
    shared = (
        "brand",
        "checks",
        "country",
        "exp_month",
        "exp_year",
        "fingerprint",
        "funding",
        "last4",
        "regulated_status",
    )
    return {
        **{name: card[name] for name in shared},
        "authorization_code": "123456",
        "installments": None,
        "mandate": None,
        "network": card["brand"],
        "network_token": {"used": False},
        "network_transaction_id": None,
        "three_d_secure": None,
        "wallet": None,
    }


def _bank(*, on_method: bool) -> Json:
    bank: Json = {
        "account_holder_type": "individual",
        "account_type": "checking",
        "bank_name": BANK_NAME,
        "fingerprint": "bankfingerprint1",
        "last4": BANK_LAST4,
        "routing_number": BANK_ROUTING_NUMBER,
    }
    if on_method:
        networks = {"preferred": "ach", "supported": ["ach"]}
        return {**bank, "financial_connections_account": None, "networks": networks, "status_details": {}}
    return {**bank, "mandate": new_id("mandate"), "payment_reference": None}
