"""Faults on demand: a slow reply, an error without or after the effect, an effect whose reply is lost."""

import itertools
import re
from dataclasses import asdict, dataclass, field
from typing import Any

from sandbox.stripe.errors import API, StripeError

KINDS = ("latency", "status", "lost_reply")
LATENCY_MS_MAX = 120_000
_NUMBERS = itertools.count(1)
# Statuses that come from in front of the API, so Stripe has executed nothing and saves nothing under the key.
_NEVER_EXECUTED = frozenset({401, 403, 409, 429, 502, 503, 504})
_MESSAGES = {
    409: ("lock_timeout", "This object cannot be accessed right now because another API request or Stripe process is "
          "currently accessing it. If you see this error intermittently, retry the request."),
    429: ("rate_limit", "Request rate limit exceeded. Learn more about rate limits here "
          "https://stripe.com/docs/rate-limits."),
}  # fmt: skip


class FaultInvalid(ValueError):
    """A fault that can't be understood; the sentence says which field and why."""


@dataclass(slots=True)
class Fault:
    """`match` is a method and a path prefix, `*` for one segment, `$` at the end for exactly this path."""

    match: str
    kind: str
    value: int = 0
    count: int | None = 1  # How often it still strikes; None is for ever.
    saved: bool | None = None  # Whether an error is saved under the idempotency key; None as Stripe: a 500 is.
    effect: bool = False  # Whether a `status` strikes after the endpoint has done its work, not before.
    id: int = field(default_factory=lambda: next(_NUMBERS))

    def __post_init__(self) -> None:
        if self.kind not in KINDS:
            raise FaultInvalid(f"kind must be one of {', '.join(KINDS)}, not {self.kind!r}.")
        if not isinstance(self.match, str) or not re.fullmatch(r"(\*|[A-Z]+) /\S*", self.match):
            raise FaultInvalid(f'match must look like "POST /v1/refunds", not {self.match!r}.')
        if isinstance(self.value, bool) or not isinstance(self.value, int):
            raise FaultInvalid("value must be an integer: milliseconds for latency, an HTTP status for status.")
        if self.kind == "latency" and not 0 <= self.value <= LATENCY_MS_MAX:
            raise FaultInvalid(f"value of a latency must be 0 to {LATENCY_MS_MAX} milliseconds.")
        if self.kind == "status" and not 400 <= self.value <= 599:
            raise FaultInvalid("value of a status must be an HTTP status from 400 to 599.")
        if self.count is not None and (isinstance(self.count, bool) or not isinstance(self.count, int)):
            raise FaultInvalid("count must be an integer, or null for ever.")
        if self.effect and (self.kind != "status" or not self.is_saved):
            raise FaultInvalid("effect: only an error that Stripe saves under the key can come after the effect.")

    def fits(self, method: str, path: str) -> bool:
        wanted_method, _, wanted_path = self.match.partition(" ")
        if wanted_method not in ("*", method):
            return False
        exact = wanted_path.endswith("$")
        wanted, given = wanted_path.rstrip("$").strip("/").split("/"), path.strip("/").split("/")
        if len(wanted) > len(given) or (exact and len(wanted) != len(given)):
            return False
        return all(part in ("*", "", actual) for part, actual in zip(wanted, given, strict=False))

    def error(self) -> StripeError:
        """The reply of a `status` fault."""
        code, message = _MESSAGES.get(
            self.value, (None, "An unexpected error occurred. (This is a fault that was asked for.)")
        )
        kind = API if self.value >= 500 else "invalid_request_error"
        return StripeError(
            message, status=self.value, type=kind, code=code, retry_advised=True if code == "lock_timeout" else None
        )

    @property
    def is_saved(self) -> bool:
        return self.value not in _NEVER_EXECUTED if self.saved is None else self.saved


class Faults:
    def __init__(self) -> None:
        self._waiting: list[Fault] = []

    def add(self, fault: Fault) -> Fault:
        self._waiting.append(fault)
        return fault

    def strike(self, method: str, path: str) -> list[Fault]:
        """What befalls this request; at most one of each kind, and each one counts down."""
        struck: dict[str, Fault] = {}
        for fault in self._waiting:
            if fault.kind not in struck and fault.fits(method, path):
                struck[fault.kind] = fault
                if fault.count is not None:
                    fault.count -= 1
        self._waiting = [fault for fault in self._waiting if fault.count is None or fault.count > 0]
        return list(struck.values())

    def waiting(self) -> list[dict[str, Any]]:
        return [asdict(fault) for fault in self._waiting]

    def clear(self) -> None:
        self._waiting.clear()
