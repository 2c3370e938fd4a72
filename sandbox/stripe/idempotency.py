"""Idempotency keys as docs.stripe.com/api/idempotent_requests has them: one key, one first result, 24 hours."""

from dataclasses import dataclass
from typing import Any

from sandbox.stripe.errors import IDEMPOTENCY, StripeError
from sandbox.stripe.state import Clock, Json

KEY_LENGTH_MAX = 255
KEPT_SECONDS = 24 * 60 * 60


@dataclass(slots=True)
class Saved:
    """What the first use of a key was, and what came of it; no status yet means it is still running."""

    path: str
    parameters: Json
    request_id: str
    first_used: int
    status: int | None = None
    body: Any = None


class IdempotencyKeys:
    def __init__(self, clock: Clock) -> None:
        self._clock = clock
        self._saved: dict[tuple[str, str], Saved] = {}

    def claim(self, account_id: str, key: str, *, path: str, parameters: Json, request_id: str) -> Saved | None:
        """Take the key for a first use, or give back what was saved under it; refuses misuse as Stripe does."""
        if len(key) > KEY_LENGTH_MAX:
            raise StripeError(f"Idempotency keys can be at most {KEY_LENGTH_MAX} characters.", type=IDEMPOTENCY)
        saved = self._saved.get((account_id, key))
        if saved is None or self._clock.now() - saved.first_used >= KEPT_SECONDS:
            self._saved[account_id, key] = Saved(path, parameters, request_id, self._clock.now())
            return None
        if saved.path != path:
            raise StripeError(
                "Keys for idempotent requests can only be used for the same endpoint they were first used for "
                f"('{path}' vs '{saved.path}'). Try using a key other than '{key}' if you meant to execute a "
                "different request.",
                type=IDEMPOTENCY,
            )
        if saved.parameters != parameters:
            raise StripeError(
                "Keys for idempotent requests can only be used with the same parameters they were first used with. "
                f"Try using a key other than '{key}' if you meant to execute a different request.",
                type=IDEMPOTENCY,
            )
        if saved.status is None:
            raise StripeError(
                "There is currently another in-progress request using this Idempotent Key (that probably means you "
                f"submitted twice, and the other request is still going through): {key}. Please try again later.",
                status=409,
                code="idempotency_key_in_use",
                retry_advised=True,
            )
        return saved

    def save(self, account_id: str, key: str, *, status: int, body: Any) -> None:
        """Keep the first result for replays; a key forgotten meanwhile stays forgotten."""
        if saved := self._saved.get((account_id, key)):
            saved.status, saved.body = status, body

    def release(self, account_id: str, key: str) -> None:
        """Give the key back unused: nothing was executed."""
        self._saved.pop((account_id, key), None)

    def forget(self) -> int:
        """Forget finished keys, as Stripe may after 24 hours; says how many."""
        finished = [name for name, saved in self._saved.items() if saved.status is not None]
        for name in finished:
            del self._saved[name]
        return len(finished)

    def finished(self) -> dict[tuple[str, str], Saved]:
        """The keys whose first use is over: what a restart must remember."""
        return {name: saved for name, saved in self._saved.items() if saved.status is not None}

    def restore(self, saved: dict[tuple[str, str], Saved]) -> None:
        """Remember the keys of an earlier run."""
        self._saved = dict(saved)

    def reset(self) -> None:
        self._saved.clear()
