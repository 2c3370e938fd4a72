"""What subscriptions need of a change feed, whatever it listens to."""

from contextlib import AbstractContextManager
from typing import Protocol, TypeVar


class Watch(Protocol):
    """Wakes whoever waits for changes of the subject that a resolver began to watch."""

    def look(self) -> None:
        """Whatever changed until now will be seen by the reads that follow."""

    async def changed(self) -> None:
        """Wait for what changes after the last look."""


Watching = TypeVar("Watching", bound=Watch)
Watching_co = TypeVar("Watching_co", bound=Watch, covariant=True)


class ChangeListener(Protocol[Watching_co]):
    """Where watches come from."""

    def watch(self) -> AbstractContextManager[Watching_co]:
        """A watch that ends with the block."""
