"""The page for developers: an explorer of our own that works offline, in which GraphiQL opens where its files load."""

import secrets
from functools import cache
from pathlib import Path
from typing import Final

from starlette.responses import HTMLResponse, Response

PAGES: Final = Path(__file__).parent / "pages"
# Where GraphiQL's files come from; each is pinned to its hash in the page, and nothing else may be loaded.
SOURCE: Final = "https://unpkg.com"


def explorer_page() -> Response:
    """The page, with the policy that lets its own script and GraphiQL's files run and nothing else."""
    nonce = secrets.token_urlsafe(16)
    policy = {
        "default-src": "'none'",
        "script-src": f"'nonce-{nonce}' {SOURCE}",
        "style-src": f"'unsafe-inline' {SOURCE}",  # GraphiQL's editor styles its lines in place.
        "img-src": "data:",
        "font-src": f"data: {SOURCE}",
        "connect-src": "'self'",
        "base-uri": "'none'",
        "form-action": "'none'",
        "frame-ancestors": "'none'",
    }
    header = "; ".join(f"{directive} {sources}" for directive, sources in policy.items())
    return HTMLResponse(_page().replace("NONCE", nonce), headers={"Content-Security-Policy": header})


@cache
def _page() -> str:
    page, style, script = (_read(name) for name in ("explorer.html", "explorer.css", "explorer.js"))
    return page.replace("/*STYLE*/", style).replace("/*SCRIPT*/", script)


def _read(name: str) -> str:
    return (PAGES / name).read_text(encoding="utf-8")
