"""Turning rows into mails and documents: templates with everything escaped."""

import re
from datetime import date
from pathlib import Path

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_LOOKS_LIKE_AN_ADDRESS = re.compile(r"(?<=\w)[.@](?=[^\W\d])|(?<=:)//(?=\w)")

WORD_JOINER = "\u2060"
"""Invisible, without a width, and no place to break a line."""


def without_links(text: str) -> str:
    """The text as it looks, with nothing in it that mail programs take for an address and make a link of."""
    return _LOOKS_LIKE_AN_ADDRESS.sub(lambda found: found[0] + WORD_JOINER, text)


_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    undefined=StrictUndefined,
    auto_reload=False,
)
_TEMPLATES.filters["without_links"] = without_links


def long_date(day: date) -> str:
    """A day as documents and mails write it: November 3, 2026."""
    return f"{day:%B} {day.day}, {day.year}"


def render(template: str, **values: object) -> str:
    """The named template, filled in; HTML ones escape every value."""
    return _TEMPLATES.get_template(template).render(**values)
