"""How many operations run at once. Those beyond wait in turn, and not for long."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from graphql_server.errors import ErrorCode, OperationRefused

WAIT_SECONDS_MAX: Final = 1.0
WAITING_MAX: Final = 1_000
"""Each holds a socket, and a request of up to 128 KiB."""

RETRY_AFTER_SECONDS: Final = 1


class Busy(OperationRefused):
    """No place came free in time; nothing was run."""

    code = ErrorCode.BUSY
    retry_after_seconds = RETRY_AFTER_SECONDS

    def __init__(self) -> None:
        super().__init__("The server has more to do than it can; try again in a moment.")


class Gate:
    """Lets so many in at once, the others in turn.

    Who waits in vain is refused after the whole time, and not when it can be foreseen: clients that ask again at once
    would make us refuse them thousands of times a second, and that took four fifths of what there was to answer with.
    """

    def __init__(self, places: int, *, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        self.places = self.free = places
        self.wait_seconds_max = wait_seconds_max
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> None:
        """Take a place. Raises Busy when none comes free in time, or too many wait already."""
        if self.free:
            self.free -= 1
            return
        if len(self._waiting) >= WAITING_MAX:
            raise Busy
        loop = asyncio.get_running_loop()
        turn: asyncio.Future[None] = loop.create_future()
        patience = loop.call_later(self.wait_seconds_max, _lose_patience, turn)
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self.leave()  # The place came, and nobody is there any more to take it.
            raise
        finally:
            patience.cancel()

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    def leave(self) -> None:
        """Give the place to who waits longest."""
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                turn.set_result(None)
                return
        self.free += 1


@dataclass(frozen=True, slots=True)
class Admission:
    """Queries do not wait behind mutations, which may take seconds at another service."""

    queries: Gate = field(default_factory=lambda: Gate(64))
    mutations: Gate = field(default_factory=lambda: Gate(32))

    def gate(self, source: str) -> Gate:
        """Where a document waits. One without the word holds no mutation; a query that has it may wait with them."""
        return self.mutations if "mutation" in source else self.queries


def _lose_patience(turn: "asyncio.Future[None]") -> None:
    if not turn.done():
        turn.set_exception(Busy())
