"""The HTTP application over the toy schema, where a bearer token is the name of its scope."""

from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any
from uuid import uuid4

import httpx
from starlette.requests import HTTPConnection, Request

from app.routes import build_app
from graphql_server.executor import Executor
from rules.access import Principal, Scope
from rules.errors import ErrorCode, Refusal
from tests.graphql_server.toy import toy_api

ORIGIN = "https://app.example.com"
API = toy_api()


class InvalidToken(Refusal):
    code = ErrorCode.UNAUTHENTICATED


class TooOften(Refusal):
    code = ErrorCode.RATE_LIMITED
    retry_after_seconds = 60


@dataclass
class Context:
    principal: Principal | None
    request_id: str
    refusals: tuple[str, ...] = ()


async def authenticate(request: HTTPConnection) -> Principal | None:
    header = request.headers.get("authorization")
    if header is None:
        return None
    token = header.removeprefix("Bearer ")
    if token == "often":
        raise TooOften("Too many attempts; try again in a minute.")
    if token == "explode":
        raise RuntimeError("postgres://user:hunter2@db")
    if token not in set(Scope):
        raise InvalidToken("The token is not valid.")
    return Principal(Scope(token), company_id=uuid4())


def make_context(_: Request, principal: Principal | None, request_id: str) -> Context:
    return Context(principal, request_id)


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
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    headers = {"Authorization": "Bearer INSPECTOR"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example.com", headers=headers) as client:
        yield client


def codes(response: httpx.Response) -> list[Any]:
    """The code of each error in the response."""
    return [error["extensions"]["code"] for error in response.json()["errors"]]
