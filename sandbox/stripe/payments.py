"""Payment intents and charges: what becomes of an attempt to pay by card or by bank debit."""

from typing import Any

from sandbox.stripe import balance, cards, disputes, payment_objects
from sandbox.stripe.cards import Decline, TestCard
from sandbox.stripe.errors import CARD, INVALID_REQUEST, StripeError
from sandbox.stripe.events import emit
from sandbox.stripe.state import Json, Space, Store

_BANK_FAILURE = Decline(
    "insufficient_funds", None, "The customer's account has insufficient funds to cover this payment."
)
_AUTHENTICATION_FAILURE = Decline(
    "payment_intent_authentication_failure",
    None,
    "We are unable to authenticate your payment method. Please choose a different payment method and try again.",
)


def create_intent(store: Store, space: Space, *, amount: int, currency: str, methods: list[str], **given: Any) -> Json:
    """A payment intent that waits for a payment method; `given` are its metadata, description and receipt_email."""
    intent = space.add(
        payment_objects.intent(store.clock.now(), amount=amount, currency=currency, methods=methods, **given)
    )
    emit(store, space, "payment_intent.created", intent)
    return intent


def confirm_with_card(store: Store, space: Space, intent: Json, number: str, billing: Json) -> None:
    """Try a card: the intent succeeds, waits for the person to authenticate, or is declined and can be tried again."""
    card = cards.find_card(number)
    method = space.add(payment_objects.card_method(store.clock.now(), card, billing), card=card)
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


def charge_without_intent(store: Store, space: Space, number: str, **given: Any) -> Json:
    """A charge as integrations older than payment intents make it: nothing but the charge; `given` as an intent's."""
    card = cards.find_card(number)
    if card.decline:
        raise StripeError(card.decline.message, status=402, type=CARD, code=card.decline.code)
    method = space.add(payment_objects.card_method(store.clock.now(), card, {}), card=card)
    order = {**payment_objects.intent(store.clock.now(), methods=["card"], **given), "id": None}
    charge = space.add(payment_objects.charge(store.clock.now(), order, method), card=card)
    _capture(store, space, charge)
    emit(store, space, "charge.succeeded", charge)
    return charge


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
    method = space.add(payment_objects.bank_method(store.clock.now(), billing))
    charge = space.add(payment_objects.charge(store.clock.now(), intent, method), debit_succeeds=succeeds)
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
    charge = space.add(payment_objects.charge(store.clock.now(), intent, method), card=card)
    intent["latest_charge"] = charge["id"]
    if card.decline:
        _fail(store, space, intent, method, card.decline, charge=charge)
        return
    intent["payment_method"] = method["id"]
    _succeed(store, space, intent, charge)
    if card.dispute_reason:
        disputes.open_dispute(store, space, charge, reason=card.dispute_reason, is_inquiry=card.dispute_is_inquiry)


def _succeed(store: Store, space: Space, intent: Json, charge: Json) -> None:
    _capture(store, space, charge)
    intent.update(status="succeeded", amount_received=charge["amount"], last_payment_error=None, next_action=None)
    emit(store, space, "charge.succeeded", charge)
    emit(store, space, "payment_intent.succeeded", intent)


def _capture(store: Store, space: Space, charge: Json) -> None:
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
        outcome=payment_objects.outcome("authorized", "approved_by_network", "Payment complete."),
    )


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
            outcome=payment_objects.outcome(
                kind, network, "The bank declined the payment.", reason=decline.decline_code
            ),
        )
        emit(store, space, "charge.failed", charge)
    intent.update(status="requires_payment_method", payment_method=None, last_payment_error=error, next_action=None)
    emit(store, space, "payment_intent.payment_failed", intent)
