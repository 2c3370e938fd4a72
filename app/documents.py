"""Printable documents at signed addresses."""

from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import Route

from app.signing import check_address
from operations.documents import as_html, as_pdf, invoice_document
from rules.errors import NotFound

DOCUMENT_POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
)
PDF = ".pdf"


def document_routes(key: str) -> list[Route]:
    """The addresses of documents; a signature made with `key` is the right to read one, as a page and as a PDF."""
    return [Route("/documents/invoices/{name}", partial(_invoice, key), methods=["GET"])]


async def _invoice(key: str, request: Request) -> Response:
    path, name = request.url.path, request.path_params["name"]
    check_address(path.removesuffix(PDF), request.query_params, key=key)
    document = await invoice_document(_key(name.removesuffix(PDF)))
    if not name.endswith(PDF):
        return HTMLResponse(as_html(document), headers={"Content-Security-Policy": DOCUMENT_POLICY})
    disposition = f'inline; filename="{document.title}.pdf"'
    return Response(await as_pdf(document), media_type="application/pdf", headers={"Content-Disposition": disposition})


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("Document") from None
