"""What the server knows of whoever makes a request; a product's own principals have more."""

from collections.abc import Awaitable, Callable
from typing import Protocol, TypeVar

from starlette.requests import HTTPConnection


class Principal(Protocol):
    """Whoever makes a request."""

    @property
    def scope(self) -> str:
        """Which fields they may read: one of the API's scopes."""

    def as_logged(self) -> dict[str, str]:
        """Who it is, for log lines: ids, no names."""


AnyPrincipal = TypeVar("AnyPrincipal", bound=Principal)

Authenticate = Callable[[HTTPConnection], Awaitable[AnyPrincipal | None]]
"""The principal of a connection, None without a token; raises a refusal for a token that is not valid."""
