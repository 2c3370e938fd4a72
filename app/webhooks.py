"""Where Stripe's webhooks arrive: verified, answered at once, and looked into by a worker."""

from collections.abc import Awaitable, Callable

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from gateways.job_queue import JobName
from gateways.stripe_webhooks import WebhookInvalid, read_webhook
from graphql_server.http.answers import error_response, json_response
from graphql_server.http.requests import BadRequest, read_body
from operations.payments.stripe_events import sync_events_soon
from rules.errors import ErrorCode

BODY_BYTES_MAX = 256 * 1024

log = structlog.get_logger(__name__)


def webhook_routes(secret: str, enqueue: Callable[[JobName], Awaitable[None]]) -> list[Route]:
    """POST /webhooks/stripe, where a signing secret is configured; polling alone does without it."""

    async def receive(request: Request) -> Response:
        try:
            body = await read_body(request, BODY_BYTES_MAX)
            account_id = read_webhook(body, request.headers.get("stripe-signature", ""), secret=secret)
        except BadRequest as refused:
            return error_response(refused.status, refused.message, ErrorCode.INVALID_INPUT)
        except WebhookInvalid as invalid:
            log.warning("webhook_refused", reason=str(invalid))
            return error_response(400, "The signature is not valid.", ErrorCode.INVALID_INPUT)
        if account_id is not None and await sync_events_soon(account_id):
            await enqueue("sync_stripe_events")
        return json_response({"received": True})

    return [Route("/webhooks/stripe", receive, methods=["POST"])] if secret else []
