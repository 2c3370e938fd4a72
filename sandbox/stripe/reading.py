"""Endpoints that only read or annotate what others made: intents, charges, disputes, balance transactions, events."""

from collections.abc import Callable, Iterable

from sandbox.stripe import disputes, events, listing
from sandbox.stripe.call import Call, Endpoint, endpoint
from sandbox.stripe.errors import StripeError
from sandbox.stripe.parameters import each, text, unsettable_metadata, updated_metadata
from sandbox.stripe.state import Json

EVENT_TYPES_MAX = 20


def _retrieve(kind: str) -> Callable[[Call], Json]:
    return lambda call: call.space.get(kind, call.ids[0])


def _list(kind: str, *filters: str) -> Callable[[Call], Json]:
    """A list of `kind` that fields of the same name narrow."""

    def answer(call: Call) -> Json:
        given = call.parameters
        items: Iterable[Json] = (
            item
            for item in call.space.newest_first(kind)
            if all(given.get(name) in (None, item.get(name)) for name in filters)
        )
        return listing.page(items, given, url=call.path, space=call.space, kind=kind)

    return answer


def _list_events(call: Call) -> Json:
    given = call.parameters
    if "type" in given and "types" in given:
        raise StripeError("You may only specify one of these parameters: type, types.", param="types")
    patterns = [given["type"]] if "type" in given else given.get("types")
    found = [
        event
        for event in call.space.newest_first("event")
        if patterns is None or any(events.matches(event, pattern) for pattern in patterns)
    ]
    return listing.page(found, given, url="/v1/events", space=call.space, kind="event")


def _annotate(kind: str) -> Callable[[Call], Json]:
    def answer(call: Call) -> Json:
        item = call.space.get(kind, call.ids[0])
        item["metadata"] = updated_metadata(item["metadata"], call.parameters.get("metadata"))
        return item

    return answer


def _close_dispute(call: Call) -> Json:
    """The platform gives a dispute up."""
    dispute = call.space.get("dispute", call.ids[0])
    disputes.close(call.store, call.space, dispute, outcome="lost")
    return dispute


_PAGES = listing.LIST_RULES
ENDPOINTS: tuple[Endpoint, ...] = (
    endpoint("GET", "/v1/payment_intents", _list("payment_intent"), **_PAGES),
    endpoint("GET", "/v1/payment_intents/{id}", _retrieve("payment_intent")),
    endpoint("POST", "/v1/payment_intents/{id}", _annotate("payment_intent"), metadata=unsettable_metadata),
    endpoint("GET", "/v1/charges", _list("charge", "payment_intent"), payment_intent=text, **_PAGES),
    endpoint("GET", "/v1/charges/{id}", _retrieve("charge")),
    endpoint(
        "GET", "/v1/disputes", _list("dispute", "charge", "payment_intent"), charge=text, payment_intent=text, **_PAGES
    ),
    endpoint("GET", "/v1/disputes/{id}", _retrieve("dispute")),
    endpoint("POST", "/v1/disputes/{id}/close", _close_dispute),
    endpoint(
        "GET",
        "/v1/balance_transactions",
        _list("balance_transaction", "source", "type", "currency"),
        source=text,
        type=text,
        currency=text,
        **_PAGES,
    ),
    endpoint("GET", "/v1/balance_transactions/{id}", _retrieve("balance_transaction")),
    endpoint("GET", "/v1/payment_methods/{id}", _retrieve("payment_method")),
    endpoint("GET", "/v1/events", _list_events, type=text, types=each(text, count_max=EVENT_TYPES_MAX), **_PAGES),
    endpoint("GET", "/v1/events/{id}", _retrieve("event")),
)
