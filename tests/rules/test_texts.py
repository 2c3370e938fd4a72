"""Texts that people type: one line stays one line, and an address is one address."""

# ruff: noqa: RUF001 - letters that look alike are the matter here.

import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.errors import Refusal
from rules.texts import InvalidEmail, email_address, line, paragraphs

BREAKS = ["\r", "\n", "\r\n", "\u2028", "\u2029", "\x0b", "\x0c", "\x85", "\x00", "\x1b"]


@given(st.text())
def test_line_is_one_line_or_refused(text: str) -> None:
    try:
        checked = line(text, field="name", length_max=50)
    except Refusal as error:
        refusal = error
    else:
        assert len(checked.splitlines()) == 1
        assert 1 <= len(checked) <= 50
        assert checked == text.strip()
        assert not any(unicodedata.category(character) == "Cc" for character in checked)
        return
    assert refusal.field == ("name",)
    assert refusal.message.startswith("name must ")


@pytest.mark.parametrize("separator", BREAKS)
def test_header_injection_is_refused(separator: str) -> None:
    with pytest.raises(Refusal, match="subject must be one line"):
        line(f"Hello{separator}Bcc: eve@example.com", field="subject", length_max=200)


def test_line_says_what_is_wrong() -> None:
    with pytest.raises(Refusal, match=r"^name must not be empty\.$"):
        line(" \t ", field="name", length_max=5)
    with pytest.raises(Refusal, match=r"^name must have at most 5 characters\.$"):
        line("abcdef", field="name", length_max=5)
    assert line("  Zoë O'Brien  ", field="name", length_max=20) == "Zoë O'Brien"


@given(st.text())
def test_paragraphs_have_plain_breaks_or_are_refused(text: str) -> None:
    try:
        checked = paragraphs(text, field="message", length_max=60)
    except Refusal as error:
        refusal = error
    else:
        assert "\r" not in checked
        assert 1 <= len(checked) <= 60
        return
    assert refusal.field == ("message",)


def test_paragraphs_keep_their_lines() -> None:
    assert paragraphs("Dear Adam,\r\n\r\n\tthanks \n", field="message") == "Dear Adam,\n\n\tthanks"
    with pytest.raises(Refusal, match="message must have at most 5000 characters"):
        paragraphs("x" * 5001, field="message")
    with pytest.raises(Refusal, match="control characters"):
        paragraphs("a\x07b", field="message")


@pytest.mark.parametrize(
    ("given_text", "address"),
    [
        ("pat@people.test", "pat@people.test"),
        ("  pat@people.test ", "pat@people.test"),
        ("Pat.Q+tag@PEOPLE.Test", "Pat.Q+tag@people.test"),
        ("o'brien@sub.people.co.uk", "o'brien@sub.people.co.uk"),
        ("pat@München.Test", "pat@xn--mnchen-3ya.test"),
    ],
)
def test_addresses_are_taken_as_they_are(given_text: str, address: str) -> None:
    assert email_address(given_text, field="email") == address


@pytest.mark.parametrize(
    "text",
    [
        "",
        "pat",
        "pat@",
        "@people.test",
        "pat@people",
        "pat@people.test\n",
        "pat@people.test\r\nBcc: eve@example.com",
        "pat@people.test,eve@example.com",
        "pat@people.test;eve@example.com",
        "pat@people.test eve@example.com",
        "Pat <pat@people.test>",
        "pat(comment)@people.test",
        "pat..q@people.test",
        "pat@people.test.",
        "pat@peo_ple.test",
        "pat@-people.test",
        "pat@people-.test",
        "pät@people.test",
        "=?utf-8?q?x=0D=0ABcc:=20eve?=@people.test",
        "=?utf-8?b?eA==?=@people.test",
        '"pat q"@people.test',
        "pat@[127.0.0.1]",
        "pat@test",
        "pat@localhost",
        "pat@people.local",
        "pat@people.test\u200b",
        "p\u202eat@people.test",
        f"pat@{'a' * 100_000}.test",
        f"{'x' * 65}@people.test",
        f"pat@{'x' * 64}.test",
        f"pat@{'x.' * 126}test",
    ],
)
def test_what_is_not_one_plain_address_is_refused(text: str) -> None:
    with pytest.raises(InvalidEmail, match=r"^email must be one email address"):
        email_address(text, field="email")


@given(st.emails())
def test_addresses_never_smuggle_anything(text: str) -> None:
    try:
        address = email_address(text, field="email")
    except InvalidEmail:
        return
    assert address.count("@") == 1
    assert not set(address) & set(' \r\n\t,;<>()[]"\\')


@pytest.mark.parametrize(
    "text",
    [
        "Adam\u202etnegA",
        "Adam\u2066Agent\u2069",
        "Adam\u200bAgent",
        "Ad\u200dam",
        "Иван\u200dов",
        "Adam\u200e",
        "Adam\u00adAgent",
        "\ufeffAdam",
        "\u200dAdam",
        "می\u200c\u200cخواهم",
        "Adam\U000e0041",
    ],
)
def test_line_has_nothing_that_hides_or_turns_around(text: str) -> None:
    """A name with a direction override or another invisible character is refused, which the refusal names."""
    with pytest.raises(
        Refusal, match=r"^name must not contain invisible formatting characters, such as U\+[0-9A-F]{4}"
    ):
        line(text, field="name", length_max=50)


@pytest.mark.parametrize("text", ["می\u200cخواهم", "क्\u200dष", "👩\u200d🔧 Ann", "Zoë", "Ngữ", "הָאֲרִי", "1️⃣ St. Paul’s"])
def test_line_keeps_what_scripts_need(text: str) -> None:
    """Joiners in Persian, Hindi and emoji, and the accents of every language, stay as they are typed."""
    assert line(text, field="name", length_max=50) == text


@pytest.mark.parametrize("text", ["\u0301Adam", "Z" + "\u0301" * 7, "Z" + "\u0301\u200c" * 4 + "\u0301" * 4])
def test_line_does_not_spill_over_what_stands_beside_it(text: str) -> None:
    """Accents without a letter of their own, and floods of them, are refused."""
    with pytest.raises(Refusal, match=r"^name must not (begin with an accent|contain invisible)"):
        line(text, field="name", length_max=50)


@pytest.mark.parametrize("text", ["\u3164", "\u2800 \u2800", "\u115f\u1160"])
def test_line_can_be_seen(text: str) -> None:
    """A name of blank letters is refused as an empty one is."""
    with pytest.raises(Refusal, match=r"^name must have a character that can be seen\.$"):
        line(text, field="name", length_max=50)


def test_paragraphs_keep_marks_of_direction_and_refuse_overrides() -> None:
    """A message may say which way its full stop goes and where it breaks; it can't turn its words around."""
    for kept in ("שלום\u200f.", "soft\u00adware", "http\u200b://"):
        assert paragraphs(kept, field="message") == kept
    for character in "\u202a\u202b\u202d\u202e\u2066\u2067\u2068\u2069":
        with pytest.raises(Refusal, match=r"^message must not contain invisible formatting characters"):
            paragraphs(f"pay {character}now", field="message")
