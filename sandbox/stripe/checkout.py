"""Checkout sessions: what somebody is asked to pay, and the page's doings when they try to."""

from sandbox.stripe import checkout_objects, listing, payments
from sandbox.stripe.call import Call, endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.events import emit
from sandbox.stripe.parameters import Shape, one_of, text
from sandbox.stripe.state import Json, Space, Store

SESSION = checkout_objects.SESSION


def create(call: Call) -> Json:
    """An open session. It has no payment intent until a person confirms for the first time."""
    session, lines = checkout_objects.new_session(call)
    call.space.add(session, lines=lines, intent_data=call.parameters.get("payment_intent_data", {}))
    expire_when_due(call.store, call.space, session)
    return session


def expire_when_due(store: Store, space: Space, session: Json) -> None:
    """Close the session at its end, if nobody has completed it by then."""
    store.at(session["expires_at"], lambda: expire_if_open(store, space, session))


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
    _check_method(store, space, session, "card")
    intent = _intent(store, space, session)
    payments.confirm_with_card(store, space, intent, number, billing)
    return _conclude(store, space, session, intent, billing)


def pay_by_bank(store: Store, space: Space, session: Json, *, succeeds: bool, billing: Json) -> Json:
    """A person agrees to a bank debit: the session is complete at once, and unpaid until the debit is settled."""
    _check_method(store, space, session, "us_bank_account")
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


def _check_method(store: Store, space: Space, session: Json, method: str) -> None:
    checkout_objects.check_account(store, space)  # It may have lost the right to charge since the session began.
    if method not in session["payment_method_types"]:
        raise StripeError(f"This Checkout Session does not accept {method}.", param="payment_method_types")


_PAGES = listing.LIST_RULES
ENDPOINTS = (
    endpoint("POST", "/v1/checkout/sessions", create, **checkout_objects.CREATE_RULES),
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
