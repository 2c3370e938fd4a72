"""Mails on disk, one file each, so that a demo that is stopped or killed shows them again later."""

import json
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path

from sandbox.mailbox.messages import Message

COUNTER = "last-id"


class MailFiles:
    """A directory with a file for each mail: a line of JSON, which is the envelope, and the mail as it arrived."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        directory.mkdir(mode=0o700, parents=True, exist_ok=True)

    def last_id(self) -> int:
        """The highest id that was ever given out here."""
        counter = self._directory / COUNTER
        return int(counter.read_text(encoding="ascii")) if counter.exists() else 0

    def load(self) -> Iterator[Message]:
        """The mails that are kept, oldest first."""
        for path in sorted(self._directory.glob("*.mail"), key=lambda path: int(path.stem)):
            envelope, _, raw = path.read_bytes().partition(b"\n")
            known = json.loads(envelope)
            yield Message(
                id=path.stem,
                sender=known["sender"],
                recipients=tuple(known["recipients"]),
                received_at=datetime.fromisoformat(known["received_at"]),
                raw=raw,
            )

    def write(self, message: Message) -> None:
        """Keep a mail; a crash leaves all of it or nothing."""
        envelope = {
            "sender": message.sender,
            "recipients": message.recipients,
            "received_at": message.received_at.isoformat(),
        }
        self._replace(COUNTER, message.id.encode())
        self._replace(f"{message.id}.mail", json.dumps(envelope).encode() + b"\n" + message.raw)

    def remove(self, message: Message) -> None:
        """Forget a mail. Safe to repeat."""
        (self._directory / f"{message.id}.mail").unlink(missing_ok=True)

    def _replace(self, name: str, content: bytes) -> None:
        partial = self._directory / f"{name}.partial"
        partial.write_bytes(content)
        partial.replace(self._directory / name)
