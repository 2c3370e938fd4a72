"""The toy schema over HTTP, where a bearer token is the name of its scope."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import httpx
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.requests import HTTPConnection, Request
from starlette.routing import Route
from starlette.types import ASGIApp

from graphql_server.executor import Executor
from graphql_server.http.endpoint import GraphQLEndpoint
from graphql_server.http.security import SecurityMiddleware
from tests.graphql_server.toy import Scope, ToyRefusal, toy_api

API = toy_api()


class InvalidToken(ToyRefusal):
    code = "UNAUTHENTICATED"


class TooOften(ToyRefusal):
    code = "RATE_LIMITED"
    retry_after_seconds = 60


@dataclass(frozen=True)
class Bearer:
    """Whoever bears a token."""

    scope: Scope

    @property
    def credentials(self) -> Mapping[str, str]:
        return {}

    def as_logged(self) -> dict[str, str]:
        return {"scope": self.scope.value}


@dataclass
class Context:
    principal: Bearer | None
    request_id: str
    refusals: tuple[str, ...] = ()


async def authenticate(request: HTTPConnection) -> Bearer | None:
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
    return Bearer(Scope(token))


def make_context(_: Request, principal: Bearer | None, request_id: str) -> Context:
    return Context(principal, request_id)


@asynccontextmanager
async def client_of(app: ASGIApp) -> AsyncIterator[httpx.AsyncClient]:
    """A client of an application, as a browserless caller with an inspector's token."""
    transport = httpx.ASGITransport(app, raise_app_exceptions=True)
    headers = {"Authorization": "Bearer INSPECTOR"}
    async with httpx.AsyncClient(transport=transport, base_url="https://api.example.com", headers=headers) as client:
        yield client


@asynccontextmanager
async def serve() -> AsyncIterator[httpx.AsyncClient]:
    """A client of the toy API, which stands on nothing but the server."""
    endpoint = GraphQLEndpoint(Executor(API, introspection=True), authenticate=authenticate, make_context=make_context)
    app = Starlette(routes=[Route("/graphql", endpoint)], middleware=[Middleware(SecurityMiddleware)])
    async with client_of(app) as client:
        yield client


def codes(response: httpx.Response) -> list[Any]:
    """The code of each error in the response."""
    return [error["extensions"]["code"] for error in response.json()["errors"]]
