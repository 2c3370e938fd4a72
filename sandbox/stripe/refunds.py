"""Refunds: money on its way back to who paid, and the ways in which it doesn't arrive."""

from sandbox.stripe import balance, listing
from sandbox.stripe.call import Call, endpoint
from sandbox.stripe.cards import Refunds, TestCard
from sandbox.stripe.currencies import formatted
from sandbox.stripe.errors import StripeError
from sandbox.stripe.events import emit
from sandbox.stripe.parameters import one_of, positive, text, unsettable_metadata, updated_metadata
from sandbox.stripe.payments import is_bank_debit
from sandbox.stripe.state import Json, Space, Store, new_id

FAILURE_REASONS = {"card": "expired_or_canceled_card", "us_bank_account": "unknown"}
_CLOSED_DISPUTES = frozenset({"won", "warning_closed", "prevented"})


def create(call: Call) -> Json:
    """Refund a charge in full or in part; never more than is left of it."""
    charge = _charge(call)
    amount = _amount(call.space, charge, call.parameters.get("amount"))
    refund = _add(call, charge, amount)
    charge["amount_refunded"] += amount
    charge["refunded"] = charge["amount_refunded"] == charge["amount"]
    _move_money(call.store, call.space, charge, refund)
    emit(call.store, call.space, "refund.created", refund)
    emit(call.store, call.space, "charge.refunded", charge)
    return refund


def retrieve(call: Call) -> Json:
    return call.space.get("refund", call.ids[0])


def update(call: Call) -> Json:
    """Only metadata can change; keys not named stay, empty values unset."""
    refund = call.space.get("refund", call.ids[0])
    refund["metadata"] = updated_metadata(refund["metadata"], call.parameters.get("metadata"))
    emit(call.store, call.space, "refund.updated", refund)
    return refund


def cancel(call: Call) -> Json:
    """Stripe cancels only refunds that wait for the customer (`requires_action`)."""
    refund = call.space.get("refund", call.ids[0])
    if refund["status"] != "requires_action":
        raise StripeError(
            f"You can only cancel a refund with a status of `requires_action`; this one is `{refund['status']}`.",
            param="refund",
        )
    _undo(call.store, call.space, refund, status="canceled", reason="merchant_request")
    return refund


def list_refunds(call: Call) -> Json:
    given = call.parameters
    refunds = [
        refund
        for refund in call.space.newest_first("refund")
        if given.get("charge") in (None, refund["charge"])
        and given.get("payment_intent") in (None, refund["payment_intent"])
    ]
    return listing.page(refunds, given, url="/v1/refunds", space=call.space, kind="refund")


def refunds_of(space: Space, charge: Json) -> Json:
    """What `expand[]=refunds` shows in a charge."""
    refunds = [refund for refund in space.newest_first("refund") if refund["charge"] == charge["id"]]
    return listing.whole(refunds, url=f"/v1/charges/{charge['id']}/refunds")


def settle(store: Store, space: Space, refund: Json) -> bool:
    """The bank's answer to a refund arrives; says whether anything changed."""
    plan = space.hidden.get(refund["id"], {}).pop("settles_to", None)
    if plan is None:
        return False
    conclude(store, space, refund, status=plan)
    return True


def conclude(store: Store, space: Space, refund: Json, *, status: str) -> None:
    """Bring a refund to `status`, with the money and the events that go with it."""
    if refund["status"] in ("failed", "canceled"):
        raise StripeError(f"The refund is already {refund['status']}: nothing can change it.")
    charge = space.get("charge", refund["charge"])
    if status in ("failed", "canceled"):
        kind = charge["payment_method_details"]["type"]
        reason = FAILURE_REASONS[kind] if status == "failed" else "merchant_request"
        _undo(store, space, refund, status=status, reason=reason)
        return
    refund["status"] = status
    refund.pop("pending_reason", None)
    if status == "pending":
        refund["pending_reason"] = "processing"
    emit(store, space, "refund.updated", refund)
    emit(store, space, "charge.refund.updated", refund)


def _undo(store: Store, space: Space, refund: Json, *, status: str, reason: str) -> None:
    charge = space.get("charge", refund["charge"])
    transaction = balance.record(
        store,
        space,
        refund,
        amount=refund["amount"],
        currency=refund["currency"],
        type="refund_failure",
        category="refund_failure",
        description=f"REFUND FAILURE FOR {charge['id']}",
    )
    refund.pop("pending_reason", None)
    refund.update(status=status, failure_reason=reason, failure_balance_transaction=transaction["id"])
    charge["amount_refunded"] -= refund["amount"]
    charge["refunded"] = False
    emit(store, space, "refund.updated", refund)
    emit(store, space, "charge.refund.updated", refund)
    if status == "failed":
        emit(store, space, "refund.failed", refund)


def _charge(call: Call) -> Json:
    given = call.parameters
    if ("charge" in given) == ("payment_intent" in given):
        raise StripeError(
            "One of the following params should be provided for this request: payment_intent or charge.",
            code=None if "charge" in given else "parameter_missing",
        )
    if "charge" in given:
        charge = call.space.get("charge", given["charge"], param="charge")
    else:
        intent = call.space.get("payment_intent", given["payment_intent"], param="payment_intent")
        if intent["status"] != "succeeded":
            raise StripeError(
                f"This PaymentIntent ({intent['id']}) does not have a successful charge to refund.",
                param="payment_intent",
            )
        charge = call.space.get("charge", intent["latest_charge"])
    if charge["status"] != "succeeded":
        raise StripeError(f"Charge {charge['id']} is not successful and cannot be refunded.", param="charge")
    return charge


def _amount(space: Space, charge: Json, asked: int | None) -> int:
    for dispute in space.all("dispute"):
        is_in_the_way = not dispute["is_charge_refundable"] and dispute["status"] not in _CLOSED_DISPUTES
        if dispute["charge"] == charge["id"] and is_in_the_way:
            raise StripeError(
                f"Charge {charge['id']} has been charged back; cannot issue a refund.", code="charge_disputed"
            )
    left: int = charge["amount"] - charge["amount_refunded"]
    if left == 0:
        raise StripeError(f"Charge {charge['id']} has already been refunded.", code="charge_already_refunded")
    if asked is not None and asked > left:
        raise StripeError(
            f"Refund amount ({_dollars(asked, charge)}) is greater than unrefunded amount on charge "
            f"({_dollars(left, charge)})",
            param="amount",
        )
    return left if asked is None else asked


def _dollars(amount: int, charge: Json) -> str:

    return formatted(amount, charge["currency"])


def _move_money(store: Store, space: Space, charge: Json, refund: Json) -> None:
    transaction = balance.record(
        store,
        space,
        refund,
        amount=-refund["amount"],
        currency=refund["currency"],
        type="payment_refund" if is_bank_debit(charge) else "refund",
        category="refund",
        description=f"REFUND FOR CHARGE ({charge['description'] or charge['id']})",
    )
    refund["balance_transaction"] = transaction["id"]


def _add(call: Call, charge: Json, amount: int) -> Json:
    status, settles_to = _course(call.space, charge)
    is_debit = is_bank_debit(charge)
    refund: Json = {
        "id": new_id("pyr" if is_debit else "re"),
        "object": "refund",
        "amount": amount,
        "balance_transaction": None,
        "charge": charge["id"],
        "created": call.now,
        "currency": charge["currency"],
        "destination_details": _destination(is_debit=is_debit),
        "metadata": call.parameters.get("metadata", {}),
        "payment_intent": charge["payment_intent"],
        "reason": call.parameters.get("reason"),
        "receipt_number": None,
        "source_transfer_reversal": None,
        "status": status,
        "transfer_reversal": None,
    }
    if status == "pending":
        refund["pending_reason"] = "processing"
    return call.space.add(refund, settles_to=settles_to)


def _destination(*, is_debit: bool) -> Json:
    if is_debit:
        return {"type": "us_bank_transfer", "us_bank_transfer": {"reference": None, "reference_status": "pending"}}
    card = {"reference": "1234567890123456", "reference_status": "available", "type": "refund",
            "reference_type": "acquirer_reference_number"}  # fmt: skip
    return {"type": "card", "card": card}


def _course(space: Space, charge: Json) -> tuple[str, str | None]:
    """The status a refund of this charge starts with, and the one that settling brings."""
    if is_bank_debit(charge):
        return "pending", "succeeded"
    card: TestCard = space.hidden[charge["id"]]["card"]
    return {
        Refunds.SUCCEED: ("succeeded", None),
        Refunds.SUCCEED_LATER: ("pending", "succeeded"),
        Refunds.FAIL_LATER: ("succeeded", "failed"),
    }[card.refunds]


ENDPOINTS = (
    endpoint(
        "POST",
        "/v1/refunds",
        create,
        amount=positive,
        charge=text,
        metadata=unsettable_metadata,
        payment_intent=text,
        reason=one_of("duplicate", "fraudulent", "requested_by_customer"),
    ),
    endpoint("GET", "/v1/refunds", list_refunds, charge=text, payment_intent=text, **listing.LIST_RULES),
    endpoint("GET", "/v1/refunds/{id}", retrieve),
    endpoint("POST", "/v1/refunds/{id}", update, metadata=unsettable_metadata),
    endpoint("POST", "/v1/refunds/{id}/cancel", cancel),
)
