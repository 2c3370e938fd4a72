"""What the simulator remembers: a clock that can be moved, one space of objects per account, and what falls due."""

import heapq
import itertools
import random
import string
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

from sandbox.stripe.errors import missing_object

Json = dict[str, Any]
API_VERSION = "2026-05-27.dahlia"
PLATFORM_ACCOUNT_ID = "acct_1Platform000000"

_ALPHABET = string.ascii_letters + string.digits
_RANDOM = random.SystemRandom()


def new_id(prefix: str, length: int = 24) -> str:
    """An id of Stripe's looks; unguessable, because a checkout page is open to whoever knows its id."""
    return f"{prefix}_{''.join(_RANDOM.choices(_ALPHABET, k=length))}"


@dataclass
class Clock:
    """The simulator's time, in whole seconds since 1970."""

    offset_seconds: int = 0

    def now(self) -> int:
        return int(time.time()) + self.offset_seconds


@dataclass
class Space:
    """The objects of one account, by kind, oldest first; other accounts never see them."""

    account_id: str
    is_revoked: bool = False  # Its owner took the platform's access away: what happens on it goes on, unseen by us.
    by_kind: dict[str, dict[str, Json]] = field(default_factory=dict)
    by_id: dict[str, Json] = field(default_factory=dict)
    hidden: dict[str, Json] = field(default_factory=dict)  # What the simulator knows and the API doesn't show.

    def add(self, item: Json, **hidden: Any) -> Json:
        self.by_kind.setdefault(item["object"], {})[item["id"]] = item
        self.by_id[item["id"]] = item
        if hidden:
            self.hidden[item["id"]] = hidden
        return item

    def all(self, kind: str) -> Iterator[Json]:
        """Oldest first."""
        return iter(self.by_kind.get(kind, {}).values())

    def newest_first(self, kind: str) -> list[Json]:
        return list(reversed(self.by_kind.get(kind, {}).values()))

    def find(self, kind: str, object_id: str) -> Json | None:
        return self.by_kind.get(kind, {}).get(object_id)

    def get(self, kind: str, object_id: str, *, param: str | None = None, status: int = 404) -> Json:
        """The object, or Stripe's `resource_missing`."""
        found = self.find(kind, object_id)
        if found is None:
            raise missing_object(kind, object_id, param=param, status=status)
        return found


@dataclass(frozen=True, slots=True)
class Origin:
    """The API request that causes an event; both are empty when a person or time causes it."""

    request_id: str | None = None
    idempotency_key: str | None = None


class Store:
    """Everything in memory; nothing survives the process or a reset."""

    def __init__(self) -> None:
        self.clock = Clock()
        self.event_listeners: list[Callable[[Space, Json], None]] = []
        self.has_webhook = False
        self.reset()

    def reset(self) -> None:
        """Forget all objects and what falls due, and set the clock right. Listeners stay."""
        self.clock.offset_seconds = 0
        self.platform = Space(PLATFORM_ACCOUNT_ID)
        self.spaces: dict[str, Space] = {PLATFORM_ACCOUNT_ID: self.platform}
        self.origin = Origin()
        self._due: list[tuple[int, int, Callable[[], None]]] = []
        self._sequence = itertools.count()

    def locate(self, kind: str, object_id: str) -> tuple[Space, Json] | None:
        """Find an object whichever account owns it: for pages and controls, which name no account."""
        for space in self.spaces.values():
            if found := space.find(kind, object_id):
                return space, found
        return None

    def at(self, timestamp: int, action: Callable[[], None]) -> None:
        """Do something once the clock reaches `timestamp`."""
        heapq.heappush(self._due, (timestamp, next(self._sequence), action))

    def catch_up(self) -> None:
        """Do what has fallen due by now, earliest first."""
        now = self.clock.now()
        while self._due and self._due[0][0] <= now:
            heapq.heappop(self._due)[2]()
