"""Pictures that people upload as a logo: none of their bytes is served, only what they show, drawn anew."""

import asyncio
import base64
import binascii
import hashlib
import io
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final
from uuid import UUID

from rules.errors import Refusal
from rules.limits import LOGO_BYTES_MAX, LOGO_PIXELS_MAX, LOGO_SIDE_MAX

if TYPE_CHECKING:
    from PIL import Image

FIELD: Final = "logo"
FORMATS: Final = ("PNG", "JPEG")

_PAINTERS = ThreadPoolExecutor(max_workers=1, thread_name_prefix="painter")
"""One picture at a time: it takes tens of megabytes while it is open."""


@dataclass(frozen=True, slots=True)
class Picture:
    """A PNG or JPEG of our own making, with the name it is served under."""

    name: str
    content: bytes


async def redraw(encoded: str, *, company_id: UUID) -> Picture:
    """The picture in base64, redrawn at most 1,024 pixels wide and high, without anything that can't be seen of it.

    Its name is a hash over the company's key too, which nobody outside knows. Raises Refusal naming logo.
    """
    content = await asyncio.get_running_loop().run_in_executor(_PAINTERS, _redrawn, _decoded(encoded))
    ending = "png" if content.startswith(b"\x89PNG") else "jpg"
    return Picture(f"{hashlib.sha256(company_id.bytes + content).hexdigest()}.{ending}", content)


def _decoded(encoded: str) -> bytes:
    if len(encoded) > (LOGO_BYTES_MAX + 2) // 3 * 4:
        raise Refusal(f"{FIELD} must have at most {LOGO_BYTES_MAX // 1024} KiB.", field=(FIELD,))
    try:
        content = base64.b64decode(encoded, validate=True)
    except (binascii.Error, ValueError):
        raise _not_a_picture() from None
    if len(content) > LOGO_BYTES_MAX:
        raise Refusal(f"{FIELD} must have at most {LOGO_BYTES_MAX // 1024} KiB.", field=(FIELD,))
    return content


def _redrawn(content: bytes) -> bytes:
    from PIL import Image, ImageOps, UnidentifiedImageError  # With the first logo: it is large, and few are set.

    try:
        with Image.open(io.BytesIO(content), formats=FORMATS) as image:
            # What it says of its size is read before any of it is unpacked.
            if image.width * image.height > LOGO_PIXELS_MAX:
                raise Refusal(f"{FIELD} must have at most {LOGO_PIXELS_MAX:,} pixels.", field=(FIELD,))
            is_png = image.format == "PNG"
            upright = ImageOps.exif_transpose(image)
            shown = upright.convert("RGBA" if is_png else "RGB")
    except (UnidentifiedImageError, Image.DecompressionBombError, OSError, SyntaxError, ValueError):
        # Pillow raises the last two for some broken files, where their structure is what is broken.
        raise _not_a_picture() from None
    shown.info = {}
    return _as_small_as_allowed(shown, "PNG" if is_png else "JPEG")


def _as_small_as_allowed(image: "Image.Image", kind: str) -> bytes:
    """The picture as a file, ever smaller until it is within the limit, as it is at 128 pixels at the latest."""
    side = LOGO_SIDE_MAX
    while True:
        image.thumbnail((side, side))
        written = io.BytesIO()
        image.save(written, kind, optimize=True)
        if written.tell() <= LOGO_BYTES_MAX:
            return written.getvalue()
        side //= 2


def _not_a_picture() -> Refusal:
    return Refusal(f"{FIELD} must be a PNG or JPEG picture in base64.", field=(FIELD,))
