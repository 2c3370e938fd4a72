"""How many operations run at once. Those beyond wait in turn, and who would wait too long is told so at once."""

import asyncio
from collections import deque
from dataclasses import dataclass, field
from typing import Final

from graphql_server.errors import ErrorCode, OperationRefused

WAIT_SECONDS_MAX: Final = 1.0
WAITING_MAX: Final = 1_000
"""However short the wait looks: each holds a connection, and a request of up to 128 KiB."""

RETRY_AFTER_SECONDS: Final = 1
LATEST: Final = 0.05
"""How much the latest operation counts in the mean time that one takes."""


class Busy(OperationRefused):
    """No place will be free in time; nothing was run."""

    code = ErrorCode.BUSY
    retry_after_seconds = RETRY_AFTER_SECONDS

    def __init__(self) -> None:
        super().__init__("The server has more to do than it can; try again in a moment.")


class Gate:
    """Lets so many in at once: `async with gate:`. Raises Busy for who would wait more than a second.

    How long the wait will be is judged by how long operations have taken lately.
    """

    def __init__(self, places: int, *, wait_seconds_max: float = WAIT_SECONDS_MAX) -> None:
        self.places = self.free = places
        self.wait_seconds_max = wait_seconds_max
        self.operation_seconds = 0.0
        self._waiting: deque[asyncio.Future[None]] = deque()

    async def enter(self) -> float:
        """Take a place; returns when that was, for `leave`. Raises Busy."""
        loop = asyncio.get_running_loop()
        if self.free:
            self.free -= 1
            return loop.time()
        ahead = len(self._waiting)
        if ahead >= WAITING_MAX or (ahead + 1) * self.operation_seconds / self.places > self.wait_seconds_max:
            raise Busy
        turn: asyncio.Future[None] = loop.create_future()
        patience = loop.call_later(self.wait_seconds_max, _lose_patience, turn)
        self._waiting.append(turn)
        try:
            await turn
        except asyncio.CancelledError:
            if turn.done() and not turn.cancelled() and turn.exception() is None:
                self._pass_on()  # The place came, and nobody is there any more to take it.
            raise
        finally:
            patience.cancel()
        return loop.time()

    def leave(self, entered: float) -> None:
        """Give the place to who waits longest."""
        seconds = asyncio.get_running_loop().time() - entered
        self.operation_seconds += LATEST * (seconds - self.operation_seconds)
        self._pass_on()

    def _pass_on(self) -> None:
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
