"""Texts that people type: one line stays one line, and an address is one address."""

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
