"""Events: what happened to which object, as it was at that moment."""

import copy
from typing import Any

from sandbox.stripe.state import API_VERSION, Json, Space, Store, new_id


def emit(store: Store, space: Space, type: str, item: Json, **previous: Any) -> Json:
    """Record an event and tell the listeners; `previous` are the attributes' values before an update."""
    data: Json = {"object": copy.deepcopy(item)}
    if previous:
        data["previous_attributes"] = previous
    event = space.add(
        {
            "id": new_id("evt"),
            "object": "event",
            "api_version": API_VERSION,
            "created": store.clock.now(),
            "data": data,
            "livemode": False,
            "pending_webhooks": 1 if store.has_webhook else 0,
            "request": {"id": store.origin.request_id, "idempotency_key": store.origin.idempotency_key},
            "type": type,
        }
    )
    for listener in store.event_listeners:
        listener(space, event)
    return event


def matches(event: Json, pattern: str) -> bool:
    """Whether an event's type is the one asked for; `*` ends a pattern as in Stripe's `type` filter."""
    if pattern.endswith("*"):
        return str(event["type"]).startswith(pattern[:-1])
    return bool(event["type"] == pattern)
