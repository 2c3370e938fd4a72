"""What people may type: names, addresses and messages, checked before they are stored or mailed."""

import re
import unicodedata

from rules.errors import ErrorCode, Refusal

MESSAGE_LENGTH_MAX = 5_000

# At most 254 characters: RFC 5321, section 4.5.3.1.3, less the angle brackets.
_EMAIL = re.compile(
    r"(?=.{3,254}\Z)[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+(\.[A-Za-z0-9!#$%&'*+/=?^_`{|}~-]+)*"
    r"@([A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?\.)+[A-Za-z]([A-Za-z0-9-]{0,61}[A-Za-z0-9])"
)


class InvalidEmail(Refusal):
    """Not one plain email address."""

    code = ErrorCode.INVALID_EMAIL


def email_address(text: str, *, field: str) -> str:
    """One plain address, domain in lower case. Raises InvalidEmail: no lists, names, comments or line breaks."""
    address = text.strip(" ")
    local, _, domain = address.rpartition("@")
    if not _EMAIL.fullmatch(address) or len(local) > 64:
        raise InvalidEmail(f"{field} must be one email address, such as name@example.com.", field=(field,))
    return f"{local}@{domain.lower()}"


def line(text: str, *, field: str, length_max: int) -> str:
    """One line of text, trimmed. Raises Refusal when it is empty, too long or has control characters."""
    text = text.strip()
    if not text:
        raise Refusal(f"{field} must not be empty.", field=(field,))
    if len(text) > length_max:
        raise Refusal(f"{field} must have at most {length_max} characters.", field=(field,))
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise Refusal(f"{field} must be one line without control characters.", field=(field,))
    return text


def paragraphs(text: str, *, field: str, length_max: int = MESSAGE_LENGTH_MAX) -> str:
    """Text of several lines, trimmed, with plain line breaks. Raises Refusal as `line` does."""
    text = text.replace("\r\n", "\n").strip()
    if not text:
        raise Refusal(f"{field} must not be empty.", field=(field,))
    if len(text) > length_max:
        raise Refusal(f"{field} must have at most {length_max} characters.", field=(field,))
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in text):
        raise Refusal(f"{field} must not contain control characters.", field=(field,))
    return text
