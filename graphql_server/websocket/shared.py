"""What all websocket sessions of a process have in common."""

import asyncio
from collections.abc import Callable, Collection
from dataclasses import dataclass, field
from typing import Final, Generic

from graphql_server.executor import Executor
from graphql_server.principals import AnyPrincipal, Authenticate
from graphql_server.trusted_documents import TrustedDocuments
from graphql_server.websocket.bounds import Limits
from graphql_server.websocket.changes import ChangeListener, Watching

READS_MAX: Final = 4
"""Values that are read at once, however many are waiting: the rest of the pool is for requests."""


@dataclass(slots=True)
class Shared(Generic[AnyPrincipal, Watching]):
    """What a product passes in, and what the sessions count together.

    `authenticate` checks the token that a session begins with, `reauthenticate` the same token again later. Requests of
    the scopes in `only_differing` are not sent a value that equals the last: not even that something changed which
    they may not see.
    """

    executor: Executor
    authenticate: Authenticate[AnyPrincipal]
    reauthenticate: Authenticate[AnyPrincipal]
    make_context: Callable[[AnyPrincipal, str, Watching], object]
    changes: ChangeListener[Watching]
    documents: TrustedDocuments = field(default_factory=TrustedDocuments)
    only_differing: Collection[str] = ()
    limits: Limits = field(default_factory=Limits)
    subscriptions: int = 0
    reads: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(READS_MAX))
