"""What graphql-core says about a request, without the values that were sent: one of them may be a password."""

from typing import Final

MESSAGE_CHARACTERS_MAX: Final = 300

# What leads over to text of the document in a syntax error, and how much of the lead is kept.
_LEADS: Final = {
    **{f"{kind} {quote}": len(kind) for kind in ("Name", "String", "Int", "Float") for quote in "'\""},
    " escape sequence: ": len(" escape sequence"),
    ", did you mean ": 0,
}
_PYTHONS_LIMIT: Final = "Exceeds the limit"


def without_values(message: str) -> str:
    """The message as it is sent: no value of the request in it, and no longer than anybody would read.

    Every step is a search for fixed text from one place, so that a megabyte that was quoted costs one look at it.
    """
    if message.startswith("Syntax Error: "):
        return shortened(_without_token(message))
    for remove in (_without_found, _without_scalar, _without_choice):
        kept = remove(message)
        if kept is not None:
            return shortened(kept)
    return shortened(message)


def shortened(message: str) -> str:
    """Some messages quote names, and a name may be as long as the document."""
    return message if len(message) <= MESSAGE_CHARACTERS_MAX else f"{message[:MESSAGE_CHARACTERS_MAX]}…"


def _without_token(message: str) -> str:
    """`Expected Name, found String 'x'.` and `Invalid Unicode escape sequence: 'x'.`"""
    ends = [found + kept for lead, kept in _LEADS.items() if (found := message.find(lead)) >= 0]
    return f"{message[: min(ends)]}." if ends else message


def _without_found(message: str) -> str | None:
    """`Expected value of type 'X' to be an object, found: x.`

    What a scalar of ours says is a sentence within such a one: `…, but encountered error 'A Decimal is …'; found: x.`
    """
    ends = [end for lead in (", found: ", "; found: ") if (end := message.find(lead)) >= 0]
    if not ends:
        return None
    before, between, sentence = message[: min(ends)].partition(", but encountered error '")
    start = before.find("Expected value of type '")
    if not between or start < 0:
        return f"{message[: min(ends)]}."
    sentence = sentence.removesuffix("'")
    return before[:start] + ("The number has too many digits." if sentence.startswith(_PYTHONS_LIMIT) else sentence)


def _without_scalar(message: str) -> str | None:
    """`Int cannot represent non-integer value: x`"""
    start = message.find(" cannot represent ")
    end = message.find(" value: ", start) if start >= 0 else -1
    return f"{message[:end]} value." if end >= 0 else None


def _without_choice(message: str) -> str | None:
    """`Value 'x' does not exist in 'Mood' enum.`"""
    start, end = message.find("Value '"), message.rfind("' does not exist in '")
    return f"{message[:start]}This value{message[end + 1 :]}" if 0 <= start < end else None
