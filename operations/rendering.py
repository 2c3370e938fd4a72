"""Turning rows into mails and documents: templates with everything escaped."""

from pathlib import Path
from typing import Any

from jinja2 import Environment, FileSystemLoader, StrictUndefined, select_autoescape

_TEMPLATES = Environment(
    loader=FileSystemLoader(Path(__file__).parent / "templates"),
    autoescape=select_autoescape(enabled_extensions=("html.j2",), default=False),
    undefined=StrictUndefined,
    auto_reload=False,
)


def render(template: str, **values: Any) -> str:
    """The named template, filled in; HTML ones escape every value."""
    return _TEMPLATES.get_template(template).render(**values)
