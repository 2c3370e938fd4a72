"""Lists in pages and `expand`: how Stripe lets a client choose which objects, and how much of them, it reads."""

from collections.abc import Callable, Iterable
from typing import Any

from sandbox.stripe.errors import StripeError, missing_object
from sandbox.stripe.parameters import integer, text, time_range
from sandbox.stripe.state import Json, Space

LIMIT_DEFAULT, LIMIT_MAX = 10, 100
EXPAND_DEPTH_MAX = 4  # docs.stripe.com/expand
PAGE_RULES: dict[str, Any] = {"limit": integer, "starting_after": text, "ending_before": text}
LIST_RULES: dict[str, Any] = {**PAGE_RULES, "created": time_range}

REFERENCES = frozenset(
    {
        "balance_transaction",
        "charge",
        "failure_balance_transaction",
        "latest_charge",
        "payment_intent",
        "payment_method",
        "source",
    }
)


def page(items: Iterable[Json], parameters: Json, *, url: str, space: Space, kind: str) -> Json:
    """One page of `items`, which come newest first and already filtered."""
    limit = parameters.get("limit", LIMIT_DEFAULT)
    if not 1 <= limit <= LIMIT_MAX:
        raise StripeError(
            f"Invalid limit: must be between 1 and {LIMIT_MAX}", code="parameter_invalid_integer", param="limit"
        )
    if "starting_after" in parameters and "ending_before" in parameters:
        raise StripeError("You can't pass both starting_after and ending_before.", param="ending_before")
    chosen = [item for item in items if _in_range(item["created"], parameters.get("created"))]
    if cursor := parameters.get("starting_after"):
        rest = chosen[_position(chosen, cursor, "starting_after", space=space, kind=kind) + 1 :]
        return _list(rest[:limit], url=url, has_more=len(rest) > limit)
    if cursor := parameters.get("ending_before"):
        rest = chosen[: _position(chosen, cursor, "ending_before", space=space, kind=kind)]
        return _list(rest[-limit:], url=url, has_more=len(rest) > limit)
    return _list(chosen[:limit], url=url, has_more=len(chosen) > limit)


def whole(items: list[Json], *, url: str) -> Json:
    """A list inside another object."""
    return _list(items, url=url, has_more=False)


def _list(items: list[Json], *, url: str, has_more: bool) -> Json:
    return {"object": "list", "data": items, "has_more": has_more, "url": url}


def _in_range(created: int, bounds: dict[str, int] | None) -> bool:
    if not bounds:
        return True
    return (
        created > bounds.get("gt", created - 1)
        and created >= bounds.get("gte", created)
        and created < bounds.get("lt", created + 1)
        and created <= bounds.get("lte", created)
    )


def _position(items: list[Json], object_id: str, param: str, *, space: Space, kind: str) -> int:
    for index, item in enumerate(items):
        if item["id"] == object_id:
            return index
    raise missing_object(kind, object_id, param=param, status=400)


Derived = Callable[[Space, Json], Json]


def expanded(item: Json, paths: list[str], space: Space, derived: dict[tuple[str, str], Derived]) -> Json:
    """A copy of `item` with what `paths` name in place of its ids; stored objects are never touched."""
    for path in paths:
        parts = path.split(".")
        if len(parts) > EXPAND_DEPTH_MAX + 1:
            raise StripeError(f"You cannot expand more than {EXPAND_DEPTH_MAX} levels of a property.", param="expand")
        item = _expand(item, parts, path, space, derived)
    return item


def _expand(item: Json, parts: list[str], path: str, space: Space, derived: dict[tuple[str, str], Derived]) -> Json:
    name, rest = parts[0], parts[1:]
    value: Any = item.get(name)
    if make := derived.get((item.get("object", ""), name)):
        value = value or make(space, item)
    elif isinstance(value, str) and name in REFERENCES:
        value = space.by_id[value]
    elif isinstance(value, list) and rest:
        return {**item, name: [_expand(child, rest, path, space, derived) for child in value]}
    elif value is None and name in REFERENCES and name in item:
        return item
    elif not isinstance(value, dict):
        raise StripeError(f"This property cannot be expanded ({path}).", param="expand")
    return {**item, name: _expand(value, rest, path, space, derived) if rest else value}
