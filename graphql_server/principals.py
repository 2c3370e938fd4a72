"""What the server knows of whoever makes a request; a product's own principals have more."""

from collections import OrderedDict
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, Protocol, TypeVar

from starlette.requests import HTTPConnection

from graphql_server.reads import Scope, SqlValue

SCOPES_REMEMBERED_MAX: Final = 10_000


class Principal(Protocol):
    """Whoever makes a request."""

    @property
    def scope(self) -> str:
        """Which fields they may read: one of the API's scopes."""

    @property
    def credentials(self) -> Mapping[str, SqlValue]:
        """What finds them in the database anew with every read, as the scope's `Caller` takes it."""

    def as_logged(self) -> dict[str, str]:
        """Who it is, for log lines: ids, no names."""


AnyPrincipal = TypeVar("AnyPrincipal", bound=Principal)

Authenticate = Callable[[HTTPConnection], Awaitable[AnyPrincipal | None]]
"""The principal of a connection, None without a token; raises a refusal for a token that is not valid."""


@dataclass(frozen=True, slots=True)
class Claim:
    """Who a request says it is from, before the database is asked, which only a read does.

    A token may not say which of several `scopes` it has; `token` is then what to remember that under.
    """

    scopes: tuple[Scope, ...]
    credentials: Mapping[str, SqlValue] = field(default_factory=dict)
    token: str | None = None


MakeClaim = Callable[[HTTPConnection], Claim | None]
"""The claim of a connection; None where its token can't be valid, and authenticating it will say why."""


class RememberedScopes:
    """Which scope tokens turned out to have. It only says what to try first: no right comes of it."""

    def __init__(self) -> None:
        self._scopes: OrderedDict[str, Scope] = OrderedDict()

    def likely(self, claim: Claim) -> tuple[Scope, ...]:
        """The claim's scopes, the one that it had the last time first."""
        if claim.token is None or claim.token not in self._scopes:
            return claim.scopes
        known = self._scopes[claim.token]
        return (known, *(scope for scope in claim.scopes if scope != known))

    def remember(self, claim: Claim, scope: Scope) -> None:
        """A read with this claim found whoever asks, with this scope."""
        if claim.token is None:
            return
        self._scopes[claim.token] = scope
        self._scopes.move_to_end(claim.token)
        if len(self._scopes) > SCOPES_REMEMBERED_MAX:
            self._scopes.popitem(last=False)
