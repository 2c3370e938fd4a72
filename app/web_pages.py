"""The pages that people see, built from `web/` into static files: portals, the inspectors' app, GraphiQL."""

from functools import partial
from pathlib import Path
from typing import Final

from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import FileResponse, HTMLResponse, Response
from starlette.routing import BaseRoute, Route

BUILT: Final = Path(__file__).resolve().parents[1] / "web" / "dist"
PAGES: Final = {"/pay": "pay.html", "/portal": "portal.html", "/app": "app.html"}
GRAPHIQL: Final = {"/graphiql": "graphiql.html"}

# The page is asked for each time, and answered with 304 while it is the same; what it loads has its hash in its name.
PAGE_CACHING: Final = "no-cache"
ASSET_CACHING: Final = "public, max-age=31536000, immutable"

ENCODINGS: Final = {"br": ".br", "gzip": ".gz"}
"""The copies that the build leaves beside a file, the smallest first."""

NOT_BUILT: Final = (
    "<!doctype html><html lang=en><title>Not built</title>"
    "<p>The pages were not built here: run <code>make setup</code>, which builds <code>web/</code>."
)


def web_routes(*, graphiql: bool, built: Path = BUILT) -> list[BaseRoute]:
    """Each page at its path and its files below /assets; GraphiQL where that is wanted."""
    pages = {**PAGES, **(GRAPHIQL if graphiql else {})}
    routes: list[BaseRoute] = [
        Route(path, partial(_page, built, name), methods=["GET", "HEAD"]) for path, name in pages.items()
    ]
    return [*routes, Route("/assets/{name}", partial(_asset, built), methods=["GET", "HEAD"])]


def policy(name: str) -> str:
    """What a page may load: its own scripts and styles from here, and nothing that is written into it.

    GraphiQL's editor styles its lines in place; it also starts workers and shows pictures that it carries in itself.
    """
    is_graphiql = name == GRAPHIQL["/graphiql"]
    directives = {
        "default-src": "'none'",
        "script-src": "'self'",
        "style-src": "'self' 'unsafe-inline'" if is_graphiql else "'self'",
        "img-src": "'self' data:",
        "font-src": "'self' data:" if is_graphiql else "'self'",
        "worker-src": "'self'" if is_graphiql else "'none'",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    return "; ".join(f"{directive} {sources}" for directive, sources in directives.items())


async def _page(built: Path, name: str, request: Request) -> Response:
    if not (built / name).is_file():
        return HTMLResponse(NOT_BUILT, 503)
    headers = {"Content-Security-Policy": policy(name), "Cache-Control": PAGE_CACHING}
    response = _file(built / name, request, headers)
    if request.headers.get("if-none-match") == response.headers["etag"]:
        kept = {name: value for name, value in response.headers.items() if name in ("etag", "vary")}
        return Response(status_code=304, headers={**headers, **kept})
    return response


async def _asset(built: Path, request: Request) -> Response:
    name = request.path_params["name"]
    path = built / "assets" / name
    if name.startswith(".") or not path.is_file():  # A path parameter holds no slash, so it leads nowhere else.
        raise HTTPException(404, "There is no such file.")
    return _file(path, request, {"Cache-Control": ASSET_CACHING})


def _file(path: Path, request: Request, headers: dict[str, str]) -> FileResponse:
    """The file, or the smallest of its compressed copies that the browser takes."""
    taken = {coding.partition(";")[0].strip() for coding in request.headers.get("accept-encoding", "").split(",")}
    varying = {**headers, "Vary": "Accept-Encoding"}
    for encoding, suffix in ENCODINGS.items():
        copy = path.with_name(path.name + suffix)
        if encoding in taken and copy.is_file():
            response = FileResponse(copy, headers={**varying, "Content-Encoding": encoding}, stat_result=copy.stat())
            break
    else:
        response = FileResponse(path, headers=varying, stat_result=path.stat())
    response.headers["Content-Type"] = _type(path)
    return response


def _type(path: Path) -> str:
    return TYPES.get(path.suffix, "application/octet-stream")


TYPES: Final = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    ".ttf": "font/ttf",
    ".woff2": "font/woff2",
    ".json": "application/json",
}
"""By ending; the machine's own table is not asked, because it differs."""
