"""Objects that others make on a connected account: its owner in Stripe's dashboard, or another program of theirs.

Stripe shows them to the platform among its own, and their metadata is whatever those people chose to write there.
"""

from typing import Any

from sandbox.stripe import balance, checkout, checkout_objects, payments, refunds
from sandbox.stripe.call import Call
from sandbox.stripe.events import emit
from sandbox.stripe.parameters import metadata
from sandbox.stripe.state import Json, Space, Store, new_id

WAYS = ("checkout", "intent", "charge")
METADATA = {"payment_id": "ORD-1001", "invoice_id": "INV 77/b", "refund_id": "RMA-77"}
"""Names that we use too, with values that none of ours could have."""

REFERENCE = "cart-1001"
AMOUNT = 7_700
CARD = "4242424242424242"


def pay(store: Store, space: Space, *, way: str, base_url: str, **given: Any) -> Json:
    """A payment of somebody else's, by card: through a checkout of theirs, a bare payment intent, or a bare charge.

    `given` may hold amount, currency, metadata, client_reference_id and card. Says which objects it made.
    """
    order = {
        "amount": given.get("amount", AMOUNT),
        "currency": given.get("currency") or _currency(store, space),
        "metadata": metadata(given.get("metadata", METADATA), "metadata"),
    }
    card = given.get("card", CARD)
    checkout_objects.check_account(store, space)
    if way == "checkout":
        reference = given.get("client_reference_id", REFERENCE)
        return _by_checkout(store, space, card, base_url=base_url, reference=reference, **order)
    if way == "intent":
        intent = payments.create_intent(store, space, methods=["card"], **order)
        payments.confirm_with_card(store, space, intent, card, {})
        return {"session": None, "payment_intent": intent["id"], "charge": intent["latest_charge"]}
    charge = payments.charge_without_intent(store, space, card, **order)
    return {"session": None, "payment_intent": None, "charge": charge["id"]}


def _by_checkout(
    store: Store, space: Space, card: str, *, base_url: str, reference: str, amount: int, currency: str, **given: Any
) -> Json:
    price = {"currency": currency, "unit_amount": amount, "product_data": {"name": "A garden gnome"}}
    parameters = {
        "line_items": [{"price_data": price, "quantity": 1}],
        "success_url": "https://shop.example/thanks",
        "client_reference_id": reference,
        "payment_intent_data": given,
        **given,
    }
    session = checkout.create(_call(store, space, parameters, base_url=base_url))
    intent = checkout.pay_with_card(store, space, session, card, {})
    return {"session": session["id"], "payment_intent": intent["id"], "charge": intent["latest_charge"]}


def save_card(store: Store, space: Space) -> Json:
    """A checkout of somebody else's that only keeps a card for later: it has no amount, currency or payment."""
    blank = checkout_objects.blank_session(
        {"success_url": "https://shop.example/thanks", "metadata": dict(METADATA), "client_reference_id": REFERENCE},
        currency="usd",
        total=0,
        methods=["card"],
    )
    now = store.clock.now()
    session = space.add(
        {
            **blank,
            "amount_subtotal": None,
            "amount_total": None,
            "created": now,
            "currency": None,
            "expires_at": now + checkout_objects.LIFE_SECONDS_MAX,
            "mode": "setup",
            "payment_method_collection": "always",
            "payment_status": "no_payment_required",
            "setup_intent": new_id("seti"),
            "status": "complete",
            "total_details": None,
        },
        lines=[],
        intent_data={},
    )
    emit(store, space, "checkout.session.completed", session)
    return {"session": session["id"], "payment_intent": None, "charge": None}


def refund(store: Store, space: Space, charge: Json, *, amount: int | None, given_metadata: Json | None) -> Json:
    """A refund that somebody else makes, of a payment of theirs or of ours."""
    parameters: Json = {
        "charge": charge["id"],
        "metadata": metadata(METADATA if given_metadata is None else given_metadata, "metadata"),
    }
    if amount is not None:
        parameters["amount"] = amount
    return refunds.create(_call(store, space, parameters))


def pay_out(store: Store, space: Space, *, amount: int) -> Json:
    """Money leaves for the owner's bank account: every real account's balance has such entries."""
    now, currency = store.clock.now(), _currency(store, space)
    payout: Json = {
        "id": new_id("po"),
        "object": "payout",
        "amount": amount,
        "application_fee": None,
        "application_fee_amount": None,
        "arrival_date": now,
        "automatic": True,
        "balance_transaction": None,
        "created": now,
        "currency": currency,
        "description": "STRIPE PAYOUT",
        "destination": None,
        "failure_balance_transaction": None,
        "failure_code": None,
        "failure_message": None,
        "livemode": False,
        "metadata": {},
        "method": "standard",
        "original_payout": None,
        "reconciliation_status": "completed",
        "reversed_by": None,
        "source_type": "card",
        "statement_descriptor": None,
        "status": "paid",
        "type": "bank_account",
    }
    space.add(payout)
    entry = balance.record(
        store, space, payout, amount=-amount, currency=currency, type="payout", category="payout",
        description="STRIPE PAYOUT",
    )  # fmt: skip
    payout["balance_transaction"] = entry["id"]
    emit(store, space, "payout.paid", payout)
    return payout


def take_fee(store: Store, space: Space, *, amount: int) -> Json:
    """A fee of Stripe's own: a balance entry that has no source."""
    return balance.record(
        store, space, None, amount=-amount, currency=_currency(store, space), type="stripe_fee", category="fee",
        description="Radar for Fraud Teams",
    )  # fmt: skip


def _currency(store: Store, space: Space) -> str:
    account = store.platform.find("account", space.account_id)
    assert account is not None, "Only connected accounts are given foreign objects."
    return str(account["default_currency"])


def _call(store: Store, space: Space, parameters: Json, *, base_url: str = "") -> Call:
    return Call(store, space, parameters, (), base_url, path="", key="")
