"""Whether the loops of a worker turn: each says so whenever it has come round."""

from time import monotonic
from typing import Final

LATE_SECONDS: Final = 60.0
"""A sweep is cancelled after 30 seconds, and begins again at least every two: what is later than this is stuck."""


class Heartbeats:
    """When each loop last came round. Kept for as long as the process, however often its worker begins anew."""

    def __init__(self, *loops: str) -> None:
        self._turned = dict.fromkeys(loops, monotonic())

    def turned(self, loop: str) -> None:
        """It has come round."""
        self._turned[loop] = monotonic()

    def late(self) -> dict[str, float]:
        """The loops that have not come round for too long, and for how many seconds."""
        now = monotonic()
        return {loop: now - at for loop, at in self._turned.items() if now - at > LATE_SECONDS}
