"""What somebody sees who opens an address that is no more, or never was: plain words for people, JSON for programs."""

import hashlib
from base64 import b64encode
from typing import Final

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response

from app.signing import AddressExpired
from graphql_server.http.answers import error_response
from graphql_server.http.media_types import HTML, JSON, choose
from operations.documents.rendering import render
from operations.identity.contacts import Contact
from rules.errors import NotFound

STYLE: Final = (
    "body{margin:0 auto;max-width:34rem;padding:4rem 1.5rem;color:#1c2430;background:#fff;"
    "font:1.0625rem/1.55 Helvetica,Arial,sans-serif;overflow-wrap:anywhere}"
    "img{display:block;max-width:13rem;max-height:4rem;margin:0 0 1.5rem}.lines{white-space:pre-line;color:#55616d}"
    "h1{font-size:1.6rem;line-height:1.25;margin:0 0 1rem}p{margin:0 0 1rem}a{color:#0b57a4}"
)

EXPIRED: Final = (
    "This address has expired",
    "So that nobody else can use it, the address of a document is good for a quarter of an hour. The document is still "
    "there: open it again from the page or the email where you found it, and it gets a new address.",
)
UNKNOWN: Final = (
    "Nothing is to be found here",
    "The address is not complete, or it was changed on its way to you. Open the document again from the page or the "
    "email where you found it.",
)


def absent(request: Request, refusal: NotFound, contact: Contact | None = None) -> Response:
    """A 404 in the form that the request likes best; with whom to ask, where the address once was good."""
    if choose(request.headers.get("accept"), (JSON, HTML)) != HTML:
        response = error_response(404, refusal.message, refusal.code)
    else:
        title, explanation = EXPIRED if isinstance(refusal, AddressExpired) else UNKNOWN
        style = f"{STYLE}body{{border-top:6px solid {contact.brand.color}}}" if contact else STYLE
        shown = {"title": title, "explanation": explanation, "style": style, "contact": contact}
        page = render("absent.html.j2", root=_root(request), **shown)
        response = HTMLResponse(page, 404, headers={"Content-Security-Policy": _policy(style)})
    response.headers["Vary"] = "Accept"
    return response


def _root(request: Request) -> str:
    """The way up from a path to what stands above them all, which a proxy may serve below another path."""
    return "../" * (request.url.path.count("/") - 1)


def _policy(style: str) -> str:
    digest = b64encode(hashlib.sha256(style.encode()).digest()).decode()
    return (
        f"default-src 'none'; style-src 'sha256-{digest}'; img-src 'self';"
        " base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
    )
