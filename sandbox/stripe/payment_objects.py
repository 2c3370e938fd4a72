"""What payment intents, charges and payment methods look like: Stripe's JSON, without any behaviour."""

from typing import Any

from sandbox.stripe.cards import TestCard
from sandbox.stripe.state import Json, new_id

_BANK = {
    "account_holder_type": "individual",
    "account_type": "checking",
    "bank_name": "STRIPE TEST BANK",
    "fingerprint": "bankfingerprint1",
    "last4": "6789",
    "routing_number": "110000000",
}


_NO_ADDRESS = {"city": None, "country": None, "line1": None, "line2": None, "postal_code": None, "state": None}


def intent(created: int, *, amount: int, currency: str, methods: list[str], **given: Any) -> Json:
    """A payment intent that waits for a payment method; `given` are its metadata, description and receipt_email."""
    intent_id = new_id("pi")
    return {
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
        "created": created,
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


def outcome(type: str, network_status: str, message: str, *, reason: str | None = None) -> Json:
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


def charge(created: int, intent: Json, method: Json) -> Json:
    """A charge that has not succeeded yet; bank debits are `py_`, as at Stripe."""
    is_card = method["type"] == "card"
    details = _card_on_charge(method["card"]) if is_card else _bank_on_charge()
    return {
        "id": new_id("ch" if is_card else "py"),
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
        "created": created,
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
        "status": "pending",
        "transfer_data": None,
        "transfer_group": None,
    }


def _method(created: int, type: str, details: Json, billing: Json) -> Json:
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
        "created": created,
        "customer": None,
        "livemode": False,
        "metadata": {},
        "type": type,
        type: details,
    }


def card_method(created: int, card: TestCard, billing: Json) -> Json:
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
    return _method(created, "card", details, billing)


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


def bank_method(created: int, billing: Json) -> Json:
    networks = {"preferred": "ach", "supported": ["ach"]}
    details = {**_BANK, "financial_connections_account": None, "networks": networks, "status_details": {}}
    return _method(created, "us_bank_account", details, billing)


def _bank_on_charge() -> Json:
    return {**_BANK, "mandate": new_id("mandate"), "payment_reference": None}
