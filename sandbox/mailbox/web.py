"""The mailbox's web side: pages for people and JSON for tests.

    GET    /                                  the mails that arrived, newest first
    GET    /messages/{id}                     one of them
    GET    /api/messages[?recipient=address]  JSON list, newest first; see `Message.as_json`
    GET    /api/messages/{id}                 one of them
    GET    /api/messages/{id}/raw             the mail as it was sent
    DELETE /api/messages                      forget every mail
    GET, POST, DELETE /api/faults             see `sandbox.mailbox.faults`

Mails are hostile: every text is escaped, and the HTML of a mail runs in a frame that can neither run scripts, nor load
anything, nor reach this page.
"""

import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from itertools import islice
from pathlib import Path

import jinja2
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.middleware.trustedhost import TrustedHostMiddleware
from starlette.requests import Request
from starlette.responses import HTMLResponse, JSONResponse, PlainTextResponse, Response
from starlette.routing import Route

from sandbox.mailbox import smtp
from sandbox.mailbox.faults import FaultRefused, Faults
from sandbox.mailbox.files import MailFiles
from sandbox.mailbox.messages import Message, Messages

PAGES = Path(__file__).with_name("pages")
FAULT_BYTES_MAX = 16 * 1024
SHOWN_MAX = 200
QUIET = {"X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "no-store"}
PAGE_POLICY = "default-src 'none'; style-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none'"
# Without allow-scripts and allow-same-origin; popups, so that a click on the mail's link opens a normal tab.
MAIL_POLICY = (
    "sandbox allow-popups allow-popups-to-escape-sandbox; default-src 'none'; style-src 'unsafe-inline'; "
    "img-src data:; form-action 'none'; frame-ancestors 'self'"
)


def application(*, smtp_host: str, smtp_port: int, kept_in: Path | None = None) -> Starlette:
    """The mailbox as one ASGI application: its SMTP side listens for as long as it runs.

    Mails are kept for the next start in the directory `kept_in`, without one in memory alone.
    """
    messages, faults = Messages(MailFiles(kept_in) if kept_in else None), Faults()

    @asynccontextmanager
    async def lifespan(app: Starlette) -> AsyncIterator[None]:
        async with smtp.listening(messages, faults, host=smtp_host, port=smtp_port):
            yield

    routes = [
        Route("/", show_messages),
        Route("/style.css", show_style),
        Route("/healthz", show_health),
        Route("/messages/{id}", show_message),
        Route("/messages/{id}/html", show_html),
        Route("/messages/{id}/attachments/{position:int}", send_attachment),
        Route("/api/messages", list_messages, methods=["GET"]),
        Route("/api/messages", forget_messages, methods=["DELETE"]),
        Route("/api/messages/{id}", read_message),
        Route("/api/messages/{id}/raw", read_raw),
        Route("/api/faults", list_faults, methods=["GET"]),
        Route("/api/faults", add_fault, methods=["POST"]),
        Route("/api/faults", forget_faults, methods=["DELETE"]),
    ]
    # A foreign site that points its name at this address (DNS rebinding) is turned away by the Host header.
    guards = [Middleware(TrustedHostMiddleware, allowed_hosts=["localhost", "127.0.0.1"])]
    app = Starlette(routes=routes, lifespan=lifespan, middleware=guards, exception_handlers={HTTPException: refuse})
    app.state.messages, app.state.faults = messages, faults
    app.state.smtp_address = f"{smtp_host}:{smtp_port}"
    app.state.pages = jinja2.Environment(loader=jinja2.FileSystemLoader(PAGES), autoescape=True)
    return app


async def refuse(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    return JSONResponse({"error": error.detail}, error.status_code, headers=QUIET)


async def show_messages(request: Request) -> Response:
    messages: Messages = request.app.state.messages
    newest = list(islice(messages, SHOWN_MAX))
    return _page(request, "messages.html", messages=newest, total=len(messages))


async def show_message(request: Request) -> Response:
    return _page(request, "message.html", message=_found(request))


async def show_html(request: Request) -> Response:
    # The mail's own <base>, if it has one, comes second and is ignored.
    html = '<!doctype html><base target="_blank">' + (_found(request).html or "")
    return HTMLResponse(html, headers=QUIET | {"Content-Security-Policy": MAIL_POLICY})


async def send_attachment(request: Request) -> Response:
    attachments = _found(request).attachments
    position: int = request.path_params["position"]
    if position >= len(attachments):
        raise HTTPException(404, "The mail has no such attachment.")
    # Always a download of bytes: what the mail calls its type must not make a browser run it.
    headers = QUIET | {"Content-Disposition": f'attachment; filename="attachment-{position}"'}
    return Response(attachments[position].content, media_type="application/octet-stream", headers=headers)


async def show_style(request: Request) -> Response:
    return Response((PAGES / "style.css").read_bytes(), media_type="text/css", headers=QUIET)


async def show_health(request: Request) -> Response:
    return PlainTextResponse("ok", headers=QUIET)


async def list_messages(request: Request) -> Response:
    messages: Messages = request.app.state.messages
    recipient = request.query_params.get("recipient")
    wanted = [message for message in messages if recipient is None or recipient in message.recipients]
    return JSONResponse([message.as_json() for message in wanted], headers=QUIET)


async def read_message(request: Request) -> Response:
    return JSONResponse(_found(request).as_json(), headers=QUIET)


async def read_raw(request: Request) -> Response:
    headers = QUIET | {"Content-Disposition": "attachment"}
    return Response(_found(request).raw, media_type="message/rfc822", headers=headers)


async def forget_messages(request: Request) -> Response:
    request.app.state.messages.clear()
    return Response(status_code=204, headers=QUIET)


async def list_faults(request: Request) -> Response:
    return JSONResponse(request.app.state.faults.as_json(), headers=QUIET)


async def add_fault(request: Request) -> Response:
    # A form on a foreign page can send other types without asking first, but not this one.
    if request.headers.get("content-type", "").partition(";")[0].strip() != "application/json":
        raise HTTPException(415, "Send the fault as application/json.")
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > FAULT_BYTES_MAX:
            raise HTTPException(413, f"A fault takes at most {FAULT_BYTES_MAX} bytes.")
    try:
        request.app.state.faults.add(json.loads(body))
    except FaultRefused as error:
        raise HTTPException(400, str(error)) from error
    except (ValueError, RecursionError) as error:
        raise HTTPException(400, "The body is not JSON.") from error
    return JSONResponse(request.app.state.faults.as_json(), 201, headers=QUIET)


async def forget_faults(request: Request) -> Response:
    request.app.state.faults.clear()
    return Response(status_code=204, headers=QUIET)


def _found(request: Request) -> Message:
    messages: Messages = request.app.state.messages
    message = messages.find(request.path_params["id"])
    if message is None:
        raise HTTPException(404, "No such mail: it may have been deleted.")
    return message


def _page(request: Request, name: str, **values: object) -> Response:
    page = request.app.state.pages.get_template(name)
    html = page.render(smtp_address=request.app.state.smtp_address, **values)
    return HTMLResponse(html, headers=QUIET | {"Content-Security-Policy": PAGE_POLICY})
