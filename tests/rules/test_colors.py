"""Colours: what is taken for one, and that text on any of them can be read."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from rules.colors import color, contrast, text_color
from rules.errors import Refusal

colors = st.integers(0, 0xFFFFFF).map(lambda number: f"#{number:06x}")


@given(colors)
def test_text_can_be_read_on_every_color(background: str) -> None:
    """Black or white stands out from any colour as WCAG 2.2 wants it, 4.5 to 1 (S60)."""
    assert contrast(text_color(background), background) >= 4.5


def test_contrast_is_what_wcag_says() -> None:
    """Known pairs, as WebAIM's checker has them."""
    assert contrast("#000000", "#ffffff") == pytest.approx(21)
    assert contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_a_color_is_trimmed_and_in_lower_case() -> None:
    """However it was typed, it is stored one way."""
    assert color(" #AaBb09", field="color") == "#aabb09"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "red",
        "#abc",
        "#12345g",
        "#1234567",
        "aabbcc",
        "#aabbcc;x:y",
        "#" * 9_999,
        "#\u0660\u0660\u0660\u0660\u0660\u0660",
    ],
)
def test_anything_else_is_no_color(text: str) -> None:
    """A colour is put into style sheets, so nothing else may be in it (S60)."""
    with pytest.raises(Refusal, match="color must be a colour"):
        color(text, field="color")
