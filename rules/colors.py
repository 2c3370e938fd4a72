"""Colours, and which text can be read on them."""

import re
from typing import Final

from rules.errors import Refusal

DEFAULT_COLOR: Final = "#17527a"
DEFAULT_TEXT_COLOR: Final = "#ffffff"

BLACK: Final = "#000000"
WHITE: Final = "#ffffff"

_COLOR = re.compile(r"#[0-9a-f]{6}")


def color(text: str, *, field: str) -> str:
    """A colour as #rrggbb in lower case. Raises Refusal."""
    found = text.strip().lower() if len(text) <= len("#rrggbb") + 2 else ""
    if not _COLOR.fullmatch(found):
        raise Refusal(f"{field} must be a colour such as {DEFAULT_COLOR}.", field=(field,))
    return found


def text_color(background: str) -> str:
    """Black or white, whichever reads better on a colour #rrggbb: at least 4.58 to 1; WCAG 2.2 (1.4.3) asks 4.5."""
    return max((BLACK, WHITE), key=lambda text: contrast(text, background))


def contrast(one: str, other: str) -> float:
    """The contrast of two colours #rrggbb, 1 to 21, as WCAG 2.2 defines it."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(of: str) -> float:
    red, green, blue = (_linear(int(of[start : start + 2], 16) / 255) for start in (1, 3, 5))
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def _linear(part: float) -> float:
    return part / 12.92 if part <= 0.04045 else float(((part + 0.055) / 1.055) ** 2.4)
