"""What a resolver knows of the request it serves: who asks, and what operations depend on."""

from collections.abc import Awaitable, Callable
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass, field
from typing import Protocol

from strawberry.types import Info as StrawberryInfo

from gateways.job_queue import JobName
from gateways.stripe import StripeGateway
from graphql_server.reader import Reader
from graphql_server.reads import Filling
from models.changes import Subscription
from operations.identity.ciphers import Cipher
from rules.access import Principal
from rules.links import Portals

Enqueue = Callable[[JobName], Awaitable[None]]
"""Ask the workers to do a job now. It is only a hint, and may be lost."""

SignAddress = Callable[[str], str]
"""The address of a document's path, with a signature and an end."""


class GuardSignIn(Protocol):
    """Stands around one try to sign in, which fails by raising Unauthenticated; raises RateLimited after too many."""

    def __call__(self, *, account: str, address: str) -> AbstractAsyncContextManager[None]: ...


@dataclass(frozen=True, slots=True)
class Dependencies:
    """What the application hands to operations; the same for every request."""

    stripe: StripeGateway
    portals: Portals
    secret: str
    cipher: Cipher
    enqueue: Enqueue
    guard_sign_in: GuardSignIn
    sign_address: SignAddress
    reader: Reader


@dataclass(frozen=True, slots=True)
class Context:
    """One request. `authenticated` is None without a token; `address` is where the request comes from, `user_agent` how
    the browser calls itself, and `refusals` are the codes of what its mutations refused.
    """

    authenticated: Principal | None
    dependencies: Dependencies
    request_id: str
    address: str = ""
    user_agent: str = ""
    refusals: list[str] = field(default_factory=list)
    watch: Subscription | None = None

    @property
    def principal(self) -> Principal:
        """Who asks, in a resolver that only scopes may reach."""
        assert self.authenticated is not None, "the access declarations keep requests without a token out"
        return self.authenticated

    def guard_own_secrets(self) -> AbstractAsyncContextManager[None]:
        """Wrong passwords and codes of somebody who is signed in are limited as those of signing in are."""
        return self.dependencies.guard_sign_in(account=str(self.principal.user_id), address=self.address)

    @property
    def watching(self) -> Subscription:
        """The watch of a subscription, in a resolver that only subscriptions reach."""
        assert self.watch is not None, "the executor runs subscriptions over a websocket alone"
        return self.watch


Info = StrawberryInfo[Context, object]


def context_of(filling: Filling) -> Context:
    """The request that a hole is filled for."""
    assert isinstance(filling.context, Context), "the server passes it in"
    return filling.context
