"""What the API was asked and what it answered, kept for tests to look at; secrets are never kept."""

from collections import deque
from dataclasses import asdict, dataclass, field
from typing import Any

ENTRIES_MAX = 10_000
_SECRET_HEADERS = frozenset({"authorization", "cookie", "proxy-authorization"})


@dataclass(slots=True)
class Entry:
    """One request; `status` is what was (or, when the reply was lost, would have been) answered."""

    id: str
    method: str
    path: str
    headers: dict[str, str]
    query: dict[str, Any] = field(default_factory=dict)
    params: dict[str, Any] = field(default_factory=dict)
    idempotency_key: str | None = None
    account: str | None = None
    status: int | None = None
    faults: list[str] = field(default_factory=list)
    replayed: bool = False
    reply_lost: bool = False
    duration_ms: float = 0.0
    response: Any = None


class RequestLog:
    def __init__(self, *, keep_bodies: bool) -> None:
        self.keep_bodies = keep_bodies
        self._entries: deque[Entry] = deque(maxlen=ENTRIES_MAX)

    def add(self, entry: Entry) -> None:
        self._entries.append(entry)

    def all(self, *, with_bodies: bool) -> list[dict[str, Any]]:
        """Newest last; response bodies only when they were kept and are asked for."""
        entries = [asdict(entry) for entry in self._entries]
        if not with_bodies:
            for entry in entries:
                del entry["response"]
        return entries

    def clear(self) -> None:
        self._entries.clear()


def without_secrets(headers: dict[str, str]) -> dict[str, str]:
    """Header names in lower case; a secret shows only that it was there."""
    return {name.lower(): "[redacted]" if name.lower() in _SECRET_HEADERS else value for name, value in headers.items()}
