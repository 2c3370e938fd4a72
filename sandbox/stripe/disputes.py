"""Disputes: a cardholder or a bank takes a payment back.

A bank debit that the bank returns *after* it succeeded is a dispute too: Stripe never turns a succeeded charge into a
failed one ("Stripe might receive an ACH failure from the bank after a payment has succeeded. If this happens, Stripe
creates a dispute", support.stripe.com on ACH disputes). Bank debit disputes can't be contested, so such a dispute is
born lost: `charge.dispute.created` and `charge.dispute.closed` come together, its reason is the bank's, and the
payment intent and the charge still read `succeeded` (the charge with `disputed: true`).
"""

from sandbox.stripe import balance
from sandbox.stripe.errors import StripeError
from sandbox.stripe.events import emit
from sandbox.stripe.state import Json, Space, Store, new_id

RETURN_REASONS = ("insufficient_funds", "incorrect_account_details", "bank_cannot_process", "debit_not_authorized")
RESPONSE_SECONDS = 7 * 24 * 60 * 60
_EVIDENCE = (
    "access_activity_log", "billing_address", "cancellation_policy", "cancellation_policy_disclosure",
    "cancellation_rebuttal", "customer_communication", "customer_email_address", "customer_name",
    "customer_purchase_ip", "customer_signature", "duplicate_charge_documentation",
    "duplicate_charge_explanation", "duplicate_charge_id", "product_description", "receipt", "refund_policy",
    "refund_policy_disclosure", "refund_refusal_explanation", "service_date", "service_documentation",
    "shipping_address", "shipping_carrier", "shipping_date", "shipping_documentation",
    "shipping_tracking_number", "uncategorized_file", "uncategorized_text",
)  # fmt: skip
_OPEN = frozenset({"needs_response", "under_review", "warning_needs_response", "warning_under_review"})


def open_dispute(
    store: Store, space: Space, charge: Json, *, reason: str = "fraudulent", is_inquiry: bool = False
) -> Json:
    """Dispute what is left of a charge. An inquiry warns and takes no money; a dispute withdraws it at once."""
    if _left(space, charge) <= 0:
        raise StripeError("Nothing is left of this charge to dispute: it was refunded, or disputed already.")
    dispute = _add(store, space, charge, reason=reason, is_inquiry=is_inquiry)
    charge["disputed"] = True
    emit(store, space, "charge.dispute.created", dispute)
    if not is_inquiry:
        _withdraw(store, space, charge, dispute)
    return dispute


def return_debit(store: Store, space: Space, charge: Json, *, reason: str) -> Json:
    """The bank returns a debit that had succeeded: a dispute that is lost from the start."""
    dispute = open_dispute(store, space, charge, reason=reason)
    close(store, space, dispute, outcome="lost")
    return dispute


def close(store: Store, space: Space, dispute: Json, *, outcome: str) -> None:
    """Decide an open dispute; a won one gives the money back."""
    if dispute["status"] not in _OPEN:
        raise StripeError(f"This dispute is already closed: its status is {dispute['status']}.")
    charge = space.get("charge", dispute["charge"])
    is_inquiry = dispute["status"].startswith("warning_")
    dispute["status"] = "warning_closed" if is_inquiry else outcome
    if outcome == "won" and not is_inquiry:
        transaction = balance.record(
            store,
            space,
            dispute,
            amount=dispute["amount"],
            currency=dispute["currency"],
            type="adjustment",
            category="dispute_reversal",
            description=f"Chargeback reversal for {charge['id']}",
        )
        dispute["balance_transactions"].append(transaction)
        emit(store, space, "charge.dispute.funds_reinstated", dispute)
    emit(store, space, "charge.dispute.closed", dispute)


def _withdraw(store: Store, space: Space, charge: Json, dispute: Json) -> None:
    transaction = balance.record(
        store,
        space,
        dispute,
        amount=-dispute["amount"],
        currency=dispute["currency"],
        type="adjustment",
        category="dispute",
        fee=balance.DISPUTE_FEE,
        description=f"Chargeback withdrawal for {charge['id']}",
    )
    dispute["balance_transactions"].append(transaction)
    emit(store, space, "charge.dispute.funds_withdrawn", dispute)


def _left(space: Space, charge: Json) -> int:
    """What neither a refund nor a dispute that stands has taken of a charge."""
    taken = sum(
        dispute["amount"]
        for dispute in space.all("dispute")
        if dispute["charge"] == charge["id"] and dispute["status"] not in ("won", "warning_closed")
    )
    return int(charge["amount"] - charge["amount_refunded"] - taken)


def _add(store: Store, space: Space, charge: Json, *, reason: str, is_inquiry: bool) -> Json:
    now = store.clock.now()
    dispute: Json = {
        "id": new_id("du"),
        "object": "dispute",
        "amount": _left(space, charge),
        "balance_transactions": [],
        "charge": charge["id"],
        "created": now,
        "currency": charge["currency"],
        "enhanced_eligibility_types": [],
        "evidence": {**dict.fromkeys(_EVIDENCE), "enhanced_evidence": {}},
        "evidence_details": {
            "due_by": now + RESPONSE_SECONDS,
            "enhanced_eligibility": {},
            "has_evidence": False,
            "past_due": False,
            "submission_count": 0,
        },
        "is_charge_refundable": is_inquiry,
        "livemode": False,
        "metadata": {},
        "payment_intent": charge["payment_intent"],
        "reason": reason,
        "status": "warning_needs_response" if is_inquiry else "needs_response",
    }
    details = charge["payment_method_details"]
    if details["type"] == "card":
        kind = "inquiry" if is_inquiry else "chargeback"
        card = {"brand": details["card"]["brand"], "case_type": kind, "network_reason_code": "10.4"}
        dispute["payment_method_details"] = {"card": card, "type": "card"}
    return space.add(dispute)
