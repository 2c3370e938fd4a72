"""A mail as bytes, headers and body: `EmailMessage` would decode the encoded words that people type, and take long."""

import base64
import binascii
import re
from collections.abc import Callable
from dataclasses import dataclass
from email.utils import format_datetime
from secrets import token_hex
from string import ascii_letters, digits
from textwrap import wrap

from rules import clock

LINE_LENGTH = 72
"""Where headers are folded, if they have a blank there: RFC 5322 recommends lines of at most 78 characters."""

WORD_LENGTH_MAX = 900
"""A word can't be folded, and a line has at most 998 characters."""

ENCODED_LENGTH_MAX = 63
"""With the 12 characters around it, an encoded word has at most 75 (RFC 2047, section 2)."""

_HARMLESS = frozenset((ascii_letters + digits + "!*+-/").encode())
"""What quoted-printable leaves as it is, in a name before an address too (RFC 2047, section 5)."""

_ADDRESS = re.compile(r"[!#-'*+\-./0-9=?A-Z^-~]{1,64}@[0-9A-Za-z.-]{1,255}")
_MESSAGE_ID = re.compile(r"<[!-;=?-~]{1,250}>")
_STRANGE_IN_FILES = re.compile(r"[^A-Za-z0-9 ._-]")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f-\x9f\u2028\u2029]")


class Uncomposable(Exception):
    """A mail that can't be written. The message says why in a sentence, without what people typed."""


@dataclass(frozen=True, slots=True)
class Attachment:
    """A file that goes with a mail; `media_type` such as application/pdf."""

    name: str
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Mail:
    """One mail to exactly one recipient."""

    to_name: str
    to_address: str
    subject: str
    text: str
    html: str
    message_id: str
    attachments: tuple[Attachment, ...] = ()
    reply_to: str | None = None


def compose(mail: Mail, *, sender_name: str, sender_address: str) -> bytes:
    """The mail with exactly these headers, each of which reads as it was typed. Raises Uncomposable."""
    headers = {
        "From": mailbox(sender_name, sender_address),
        "To": mailbox(mail.to_name, mail.to_address),
        "Subject": unstructured(mail.subject),
        "Date": format_datetime(clock.now()),
        "Message-ID": _identifier(mail.message_id),
        "Auto-Submitted": "auto-generated",
    }
    if mail.reply_to is not None:
        headers["Reply-To"] = mailbox("", mail.reply_to)
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    try:
        return head.encode("ascii") + _body(mail)
    except UnicodeEncodeError as error:
        raise Uncomposable("The mail has characters that no mail can carry.") from error


def unstructured(text: str) -> str:
    """A header's text: as it is where that is plain, else as encoded words, so that nothing in it means anything."""
    return _folded(text) if _is_plain(text) else _encoded_words(text)


def mailbox(name: str, address: str) -> str:
    """An address with the name of whom it reaches, which stays a name whatever it looks like. Raises Uncomposable."""
    if not _ADDRESS.fullmatch(address) or "=?" in address:
        raise Uncomposable("The address is none that a mail can be sent to.")
    if not name:
        return f"<{address}>"
    if not _is_plain(name):
        return f"{_encoded_words(name)}\r\n <{address}>"
    quoted = name.replace("\\", "\\\\").replace('"', '\\"')
    return f'"{_folded(quoted)}"\r\n <{address}>'


def _is_plain(text: str) -> bool:
    """ASCII that folds without loss, and nothing in it that a reader would decode."""
    words = text.split(" ")
    return (
        text.isascii()
        and text.isprintable()
        and "=?" not in text
        and all(0 < len(word) <= WORD_LENGTH_MAX for word in words)
    )


def _folded(plain: str) -> str:
    return "\r\n ".join(wrap(plain, LINE_LENGTH, break_long_words=False, break_on_hyphens=False))


def _encoded_words(text: str) -> str:
    """The text as RFC 2047 has it; readers join the words without a blank. Raises Uncomposable."""
    if _CONTROLS.search(text):
        raise Uncomposable("A header of the mail would have a line break or control character.")
    try:
        plain, dense = (_words(text, name, encode) for name, encode in (("q", _in_q), ("b", _in_b)))
    except UnicodeEncodeError as error:
        raise Uncomposable("A header of the mail would have half a character.") from error
    return "\r\n ".join(plain if len(plain) <= len(dense) else dense)


def _words(text: str, name: str, encode: Callable[[str], str]) -> list[str]:
    """The text in encoded words that are as long as they may be, no character of it torn apart."""
    pieces = [""]
    for character in text:
        if len(encode(pieces[-1] + character)) > ENCODED_LENGTH_MAX:
            pieces.append("")
        pieces[-1] += character
    return [f"=?utf-8?{name}?{encode(piece)}?=" for piece in pieces]


def _in_q(text: str) -> str:
    return "".join(chr(octet) if octet in _HARMLESS else f"={octet:02X}" for octet in text.encode())


def _in_b(text: str) -> str:
    return base64.b64encode(text.encode()).decode()


def _identifier(message_id: str) -> str:
    if not _MESSAGE_ID.fullmatch(message_id):
        raise Uncomposable("The mail's Message-ID is none.")
    return message_id


def _body(mail: Mail) -> bytes:
    """Text and HTML, of which readers show one, and files. None of these headers was typed.

    Written here rather than by `EmailMessage`, which takes longer over it than a server takes to accept the mail.
    """
    said = _multipart("alternative", [_text_part(mail.text, "plain"), _text_part(mail.html, "html")])
    parts = [said, *map(_file_part, mail.attachments)]
    return b"MIME-Version: 1.0\r\n" + (_multipart("mixed", parts) if mail.attachments else said)


def _multipart(kind: str, parts: list[bytes]) -> bytes:
    """The parts between lines that none of them can hold: quoted-printable has no `=_`, base64 no `_` (RFC 2045)."""
    boundary = f"=_{kind}_{token_hex(12)}"
    between = f"--{boundary}\r\n".encode()
    head = f'Content-Type: multipart/{kind}; boundary="{boundary}"\r\n\r\n'.encode()
    return head + b"".join(between + part + b"\r\n" for part in parts) + f"--{boundary}--\r\n".encode()


def _text_part(text: str, subtype: str) -> bytes:
    """In quoted-printable: nothing but ASCII on the wire, whatever the servers on the way speak."""
    lines = text.replace("\r\n", "\n").replace("\r", "\n").encode()
    encoded = binascii.b2a_qp(lines, istext=True).replace(b"\n", b"\r\n")
    head = f'Content-Type: text/{subtype}; charset="utf-8"\r\nContent-Transfer-Encoding: quoted-printable\r\n\r\n'
    return head.encode() + encoded


def _file_part(attachment: Attachment) -> bytes:
    name = _STRANGE_IN_FILES.sub("_", attachment.name)
    head = (
        f"Content-Type: {attachment.media_type}\r\nContent-Transfer-Encoding: base64\r\n"
        f'Content-Disposition: attachment; filename="{name}"\r\n\r\n'
    )
    return head.encode("ascii") + base64.encodebytes(attachment.content).replace(b"\n", b"\r\n")
