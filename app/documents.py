"""Printable documents at signed addresses."""

from collections.abc import Collection, Sequence
from functools import partial
from uuid import UUID

from starlette.requests import Request
from starlette.responses import HTMLResponse, Response
from starlette.routing import BaseRoute, Mount, Route

from app.absence import absent
from app.signing import AddressExpired, check_address
from graphql_server.http.origins import readable_by
from operations.documents.invoice_document import as_html, as_pdf, invoice_document
from operations.identity.contacts import contact_of_invoice
from rules.errors import NotFound

OWN_LOOKS = "default-src 'none'; style-src 'unsafe-inline'; img-src 'self'"
DOCUMENT_POLICY = f"{OWN_LOOKS}; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
PDF = ".pdf"


def document_routes(keys: Sequence[str], origins: Collection[str]) -> list[BaseRoute]:
    """The addresses of documents; a signature by one of `keys` is the right to read one, as a page and as a PDF.

    Whoever has an address may open it, from wherever; pages of `origins` may also read what they fetch from it.
    """
    routes = [Route("/invoices/{name}", partial(_invoice, keys), methods=["GET"])]
    return [Mount("/documents", routes=routes, middleware=[readable_by(origins)])]


async def _invoice(keys: Sequence[str], request: Request) -> Response:
    path, name = request.url.path, request.path_params["name"]
    try:
        check_address(path.removesuffix(PDF), request.query_params, keys=keys)
        document = await invoice_document(_key(name.removesuffix(PDF)))
    except AddressExpired as expired:
        return absent(request, expired, await contact_of_invoice(_key(name.removesuffix(PDF))))
    except NotFound as refusal:
        return absent(request, refusal)
    if not name.endswith(PDF):
        return HTMLResponse(as_html(document), headers={"Content-Security-Policy": DOCUMENT_POLICY})
    disposition = f'inline; filename="{document.title}.pdf"'
    return Response(await as_pdf(document), media_type="application/pdf", headers={"Content-Disposition": disposition})


def _key(text: str) -> UUID:
    try:
        return UUID(text)
    except ValueError:
        raise NotFound("Document") from None
