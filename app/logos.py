"""Companies' logos, which everybody may load who knows an address: mails and documents that were sent hold it."""

import re
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Route

from app.web_pages import ASSET_CACHING
from operations.documents.brands import logo_content
from rules.links import logo_path

TYPES: Final = {"png": "image/png", "jpg": "image/jpeg"}
NAME: Final = re.compile(r"[0-9a-f]{64}\.(?:png|jpg)")


def logo_routes() -> list[BaseRoute]:
    """Each logo at its path, the same picture for ever."""
    return [Route(logo_path("{name}"), _logo, methods=["GET"])]


async def _logo(request: Request) -> Response:
    name = request.path_params["name"]
    content = await logo_content(name) if NAME.fullmatch(name) else None
    if content is None:
        raise HTTPException(404, "There is no such logo.")
    # Pages of other hosts show it too, so neither CORS nor CORP keeps them from it; the type is never guessed.
    headers = {"Cache-Control": ASSET_CACHING, "Cross-Origin-Resource-Policy": "cross-origin"}
    return Response(content, media_type=TYPES[name.rpartition(".")[2]], headers=headers)
