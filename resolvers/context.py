"""What a resolver knows of the request it serves: who asks, and the world outside that operations may need."""

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from strawberry.types import Info as StrawberryInfo

from gateways.stripe import StripeGateway
from models.news import Watch
from rules.access import Principal
from rules.links import Portals

Nudge = Callable[[str, UUID | None], Awaitable[None]]
"""Ask the workers to look now: a job's name and a row. It is only a hint, and may be lost."""

Throttle = Callable[[str], Awaitable[None]]
"""Count one try under a name; raises RateLimited when there were too many."""

SignAddress = Callable[[str], str]
"""The address of a document's path, with a signature and an end."""


@dataclass(frozen=True, slots=True)
class Outside:
    """What the application hands to operations; the same for every request."""

    stripe: StripeGateway
    portals: Portals
    secret: str
    nudge: Nudge
    throttle_sign_in: Throttle
    sign_address: SignAddress


@dataclass(frozen=True, slots=True)
class Context:
    """One request."""

    principal: Principal | None
    outside: Outside
    request_id: str
    watch: Watch | None = None

    @property
    def caller(self) -> Principal:
        """The principal, in a resolver that only scopes may reach."""
        assert self.principal is not None, "the access declarations keep requests without a token out"
        return self.principal

    @property
    def watching(self) -> Watch:
        """The watch of a subscription, in a resolver that only subscriptions reach."""
        assert self.watch is not None, "the executor runs subscriptions over a websocket alone"
        return self.watch


Info = StrawberryInfo[Context, Any]
