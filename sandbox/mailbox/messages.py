"""The mails that arrived, and what can be read off them. Nothing a mail contains can break the reading."""

import email.errors
import email.header
import email.message
import email.utils
import re
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import cached_property
from typing import Any, Protocol

MESSAGES_MAX = 5_000
MESSAGE_BYTES_MAX = 10 * 2**20
TOTAL_BYTES_MAX = 256 * 2**20


@dataclass(frozen=True)
class Attachment:
    """A part of a mail that is neither its text nor its HTML."""

    name: str
    content_type: str
    content: bytes


@dataclass(frozen=True)
class Message:
    """One mail as it arrived: the envelope that SMTP carried, and the bytes inside."""

    id: str
    sender: str
    recipients: tuple[str, ...]
    received_at: datetime
    raw: bytes

    @cached_property
    def _parsed(self) -> email.message.Message:
        try:
            return email.message_from_bytes(self.raw)
        except RecursionError:  # Hundreds of parts inside of each other; the raw mail can still be looked at.
            return email.message.Message()

    @cached_property
    def headers(self) -> dict[str, str | list[str]]:
        """Decoded headers by name, as spelled in the mail; a name that occurs more than once has a list."""
        headers: dict[str, str | list[str]] = {}
        for name, value in self._parsed.items():
            known = headers.get(name)
            decoded = _decode(value)
            if known is None:
                headers[name] = decoded
            else:
                headers[name] = [*known, decoded] if isinstance(known, list) else [known, decoded]
        return headers

    @property
    def subject(self) -> str:
        """The decoded subject, empty when there is none."""
        return _decode(self._parsed.get("Subject", ""))

    def addresses(self, header: str) -> list[str]:
        """The bare addresses of every header of that name."""
        values = [str(value) for value in self._parsed.get_all(header, [])]
        return [_clean(address) for _, address in email.utils.getaddresses(values) if address]

    @cached_property
    def text(self) -> str | None:
        """The first plain text part, or None."""
        return self._first("text/plain")

    @cached_property
    def html(self) -> str | None:
        """The first HTML part, or None."""
        return self._first("text/html")

    @cached_property
    def attachments(self) -> tuple[Attachment, ...]:
        """What came along, in the order of the mail."""
        parts = (part for part in self._parsed.walk() if not part.is_multipart() and not _is_body(part))
        return tuple(
            Attachment(_decode(part.get_filename() or "unnamed"), part.get_content_type(), _content(part))
            for part in parts
        )

    def _first(self, content_type: str) -> str | None:
        for part in self._parsed.walk():
            if part.get_content_type() == content_type and _is_body(part):
                return _text(part)
        return None

    def as_json(self) -> dict[str, Any]:
        """The message as `GET /api/messages` shows it."""
        return {
            "id": self.id,
            "sender": self.sender,
            "recipients": list(self.recipients),
            "from": next(iter(self.addresses("From")), ""),
            "to": self.addresses("To"),
            "cc": self.addresses("Cc"),
            "bcc": self.addresses("Bcc"),
            "subject": self.subject,
            "text": self.text,
            "html": self.html,
            "headers": self.headers,
            "attachments": [
                {"name": one.name, "content_type": one.content_type, "size_bytes": len(one.content)}
                for one in self.attachments
            ],
            "received_at": self.received_at.isoformat(),
        }


class Keeper(Protocol):
    """Where mails outlive the process."""

    def last_id(self) -> int: ...
    def load(self) -> Iterator[Message]: ...
    def write(self, message: Message) -> None: ...
    def remove(self, message: Message) -> None: ...


class Messages:
    """All mails that arrived, newest first, bounded in number and in bytes: the oldest make room.

    With a keeper they are still there after a restart.
    """

    def __init__(self, keeper: Keeper | None = None) -> None:
        self._keeper = keeper
        self._kept: deque[Message] = deque(keeper.load() if keeper else ())
        self._bytes = sum(len(message.raw) for message in self._kept)
        self._count = keeper.last_id() if keeper else 0

    def __iter__(self) -> Iterator[Message]:
        return iter(reversed(self._kept))

    def __len__(self) -> int:
        return len(self._kept)

    def add(self, *, sender: str, recipients: Iterable[str], raw: bytes) -> Message:
        """Keep a mail. Ids count up and are never used again."""
        self._count += 1
        message = Message(
            id=str(self._count),
            sender=_clean(sender),
            recipients=tuple(_clean(recipient) for recipient in recipients),
            received_at=datetime.now(UTC),
            raw=raw,
        )
        if self._keeper:
            self._keeper.write(message)
        self._kept.append(message)
        self._bytes += len(raw)
        while len(self._kept) > MESSAGES_MAX or self._bytes > TOTAL_BYTES_MAX:
            self._drop_oldest()
        return message

    def find(self, message_id: str) -> Message | None:
        """The message with that id, if it is still kept."""
        return next((message for message in self._kept if message.id == message_id), None)

    def clear(self) -> None:
        """Forget every mail."""
        while self._kept:
            self._drop_oldest()

    def _drop_oldest(self) -> None:
        oldest = self._kept.popleft()
        self._bytes -= len(oldest.raw)
        if self._keeper:
            self._keeper.remove(oldest)


def _decode(value: object) -> str:
    unfolded = re.sub(r"\r?\n[ \t]+", " ", str(value))
    try:
        return _clean(str(email.header.make_header(email.header.decode_header(unfolded))))
    except (email.errors.HeaderParseError, LookupError, ValueError):
        return _clean(unfolded)


def _clean(text: str) -> str:
    """Without the lone surrogates that stand for undecodable bytes and that JSON could not be sent with."""
    return text.encode("utf-8", "replace").decode()


def _is_body(part: email.message.Message) -> bool:
    return (
        part.get_content_type() in ("text/plain", "text/html")
        and part.get_content_disposition() != "attachment"
        and not part.get_filename()
    )


def _content(part: email.message.Message) -> bytes:
    content = part.get_payload(decode=True)
    return content if isinstance(content, bytes) else b""


def _text(part: email.message.Message) -> str:
    charset = part.get_content_charset("utf-8")
    try:
        return _clean(_content(part).decode(charset, "replace"))
    except (LookupError, ValueError):
        return _content(part).decode("utf-8", "replace")
