"""Keeps what the simulator remembers in a file, so that a demo can be stopped and go on later."""

import os
import pickle
from functools import partial
from pathlib import Path

from sandbox.stripe import checkout
from sandbox.stripe.balance import make_available
from sandbox.stripe.idempotency import IdempotencyKeys
from sandbox.stripe.state import PLATFORM_ACCOUNT_ID, Space, Store


class StateUnreadable(RuntimeError):
    """The file holds something else, or what an older simulator wrote; the message says what to do."""


class StateFile:
    """One file that follows a store; only this program's own files are ever given to it."""

    def __init__(self, path: Path, store: Store, keys: IdempotencyKeys) -> None:
        self._path = path
        self._store = store
        self._keys = keys
        self._written = b""

    def load(self) -> None:
        """Remember what the file holds, if there is one. Raises StateUnreadable."""
        if not self._path.exists():
            return
        try:
            offset, spaces, saved = pickle.loads(self._path.read_bytes())
            self._store.clock.offset_seconds = offset
            self._store.spaces = spaces
            self._store.platform = spaces[PLATFORM_ACCOUNT_ID]
        except Exception as error:
            raise StateUnreadable(f"{self._path} can't be read: {error}. Start afresh with --reset.") from error
        self._keys.restore(saved)
        for space in spaces.values():
            self._fall_due_again(space)

    def save(self) -> None:
        """Write what has changed since the last time; a crash leaves the old file or the new one, never half of one."""
        state = pickle.dumps((self._store.clock.offset_seconds, self._store.spaces, self._keys.finished()))
        if state == self._written:
            return
        unfinished = self._path.with_suffix(".partial")
        descriptor = os.open(unfinished, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "wb") as file:
            file.write(state)
        unfinished.replace(self._path)
        self._written = state

    def _fall_due_again(self, space: Space) -> None:
        for session in space.all(checkout.SESSION):
            if session["status"] == "open":
                checkout.expire_when_due(self._store, space, session)
        for transaction in space.all("balance_transaction"):
            if transaction["status"] == "pending":
                self._store.at(transaction["available_on"], partial(make_available, transaction))
