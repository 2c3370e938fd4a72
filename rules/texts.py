"""What people may type: names, addresses and messages, checked before they are stored or mailed."""

import unicodedata

from email_validator import EmailNotValidError, validate_email

from rules.errors import ErrorCode, Refusal
from rules.limits import MESSAGE_LENGTH_MAX

EMAIL_LENGTH_MAX = 254
"""RFC 5321, section 4.5.3.1.3, less the angle brackets."""

MARKS_IN_A_ROW_MAX = 6
"""More accents on one letter than any language stacks; more would paint over the lines above and below."""

JOINERS = "\u200c\u200d"
"""Invisible, and without them Persian, the scripts of India and many emoji are misspelled."""

DIRECTION_MARKS = "\u061c\u200e\u200f"
"""Invisible letters of a direction: they put a full stop on its side, and turn nothing around as overrides do."""

BREAK_MARKS = "\u00ad\u200b\u2060\ufeff"
"""Where a line may break and where not: pasted text is full of them, and a message is hurt by none."""

BLANKS = "\u115f\u1160\u17b4\u17b5\u2800\u3164\uffa0"
"""Letters and symbols in name, but nothing can be seen of them."""


class InvalidEmail(Refusal):
    """Not one plain email address."""

    code = ErrorCode.INVALID_EMAIL


def email_address(text: str, *, field: str) -> str:
    """One plain address, domain in lower case and as DNS spells it. Raises InvalidEmail; asks no network.

    No lists, names, comments, quotes or line breaks. An international domain is mailed under its ASCII name; letters
    beyond ASCII before the @ are refused, because servers on the way may not take them (SMTPUTF8).
    """
    address = text.strip(" ")
    refusal = InvalidEmail(f"{field} must be one email address, such as name@example.com.", field=(field,))
    local = address.rpartition("@")[0]
    # An encoded word is spelled with characters that addresses may have, but mail programs would decode it.
    if len(address) > EMAIL_LENGTH_MAX or not local.isascii() or "=?" in local:
        raise refusal
    try:
        # The reserved .test is taken: rehearsals and tests write to it, and nothing is ever delivered there.
        found = validate_email(
            address, strict=True, allow_smtputf8=False, check_deliverability=False, test_environment=True
        )
    except EmailNotValidError:
        raise refusal from None
    if len(local) + len(found.ascii_domain) >= EMAIL_LENGTH_MAX or "." not in found.ascii_domain:
        raise refusal
    return f"{local}@{found.ascii_domain}"


def line(text: str, *, field: str, length_max: int) -> str:
    """One line of text, trimmed.

    Raises Refusal when it is empty, too long, or has control characters, or what hides in a text or turns it around.
    """
    text = _sized(text, field=field, length_max=length_max)
    if any(unicodedata.category(character) in ("Cc", "Cs", "Zl", "Zp") for character in text):
        raise Refusal(f"{field} must be one line without control characters.", field=(field,))
    _refuse_trickery(text, field=field, allowed="")
    return text


def paragraphs(text: str, *, field: str, length_max: int = MESSAGE_LENGTH_MAX) -> str:
    """Text of several lines, trimmed, with plain line breaks. Raises Refusal as `line` does."""
    text = _sized(text.replace("\r\n", "\n"), field=field, length_max=length_max)
    if any(unicodedata.category(character) in ("Cc", "Cs") and character not in "\n\t" for character in text):
        raise Refusal(f"{field} must not contain control characters.", field=(field,))
    _refuse_trickery(text, field=field, allowed=DIRECTION_MARKS + BREAK_MARKS)
    return text


def _sized(text: str, *, field: str, length_max: int) -> str:
    text = text.strip()
    if not text:
        raise Refusal(f"{field} must not be empty.", field=(field,))
    if len(text) > length_max:
        raise Refusal(f"{field} must have at most {length_max} characters.", field=(field,))
    return text


def _refuse_trickery(text: str, *, field: str, allowed: str) -> None:
    """Refuse what makes a text look like another, or like nothing, or spill over what stands beside it."""
    marks, before = MARKS_IN_A_ROW_MAX, ""  # A mark needs a letter to stand on: ours in front of the text is none.
    for character in text:
        category = unicodedata.category(character)
        if category == "Cf" and character not in allowed and not _joins(character, before):
            raise Refusal(
                f"{field} must not contain invisible formatting characters, such as U+{ord(character):04X}.",
                field=(field,),
            )
        marks = marks + 1 if category in ("Mn", "Me") else 0 if category != "Cf" else marks
        if marks > MARKS_IN_A_ROW_MAX:
            raise Refusal(
                f"{field} must not begin with an accent, nor have more than {MARKS_IN_A_ROW_MAX} on one letter.",
                field=(field,),
            )
        before = character
    if not any(unicodedata.category(character)[0] in "LNPS" and character not in BLANKS for character in text):
        raise Refusal(f"{field} must have a character that can be seen.", field=(field,))


def _joins(character: str, before: str) -> bool:
    """A joiner after a letter, accent or symbol of a script that uses them: no reader could see it after others."""
    if character not in JOINERS or not before or before.isascii():
        return False
    name = unicodedata.name(before, "")
    return unicodedata.category(before)[0] in "LMS" and not name.startswith(("LATIN ", "GREEK ", "CYRILLIC "))
