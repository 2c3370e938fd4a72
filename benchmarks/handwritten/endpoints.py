"""The hand-written HTTP API: a Starlette application with a route for each of the measured questions.

It takes the same request bodies as GraphQL does, ignores the document in them, and gives the same answers.
"""

import json
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncpg
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from benchmarks.handwritten.authentication import NotAuthenticated, payer_of, staff_of
from benchmarks.handwritten.global_ids import row_id
from benchmarks.handwritten.invoices import add_invoice

POOL_SIZE = 8  # As DATABASE_POOL_SIZE of the API that stands beside it.
FUNCTIONS = Path(__file__).with_name("functions.sql")
PAYMENTS_BOX, INSPECTIONS_LIST, PAYER_PORTAL = (
    Path(__file__).with_name(name).read_text(encoding="utf-8")
    for name in ("payments_box.sql", "inspections_list.sql", "payer_portal.sql")
)

Answer = Callable[[asyncpg.Connection, str, dict[str, Any]], Awaitable[str]]
"""The JSON text that answers the variables of a request, for whoever bears the token."""


class _Connection(asyncpg.Connection):  # type: ignore[misc]
    def get_reset_query(self) -> str:
        """Nothing, as in the API: no state of a session is ever set."""
        return ""


def app_of(database_url: str, *, signing_key: str) -> Starlette:
    """The application, with connections that are open from the start."""

    @asynccontextmanager
    async def connected(app: Starlette) -> AsyncIterator[None]:
        options = {"min_size": POOL_SIZE, "max_size": POOL_SIZE, "connection_class": _Connection}
        async with asyncpg.create_pool(database_url, server_settings={"timezone": "UTC"}, **options) as pool:
            app.state.pool = pool
            yield

    async def payments_box(connection: asyncpg.Connection, token: str, variables: dict[str, Any]) -> str:
        staff = await staff_of(connection, token, signing_key=signing_key)
        answer: str = await connection.fetchval(PAYMENTS_BOX, row_id(variables["id"]), staff.company_id)
        return answer

    async def inspections_list(connection: asyncpg.Connection, token: str, variables: dict[str, Any]) -> str:
        staff = await staff_of(connection, token, signing_key=signing_key)
        answer: str = await connection.fetchval(INSPECTIONS_LIST, staff.company_id)
        return answer

    async def payer_portal(connection: asyncpg.Connection, token: str, variables: dict[str, Any]) -> str:
        payer = await payer_of(connection, token)
        answer: str = await connection.fetchval(PAYER_PORTAL, payer.invoice_id, payer.company_id)
        return answer

    async def adding_invoice(connection: asyncpg.Connection, token: str, variables: dict[str, Any]) -> str:
        staff = await staff_of(connection, token, signing_key=signing_key)
        return json.dumps({"data": {"addInvoice": await add_invoice(connection, staff, variables["input"])}})

    answers = {
        "/payments-box": payments_box,
        "/inspections-list": inspections_list,
        "/payer-portal": payer_portal,
        "/add-invoice": adding_invoice,
    }
    routes = [Route(path, _endpoint(answer), methods=["POST"]) for path, answer in answers.items()]
    return Starlette(lifespan=connected, routes=[Route("/healthz", _healthy), *routes])


async def _healthy(request: Request) -> Response:
    return Response()


def _endpoint(answer: Answer) -> Callable[[Request], Awaitable[Response]]:
    async def respond(request: Request) -> Response:
        variables = json.loads(await request.body())["variables"]
        token = request.headers.get("authorization", "").removeprefix("Bearer ")
        try:
            async with request.app.state.pool.acquire() as connection:
                text = await answer(connection, token, variables)
        except NotAuthenticated:
            return Response(status_code=401)
        return Response(text, media_type="application/json")

    return respond
