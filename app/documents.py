"""Printable documents at signed addresses."""

from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.signing import check_address
from operations.documents import invoice_document
from rules.errors import NotFound

DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)


def document_routes(key: str) -> list[Route]:
    """The addresses of documents; a signature made with `key` is the right to read one."""
    return [Route("/documents/invoices/{invoice_id}", partial(_invoice, key), methods=["GET"])]


async def _invoice(key: str, request: Request) -> Response:
    check_address(request.url.path, request.query_params, key=key)
    try:
        invoice_id = UUID(request.path_params["invoice_id"])
    except ValueError:
        raise NotFound("Document") from None
    html = await invoice_document(invoice_id)
    return HTMLResponse(html, headers={"Content-Security-Policy": DOCUMENT_POLICY})
