"""One websocket's session: it begins with a token, serves subscriptions side by side, and ends as one."""

import asyncio
import json
from collections.abc import Mapping, Sequence
from time import perf_counter
from typing import Final, Generic
from uuid import uuid4

import structlog
from starlette.datastructures import MutableHeaders
from starlette.requests import HTTPConnection
from starlette.websockets import WebSocket, WebSocketDisconnect

from graphql_server.documents import format_refusal
from graphql_server.errors import ErrorCode, OperationRefused, Refusal
from graphql_server.http.client_addresses import address_of
from graphql_server.http.requests import BadRequest
from graphql_server.principals import AnyPrincipal
from graphql_server.results import Outcome, Result, new_reference
from graphql_server.websocket.changes import Watching
from graphql_server.websocket.messages import (
    SUBPROTOCOL,
    CloseCode,
    Complete,
    Ended,
    Init,
    Message,
    Ping,
    Subscribe,
    parse_message,
)
from graphql_server.websocket.shared import Shared

SEND_SECONDS_MAX: Final = 10.0
"""How long a client may take to read what it is sent, before it is taken for gone."""

BUSY_SECONDS: Final = 1.0
"""After a read for which there was no connection; it is tried again, however often."""

PAUSE_SECONDS: Final = 0.1
"""Between two values of a subscription: what changes meanwhile is sent as one."""

log = structlog.get_logger(__name__)


class WebsocketSession(Generic[AnyPrincipal, Watching]):
    """From accepting the websocket to closing it. All its tasks end with it."""

    def __init__(self, websocket: WebSocket, shared: Shared[AnyPrincipal, Watching]) -> None:
        self.websocket = websocket
        self.shared = shared
        self.address = address_of(websocket)
        self.begun = False
        self.connection: HTTPConnection = websocket
        self.request_id = uuid4().hex
        self.running: dict[str, asyncio.Task[None]] = {}
        self.refused: Refusal | None = None
        self.refused_names: tuple[str, ...] = ()
        self.served = 0
        self.who: dict[str, str] = {}
        self.leaving = asyncio.Event()
        self.over = asyncio.Event()

    def leave(self) -> None:
        """End it soon, because the server stops."""
        self.leaving.set()

    async def run(self) -> None:
        """Serve until either side ends it."""
        started = perf_counter()
        with structlog.contextvars.bound_contextvars(request_id=self.request_id):
            ended = await self._run_until_ended()
            await self._close(ended)
            seconds = round(perf_counter() - started, 1)
            log.info(
                "websocket",
                code=ended.code,
                reason=ended.reason,
                seconds=seconds,
                subscriptions=self.served,
                **self.who,
            )

    async def _run_until_ended(self) -> Ended:
        reasons: list[Ended] = []
        try:
            await self.websocket.accept(subprotocol=SUBPROTOCOL)
            async with asyncio.TaskGroup() as self.tasks:
                self.tasks.create_task(self._leave_when_asked())
                self.tasks.create_task(self._serve_messages())
        except* Ended as group:
            reasons += [each for each in group.exceptions if isinstance(each, Ended)]
        except* WebSocketDisconnect:
            reasons.append(Ended(None))
        except* Exception as faults:
            reasons.append(_fault(faults))
        return reasons[0]

    async def _close(self, ended: Ended) -> None:
        """After an error for each subscription of a token that has ended. A client that is gone misses it."""
        if ended.code is None:
            return
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                if self.refused is not None:
                    for name in self.refused_names:
                        await self._send_errors(name, [format_refusal(self.refused)])
                await self.websocket.close(ended.code, ended.reason)
        except (WebSocketDisconnect, RuntimeError, OSError, Ended):
            log.debug("websocket_gone")

    async def _leave_when_asked(self) -> None:
        await self.leaving.wait()
        raise Ended(CloseCode.GOING_AWAY, "The server stops; connect again.")

    async def _serve_messages(self) -> None:
        await self._begin()
        self.tasks.create_task(self._keep_alive())
        while True:
            await self._answer(await self._receive())

    async def _begin(self) -> None:
        """Until the client has said who it is."""
        seconds = self.shared.limits.init_seconds
        try:
            async with asyncio.timeout(seconds):
                init = await self._receive_init()
        except TimeoutError:
            raise Ended(CloseCode.INIT_TIMEOUT, f"connection_init did not arrive within {seconds:g} seconds.") from None
        self.connection = _bearing(self.websocket, init.authorization)
        try:
            principal = await self.shared.authenticate(self.connection)
        except Exception as fault:
            refusal = self._refusal_of(fault, ErrorCode.UNAUTHENTICATED, ErrorCode.RATE_LIMITED, ErrorCode.BUSY)
            if refusal is None:
                raise
            busy = refusal.code == ErrorCode.BUSY
            raise Ended(CloseCode.TRY_AGAIN_LATER if busy else CloseCode.FORBIDDEN, refusal.message) from None
        if principal is None:
            raise Ended(CloseCode.FORBIDDEN, 'Send {"Authorization": "Bearer …"} as the payload of connection_init.')
        self.begun = True
        self.who = principal.as_logged()
        await self._send({"type": "connection_ack"})

    async def _receive_init(self) -> Init:
        while True:
            message = await self._receive()
            if isinstance(message, Init):
                return message
            if isinstance(message, Subscribe):
                raise Ended(CloseCode.UNAUTHORIZED, "Send connection_init before subscribe.")
            await self._answer(message)

    async def _answer(self, message: Message) -> None:
        match message:
            case Init():
                raise Ended(CloseCode.TOO_MANY_INITS, "connection_init is sent once.")
            case Subscribe():
                await self._subscribe(message)
            case Complete() if message.id in self.running:
                self.running.pop(message.id).cancel()
            case Ping():
                pong = {"type": "pong"}
                await self._send(pong if message.payload is None else {**pong, "payload": message.payload})

    async def _subscribe(self, asked: Subscribe) -> None:
        if asked.id in self.running:
            raise Ended(CloseCode.DUPLICATE_ID, f"Subscriber for {asked.id} already exists")
        if refusal := self._too_many():
            await self._send_errors(asked.id, [format_refusal(refusal)])
            return
        try:
            request = self.shared.documents.resolved(asked.request)
        except BadRequest as refused:
            await self._send_errors(asked.id, [format_refusal(OperationRefused(refused.message, code=refused.code))])
            return
        task = self.tasks.create_task(self._serve(Subscribe(asked.id, request)))
        self.running[asked.id] = task
        self.served += 1
        self.shared.subscriptions += 1
        task.add_done_callback(lambda _: self._forget(asked.id, task))

    def _forget(self, name: str, task: asyncio.Task[None]) -> None:
        self.shared.subscriptions -= 1
        if self.running.get(name) is task:  # The client may have completed it, and used the id again.
            del self.running[name]

    def _too_many(self) -> OperationRefused | None:
        limits = self.shared.limits
        if len(self.running) >= limits.subscriptions_per_socket_max:
            said = f"A websocket has at most {limits.subscriptions_per_socket_max} subscriptions; complete one first."
            return OperationRefused(said, code=ErrorCode.RATE_LIMITED)
        if self.shared.subscriptions >= limits.subscriptions_max:
            said = "This server takes no more subscriptions now; try again later."
            return OperationRefused(said, code=ErrorCode.BUSY)
        return None

    async def _serve(self, asked: Subscribe) -> None:
        """One subscription: the value now, and again after each change, until it has none."""
        with self.shared.changes.watch() as watch:
            sent = None
            while True:
                watch.look()
                scope, result = await self._read(asked, watch)
                if result is None or result.is_busy:
                    await asyncio.sleep(BUSY_SECONDS)
                    continue
                if result.outcome is not Outcome.EXECUTED or not result.has_data:
                    self.running.pop(asked.id, None)
                    await self._send_errors(asked.id, result.errors)
                    return
                response = result.as_response()
                only_differing = scope in self.shared.only_differing
                if not only_differing or response != sent:
                    await self._send({"id": asked.id, "type": "next", "payload": response})
                    sent = response if only_differing else None
                await asyncio.sleep(PAUSE_SECONDS)
                await watch.changed()

    async def _read(self, asked: Subscribe, watch: Watching) -> tuple[str, Result | None]:
        """As a query of whoever bears the token at this moment; by which scope. No result when all is busy."""
        async with self.shared.reads:
            principal = await self._reauthenticate()
            if principal is None:
                return "", None
            result = await self.shared.executor.execute(
                asked.request.query,
                scope=principal.scope,
                context=self.shared.make_context(principal, self.request_id, watch),
                credentials=principal.credentials,
                variables=asked.request.variables,
                operation_name=asked.request.operation_name,
                watching=True,
            )
        return principal.scope, result

    async def _reauthenticate(self) -> AnyPrincipal | None:
        """Whoever bears the token now. Ends the session, and with it every subscription, if nobody does.

        None when there is no connection to find out: whoever asks has to ask again.
        """
        try:
            principal = await self.shared.reauthenticate(self.connection)
        except Exception as fault:
            if self._refusal_of(fault, ErrorCode.BUSY):
                return None
            refusal = self._refusal_of(fault, ErrorCode.UNAUTHENTICATED)
            if refusal is None:
                raise
            if self.refused is None:  # Several subscriptions may find out at once.
                self.refused, self.refused_names = refusal, tuple(self.running)
            raise Ended(CloseCode.FORBIDDEN, refusal.message) from None
        assert principal is not None, "the session began with a token"
        return principal

    def _refusal_of(self, fault: Exception, *codes: ErrorCode) -> Refusal | None:
        """The fault, where it is a refusal with one of these codes."""
        refusal = self.shared.executor.refusal_of(fault)
        return refusal if refusal is not None and refusal.code in codes else None

    async def _keep_alive(self) -> None:
        """Look now and then whether the client is there and its token still good, also when nothing happens."""
        while True:
            await asyncio.sleep(self.shared.limits.ping_seconds)
            await self._send({"type": "ping"})
            async with self.shared.reads:
                await self._reauthenticate()

    async def _receive(self) -> Message:
        received = await self.websocket.receive()
        if received["type"] == "websocket.disconnect":
            raise Ended(None)
        return parse_message(received.get("text"))

    async def _send_errors(self, name: str, errors: Sequence[object]) -> None:
        await self._send({"id": name, "type": "error", "payload": errors})

    async def _send(self, message: Mapping[str, object]) -> None:
        text = json.dumps(message, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
        try:
            async with asyncio.timeout(SEND_SECONDS_MAX):
                await self.websocket.send_text(text)
        except (TimeoutError, RuntimeError):  # It does not read; or the server has closed the websocket by itself.
            raise Ended(None) from None


def _bearing(websocket: WebSocket, authorization: str | None) -> HTTPConnection:
    """The connection as if the token of connection_init had come in its header, which a browser can't set."""
    if authorization is None:
        return websocket
    headers = MutableHeaders(raw=[pair for pair in websocket.scope["headers"] if pair[0] != b"authorization"])
    headers["authorization"] = authorization
    return HTTPConnection({**websocket.scope, "headers": headers.raw})


def _fault(faults: ExceptionGroup[Exception]) -> Ended:
    reference = new_reference()
    log.error("websocket_failed", reference=reference, exc_info=faults)
    return Ended(CloseCode.TRY_AGAIN_LATER, f"Something went wrong on our side. Reference: {reference}")
