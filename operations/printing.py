"""Printing documents: data laid out by a Typst template. No text of the data is ever taken for markup."""

import asyncio
import json
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path
from typing import Any

import typst

TEMPLATES = Path(__file__).parent / "templates"

_PRINTERS = ThreadPoolExecutor(max_workers=2, thread_name_prefix="printer")
"""A page takes milliseconds of a core; the rest wait their turn, so that many at once can't take every thread."""


async def print_pdf(template: str, data: Mapping[str, Any]) -> bytes:
    """The named template with `data` as a PDF; the same data make the same bytes. Raises typst.TypstError."""
    return await asyncio.get_running_loop().run_in_executor(_PRINTERS, _print, template, json.dumps(data))


def _print(template: str, data: str) -> bytes:
    pdf = typst.compile(str(TEMPLATES / template), font_paths=_fonts(), sys_inputs={"data": data})
    assert isinstance(pdf, bytes), "one document is one file"
    return pdf


@cache
def _fonts() -> typst.Fonts:
    """Typst's own, and for scripts that those lack whatever the machine has; found once, which takes a while."""
    return typst.Fonts()
