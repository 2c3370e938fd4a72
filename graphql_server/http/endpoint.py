"""The GraphQL endpoint: a request's way from HTTP to the executor and back, as the GraphQL-over-HTTP draft has it."""

from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Final, Generic, Protocol

import structlog
from starlette.requests import Request
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from graphql_server.documents import format_refusal
from graphql_server.errors import ErrorCode, Refusal
from graphql_server.executor import Executor
from graphql_server.http.admission import Admission, Busy
from graphql_server.http.answers import Answer, RawHeaders, error_response, json_response
from graphql_server.http.media_types import GRAPHQL_RESPONSE, HTML, JSON, choose, is_json_in_utf8
from graphql_server.http.requests import (
    BODY_BYTES_MAX,
    LONG_TEXT_BYTES_MAX,
    BadRequest,
    GraphQLRequest,
    parse_body,
    parse_query_string,
    read_body,
)
from graphql_server.principals import AnyPrincipal, Authenticate, MakeClaim
from graphql_server.results import Outcome, Result
from graphql_server.trusted_documents import TrustedDocuments


class RequestContext(Protocol):
    """What this layer knows of what resolvers are given."""

    @property
    def refusals(self) -> Sequence[str]:
        """The codes of the user errors that mutations answered with."""


MakeContext = Callable[[Request, AnyPrincipal | None, str], RequestContext]

OPERATION_NAME_LOGGED_MAX: Final = 64
CODES_LOGGED_MAX: Final = 10
OFFERED: Final = (GRAPHQL_RESPONSE, JSON)

STATUS_OF_OUTCOME: Final = {
    Outcome.EXECUTED: 200,
    Outcome.REFUSED: 400,
    Outcome.UNAUTHENTICATED: 401,
    Outcome.NOT_A_QUERY: 405,
}
assert STATUS_OF_OUTCOME.keys() == set(Outcome)
STATUS_OF_REFUSAL: Final[Mapping[str, int]] = {
    ErrorCode.UNAUTHENTICATED: 401,
    ErrorCode.FORBIDDEN: 403,
    ErrorCode.NOT_FOUND: 404,
    ErrorCode.RATE_LIMITED: 429,
    ErrorCode.INTERNAL: 500,
    ErrorCode.BUSY: 503,
}
POST_ALONE: Final = ((b"allow", b"POST"),)
WITH_A_TOKEN: Final = ((b"www-authenticate", b"Bearer"),)


class GraphQLEndpoint(Generic[AnyPrincipal]):
    """An ASGI application for one path. `page`, if given, answers browsers that ask for HTML.

    Requests that `may_send_files` may have one long text in their variables beyond the limit of a body.
    """

    def __init__(
        self,
        executor: Executor,
        *,
        authenticate: Authenticate[AnyPrincipal],
        make_context: MakeContext[AnyPrincipal],
        make_claim: MakeClaim | None = None,
        may_send_files: Callable[[Request], bool] | None = None,
        page: Callable[[], Response] | None = None,
        documents: TrustedDocuments | None = None,
        admission: Admission | None = None,
    ) -> None:
        self.executor = executor
        self.authenticate = authenticate
        self.make_context = make_context
        self.make_claim = make_claim
        self.may_send_files = may_send_files
        self.page = page
        self.documents = documents or TrustedDocuments()
        self.admission = admission or Admission()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        response = await self.respond(Request(scope, receive, send))
        await response(scope, receive, send)

    async def respond(self, request: Request) -> ASGIApp:
        """The answer to one request, refusals of every kind included."""
        if request.method not in {"GET", "POST"}:
            refused = BadRequest(405, "GraphQL is asked with POST, or with GET for a query.")
            return _refuse(refused, JSON, {"Allow": "GET, POST"})
        accept = request.headers.get("accept")
        if self.page and request.method == "GET" and _is_for_a_page(accept, request.query_params):
            return self.page()
        media_type = choose(accept, OFFERED)
        if media_type is None:
            return _refuse(BadRequest(406, f"Answers are in {GRAPHQL_RESPONSE} or {JSON}."), JSON)
        try:
            return await self._answer(request, media_type)
        except BadRequest as refused:
            _note(request, codes=[refused.code.value])
            return _refuse(refused, media_type)
        except Exception as fault:
            refusal = self.executor.refusal_of(fault)
            if refusal is None:
                raise
            _note(request, codes=[str(refusal.code)])
            return _refuse_principal(refusal, media_type)

    async def _answer(self, request: Request, media_type: str) -> ASGIApp:
        asked = self.documents.resolved(await self._read(request))
        gate = self.admission.gate(asked.query)
        await gate.enter()
        try:
            result = await self._run(request, asked)
        finally:
            gate.leave()
        return _respond(result, media_type)

    async def _read(self, request: Request) -> GraphQLRequest:
        if request.method == "GET":
            return parse_query_string(request.query_params)
        if not is_json_in_utf8(request.headers.get("content-type", "")):
            raise BadRequest(415, f"Send the request as {JSON}, in UTF-8.")
        longer = LONG_TEXT_BYTES_MAX if self.may_send_files and self.may_send_files(request) else 0
        return parse_body(await read_body(request, BODY_BYTES_MAX + longer))

    async def _run(self, request: Request, asked: GraphQLRequest) -> Result:
        result = await self._read_by_claim(request, asked)
        if result is not None:
            return result
        principal = await self._principal(request, asked.query)
        who = principal.as_logged() if principal else {}
        _note(request, **who)
        context = self.make_context(request, principal, request_id_of(request))
        # Whatever is logged meanwhile says who asked; the line of the request does so by what is noted for it.
        bound = structlog.contextvars.bind_contextvars(**who)
        try:
            result = await self.executor.execute(
                asked.query,
                scope=principal.scope if principal else None,
                context=context,
                credentials=principal.credentials if principal else None,
                variables=asked.variables,
                operation_name=asked.operation_name,
                allow_mutations=request.method == "POST",
            )
        finally:
            structlog.contextvars.reset_contextvars(**bound)
        _note_result(request, result, context.refusals)
        return result

    async def _read_by_claim(self, request: Request, asked: GraphQLRequest) -> Result | None:
        """A query in one round trip that also finds out who asks; None where it takes more than that."""
        claim = self.make_claim(request) if self.make_claim else None
        if claim is None:
            return None
        result = await self.executor.read(
            asked.query,
            claim,
            context=self.make_context(request, None, request_id_of(request)),
            variables=asked.variables,
            operation_name=asked.operation_name,
        )
        if result is not None:
            _note(request, **result.told)
            _note_result(request, result, ())
        return result

    async def _principal(self, request: Request, source: str) -> AnyPrincipal | None:
        """Who asks. A token that is not valid any more is in nobody's way to what needs none: signing in, above all."""
        try:
            return await self.authenticate(request)
        except Exception as fault:
            refusal = self.executor.refusal_of(fault)
            if refusal is None or refusal.code == ErrorCode.BUSY or not self.executor.needs_no_token(source):
                raise
            return None


def _note_result(request: Request, result: Result, refusals: Iterable[str]) -> None:
    """What ran, by its name in the document, and with which codes; nothing of what it was given or answered."""
    name = result.operation_name
    codes = {*(str(error["extensions"]["code"]) for error in result.errors), *map(str, refusals)}
    _note(
        request,
        operation=result.operation,
        operation_name=name and name[:OPERATION_NAME_LOGGED_MAX],
        codes=sorted(codes)[:CODES_LOGGED_MAX] or None,
    )


def _note(request: Request, **facts: object) -> None:
    """For the line that the request leaves in the log."""
    known = {name: value for name, value in facts.items() if value is not None}
    request.scope.setdefault("state", {}).setdefault("noted", {}).update(known)


def request_id_of(request: Request) -> str:
    """The id that the security middleware gave the request."""
    return str(request.scope.get("state", {}).get("request_id", ""))


def _is_for_a_page(accept: str | None, parameters: Mapping[str, str]) -> bool:
    if "query" in parameters or "documentId" in parameters:
        return False
    return accept is not None and choose(accept, (GRAPHQL_RESPONSE, JSON, HTML)) == HTML


def _respond(result: Result, media_type: str) -> ASGIApp:
    """A client that knows only application/json reads the outcome from the body; HTTP's own refusals stay."""
    if result.is_busy:
        return _refuse_principal(Busy(), media_type)
    status = STATUS_OF_OUTCOME[result.outcome]
    headers: RawHeaders = ()
    if result.outcome is Outcome.NOT_A_QUERY:
        headers = POST_ALONE
    elif media_type == JSON:
        status = 200
    elif result.outcome is Outcome.UNAUTHENTICATED:
        headers = WITH_A_TOKEN
    # What a mutation answers may be a secret beside what was sent, and its compressed length would tell of both.
    return Answer(result.as_json(), status, media_type, headers, compressible=result.operation == "query")


def _refuse(refused: BadRequest, media_type: str, headers: Mapping[str, str] | None = None) -> Response:
    return error_response(refused.status, refused.message, refused.code, media_type, **dict(headers or {}))


def _refuse_principal(refusal: Refusal, media_type: str) -> Response:
    """A token that is not valid, a client that asks too often, or a server that has no room; nothing was run."""
    headers = {}
    if refusal.code == ErrorCode.UNAUTHENTICATED:
        headers["WWW-Authenticate"] = 'Bearer error="invalid_token"'
    if refusal.retry_after_seconds is not None:
        headers["Retry-After"] = str(refusal.retry_after_seconds)
    status = STATUS_OF_REFUSAL.get(refusal.code, 400)
    return json_response({"errors": [format_refusal(refusal)]}, status, media_type, headers)
