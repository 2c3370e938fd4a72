"""The HTTP application around the toy schema: its routes, headers and health, with no product behind them."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager

import httpx

from app.routes import build_app
from graphql_server.executor import Executor
from tests.graphql_server.edge import API, authenticate, client_of, make_context

ORIGIN = "https://app.example.com"


async def passing() -> None:
    pass


@asynccontextmanager
async def serve(
    *, explorer: bool = False, checks: dict[str, Callable[[], Awaitable[object]]] | None = None
) -> AsyncIterator[httpx.AsyncClient]:
    """A client of the application, as a browserless caller with an inspector's token."""
    app = build_app(
        Executor(API, introspection=True),
        authenticate=authenticate,
        make_context=make_context,
        checks={"database": passing} if checks is None else checks,
        allowed_origins=[ORIGIN],
        explorer=explorer,
    )
    async with client_of(app) as client:
        yield client
