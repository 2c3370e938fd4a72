"""Printing documents: data laid out by a Typst template. No text of the data is ever taken for markup."""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    import typst

TEMPLATES = Path(__file__).parent / "templates"

_PRINTERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="printer")
"""A page takes milliseconds of a core; the rest wait their turn, so that many at once can't take every thread."""

NO_PICTURES: Mapping[str, bytes | None] = {}

log = structlog.get_logger(__name__)


class NotPrinted(Exception):
    """Typst could not lay the document out."""


async def print_pdf(
    template: str, data: Mapping[str, object], *, pictures: Mapping[str, bytes | None] = NO_PICTURES
) -> bytes:
    """The named template with `data` and `pictures` as a PDF, which says which of its parts is what (PDF/UA-1).

    The same data make the same bytes. Raises NotPrinted.

    A character that no font of the machine has is printed as a box; the log says so, with what to install.
    """
    # Typst takes other files as text alone; as numbers, a picture of 150 kB costs it 40 ms.
    numbers = {name: list(picture) for name, picture in pictures.items() if picture}
    inputs = {"data": json.dumps(data), "pictures": json.dumps(numbers)}
    pdf, missing = await asyncio.get_running_loop().run_in_executor(_PRINTERS, _print, template, inputs)
    if missing is not None:
        log.warning(
            "document.character_without_font",
            template=template,
            character=f"U+{ord(missing):04X}",
            advice="Install fonts for the script it belongs to, such as Debian's fonts-noto-core and fonts-noto-cjk.",
        )
    return pdf


def _print(template: str, inputs: dict[str, str]) -> tuple[bytes, str | None]:
    """The PDF, and a character that its fonts lack, if any."""
    import typst  # With the first document: it is large, and the API prints few.

    try:
        pdf = typst.compile(str(TEMPLATES / template), font_paths=_fonts(), sys_inputs=inputs)
    except typst.TypstError as error:
        raise NotPrinted(str(error)) from error
    assert isinstance(pdf, bytes), "one document is one file"
    if any(map(_is_uncommon, "".join(_texts(json.loads(inputs["data"]))))):
        return pdf, _without_font(template, inputs)
    return pdf, None


def _texts(data: object) -> list[str]:
    """All texts in what JSON can hold."""
    if isinstance(data, str):
        return [data]
    inside = data.values() if isinstance(data, dict) else data if isinstance(data, list) else ()
    return [text for value in inside for text in _texts(value)]


def _is_uncommon(character: str) -> bool:
    """Beyond the letters, punctuation and currencies of Europe, which Typst's own fonts have."""
    return character > "\u052f" and not "\u2000" <= character <= "\u20cf"


def _without_font(template: str, inputs: dict[str, str]) -> str | None:
    """A character that would be a box. Only an archive's PDF refuses to have one, so we ask for such a file."""
    import typst

    try:
        typst.compile(str(TEMPLATES / template), font_paths=_fonts(), sys_inputs=inputs, pdf_standards="a-2b")
    except typst.TypstError as refusal:
        _, _, quoted = refusal.message.partition('the text `"')
        # Empty when it was refused for another reason, such as its date: our documents are no archive's files.
        return _unquoted(quoted) if quoted else None
    return None


def _unquoted(quoted: str) -> str:
    """The first character of a text as Typst quotes it: one that can't be shown as its number, such as \\u{378}."""
    if not quoted.startswith("\\u{"):
        return quoted[0]
    return chr(int(quoted[3 : quoted.index("}")], 16))


@cache
def _fonts() -> "typst.Fonts":
    """Typst's own, and for scripts that those lack whatever the machine has; found once, which takes a while."""
    import typst

    return typst.Fonts()
