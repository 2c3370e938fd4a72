"""Which path is answered by what."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractAsyncContextManager
from typing import Final

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.middleware import Middleware
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import BaseRoute, WebSocketRoute
from starlette.types import ASGIApp, Receive, Scope, Send

from app.health import Check, health_routes
from graphql_server.executor import Executor
from graphql_server.http.admission import Admission
from graphql_server.http.answers import error_response
from graphql_server.http.endpoint import STATUS_OF_REFUSAL, GraphQLEndpoint, MakeContext
from graphql_server.http.origins import OriginGuard, readable_by
from graphql_server.http.security import SecurityMiddleware
from graphql_server.principals import AnyPrincipal, Authenticate, MakeClaim
from graphql_server.trusted_documents import TrustedDocuments
from rules.errors import ErrorCode, NoConnection, Refusal

Lifespan = Callable[[Starlette], AbstractAsyncContextManager[None]]
GRAPHQL: Final = "/graphql"


class Application(Starlette):
    """Starlette's, except that the one path that is asked all the time goes past its middleware and routing."""

    graphql: ASGIApp
    admission: Admission

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http" and scope["path"] == GRAPHQL:
            await self.graphql(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)


def build_app(
    executor: Executor,
    *,
    authenticate: Authenticate[AnyPrincipal],
    make_context: MakeContext[AnyPrincipal],
    checks: Mapping[str, Check],
    make_claim: MakeClaim | None = None,
    may_send_files: Callable[[Request], bool] | None = None,
    allowed_origins: Collection[str] = (),
    explorer: bool = False,
    routes: Sequence[BaseRoute] = (),
    subscriptions: ASGIApp | None = None,
    admission: Admission | None = None,
    documents: TrustedDocuments | None = None,
    lifespan: Lifespan | None = None,
) -> Application:
    """The whole HTTP application; `routes` are those of pages, webhooks and documents.

    `explorer` is for development: a browser at /graphql is led to GraphiQL.
    """
    endpoint = GraphQLEndpoint(
        executor,
        authenticate=authenticate,
        make_context=make_context,
        make_claim=make_claim,
        may_send_files=may_send_files,
        page=_to_graphiql if explorer else None,
        documents=documents,
        admission=admission,
    )
    cors, _, options = readable_by(allowed_origins, "GET", "POST")
    guarded = OriginGuard(cors(endpoint, **options), allowed=allowed_origins, own_origin=explorer)
    sockets: list[BaseRoute] = []
    if subscriptions:
        watched = OriginGuard(subscriptions, allowed=allowed_origins, own_origin=explorer)
        sockets = [WebSocketRoute(GRAPHQL, watched)]
    app = Application(
        routes=[*sockets, *health_routes(checks), *routes],
        middleware=[Middleware(SecurityMiddleware)],
        exception_handlers={HTTPException: _refuse_path, Refusal: _refuse, NoConnection: _refuse},
        lifespan=lifespan,
    )
    app.graphql, app.admission = SecurityMiddleware(guarded), endpoint.admission
    app.state.subscriptions = subscriptions
    return app


def _to_graphiql() -> Response:
    return RedirectResponse("graphiql", status_code=303)  # Beside /graphql, also behind a path prefix.


async def _refuse_path(_: Request, exception: Exception) -> Response:
    assert isinstance(exception, HTTPException), "registered for it"
    code = ErrorCode.NOT_FOUND if exception.status_code == 404 else ErrorCode.INVALID_INPUT
    headers = dict(exception.headers or {})
    return error_response(exception.status_code, str(exception.detail), code, **headers)


async def _refuse(_: Request, exception: Exception) -> Response:
    assert isinstance(exception, Refusal | NoConnection), "registered for it"
    seconds = exception.retry_after_seconds
    headers = {} if seconds is None else {"Retry-After": str(seconds)}
    return error_response(STATUS_OF_REFUSAL.get(exception.code, 400), exception.message, exception.code, **headers)
