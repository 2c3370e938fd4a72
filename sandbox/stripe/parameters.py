"""Request parameters: form encoding with brackets into nested values, and what an endpoint accepts of them."""

import re
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from sandbox.stripe.errors import StripeError

Rule = Callable[[Any, str], Any]

_PARTS = re.compile(r"\[([^\[\]]*)\]")
_DEPTH_MAX = 10
METADATA_KEYS_MAX, METADATA_KEY_LENGTH_MAX, METADATA_VALUE_LENGTH_MAX = 50, 40, 500  # docs.stripe.com/metadata
AMOUNT_MAX = 99_999_999  # Eight digits: docs.stripe.com/currencies#minimum-and-maximum-charge-amounts


def parse(encoded: str) -> dict[str, Any]:
    """`a[b][0][c]=1&x[]=2` into `{"a": {"b": [{"c": "1"}]}, "x": ["2"]}`; every leaf stays a string."""
    tree: dict[str, Any] = {}
    for name, value in parse_qsl(encoded, keep_blank_values=True):
        _insert(tree, _split(name), value)
    return {name: _lists(value) for name, value in tree.items()}


def _split(name: str) -> list[str]:
    head = name.split("[", 1)[0]
    parts = [head, *_PARTS.findall(name[len(head) :])]
    if len(parts) > _DEPTH_MAX:
        raise StripeError(f"Invalid request: parameter '{parts[0]}' is nested too deeply.", param=parts[0])
    return parts


def _insert(tree: dict[str, Any], parts: list[str], value: str) -> None:
    for part in parts[:-1]:
        child = tree.setdefault(part, {})
        if not isinstance(child, dict):
            raise StripeError(f"Invalid request: '{part}' is given both as a value and as an object.", param=parts[0])
        tree = child
    last = parts[-1] or str(len(tree))
    tree[last] = value


def _lists(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    if value and all(key.isdecimal() or key == "" for key in value):
        return [_lists(value[key]) for key in sorted(value, key=lambda key: int(key or 0))]
    return {key: _lists(child) for key, child in value.items()}


class Shape:
    """An object of named parameters; whatever it doesn't name is refused, as Stripe does."""

    def __init__(self, *, required: tuple[str, ...] = (), **rules: Rule) -> None:
        self.required = required
        self.rules = rules

    def __call__(self, value: Any, name: str) -> dict[str, Any]:
        if not isinstance(value, dict):
            raise StripeError("Invalid object", param=name)
        unknown = [_join(name, key) for key in value if key not in self.rules]
        if unknown:
            plural = "s" if len(unknown) > 1 else ""
            raise StripeError(
                f"Received unknown parameter{plural}: {', '.join(unknown)}", code="parameter_unknown", param=unknown[0]
            )
        for key in self.required:
            if key not in value:
                path = _join(name, key)
                raise StripeError(f"Missing required param: {path}.", code="parameter_missing", param=path)
        return {key: self.rules[key](child, _join(name, key)) for key, child in value.items()}


def _join(name: str, key: str) -> str:
    return f"{name}[{key}]" if name else key


def each(rule: Rule, *, count_max: int = 100) -> Rule:
    """A list whose entries all follow one rule."""

    def check(value: Any, name: str) -> list[Any]:
        if not isinstance(value, list):
            raise StripeError("Invalid array", param=name)
        if len(value) > count_max:
            raise StripeError(f"Array {name} exceeded maximum {count_max} allowed elements.", param=name)
        return [rule(child, f"{name}[{index}]") for index, child in enumerate(value)]

    return check


def text(value: Any, name: str, *, length_max: int = 5000) -> str:
    if not isinstance(value, str):
        raise StripeError("Invalid string", param=name)
    if value == "":
        raise StripeError(
            f"You passed an empty string for '{name}'. We assume empty values are an attempt to unset a parameter; "
            f"however '{name}' cannot be unset. You should remove '{name}' from your request or supply a non-empty "
            "value.",
            code="parameter_invalid_empty",
            param=name,
        )
    if len(value) > length_max:
        raise StripeError(f"Invalid string: {value[:20]}...; must be at most {length_max} characters", param=name)
    return value


def text_up_to(length_max: int) -> Rule:
    return lambda value, name: text(value, name, length_max=length_max)


def integer(value: Any, name: str) -> int:
    if not isinstance(value, str) or not re.fullmatch(r"-?[0-9]{1,18}", value):
        raise StripeError(f"Invalid integer: {value}", code="parameter_invalid_integer", param=name)
    return int(value)


def amount(value: Any, name: str) -> int:
    """Minor units, zero allowed, at most what Stripe can charge."""
    number = integer(value, name)
    if number < 0:
        raise StripeError("Invalid non-negative integer", code="parameter_invalid_integer", param=name)
    if number > AMOUNT_MAX:
        raise StripeError("Amount must be no more than $999,999.99", code="amount_too_large", param=name)
    return number


def positive(value: Any, name: str) -> int:
    number = integer(value, name)
    if number < 1:
        raise StripeError("Invalid positive integer", code="parameter_invalid_integer", param=name)
    return number


def one_of(*choices: str) -> Rule:
    def check(value: Any, name: str) -> str:
        if value not in choices:
            allowed = choices[0] if len(choices) == 1 else f"{', '.join(choices[:-1])}, or {choices[-1]}"
            raise StripeError(f"Invalid {name}: must be one of {allowed}", param=name)
        return str(value)

    return check


def url(value: Any, name: str) -> str:
    given = text(value, name)
    parts = urlsplit(given.replace("{CHECKOUT_SESSION_ID}", "id"))
    if parts.scheme not in ("http", "https") or not parts.netloc:
        raise StripeError("Not a valid URL", code="url_invalid", param=name)
    return given


def email(value: Any, name: str) -> str:
    given = text(value, name, length_max=512)
    if not re.fullmatch(r"[^@\s]+@[^@\s]+", given):
        raise StripeError(f"Invalid email address: {given}", code="email_invalid", param=name)
    return given


def metadata(value: Any, name: str) -> dict[str, str]:
    """Keys and texts within Stripe's limits."""
    if isinstance(value, list):  # All-digit keys read as a list.
        value = {str(index): child for index, child in enumerate(value)}
    if not isinstance(value, dict):
        raise StripeError("Invalid object", param=name)
    if len(value) > METADATA_KEYS_MAX:
        raise StripeError(f"Metadata may have up to {METADATA_KEYS_MAX} keys.", param=name)
    for key, child in value.items():
        path = f"{name}[{key}]"
        if len(key) > METADATA_KEY_LENGTH_MAX:
            raise StripeError(f"Metadata keys can have up to {METADATA_KEY_LENGTH_MAX} characters.", param=path)
        if not isinstance(child, str):
            raise StripeError("Metadata values must be strings.", param=path)
        if len(child) > METADATA_VALUE_LENGTH_MAX:
            raise StripeError(f"Metadata values can have up to {METADATA_VALUE_LENGTH_MAX} characters.", param=path)
    return dict(value)


def unsettable_metadata(value: Any, name: str) -> dict[str, str]:
    """Like `metadata`, and an empty string, which unsets all of it, as `{}` (which a form can't say otherwise)."""
    return {} if value == "" else metadata(value, name)


def updated_metadata(present: dict[str, str], given: dict[str, str] | None) -> dict[str, str]:
    """What an update leaves: keys not given stay, empty values unset their keys, nothing but `{}` unsets all."""
    if given is None:
        return present
    return {key: value for key, value in {**present, **given}.items() if value != ""} if given else {}


def time_range(value: Any, name: str) -> dict[str, int]:
    """`created=1` or `created[gte]=1`, as `{"gte": 1}`."""
    if isinstance(value, str):
        exact = integer(value, name)
        return {"gte": exact, "lte": exact}
    return Shape(gt=integer, gte=integer, lt=integer, lte=integer)(value, name)
