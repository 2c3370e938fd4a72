"""What comes of a request: its data and errors, which say no more than is needed."""

import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import Enum
from traceback import TracebackException
from typing import Any, Final
from uuid import uuid4

import structlog
from graphql import GraphQLError, GraphQLFormattedError

from graphql_server.documents import format_error, format_refusal
from graphql_server.encoding import json_bytes
from graphql_server.errors import ErrorCode, Refusal
from graphql_server.messages import without_values

LOGGED_FAULTS_MAX: Final = 5
TRACEBACK_FRAMES_MAX: Final = -20  # The innermost.

RefusalOf = Callable[[BaseException | None], Refusal | None]

log = structlog.get_logger(__name__)


class Outcome(Enum):
    """How far a request came; the transport chooses its status by it."""

    EXECUTED = "EXECUTED"
    REFUSED = "REFUSED"
    UNAUTHENTICATED = "UNAUTHENTICATED"
    NOT_A_QUERY = "NOT_A_QUERY"


@dataclass(frozen=True, slots=True)
class Result:
    """What a response says: `data` only when something was executed, `errors` only when there are any.

    `text` is the JSON of the data where PostgreSQL wrote it. `operation` and `operation_name` are of the operation that
    was asked for, where the document has it; `told` is what the read says of whoever asked, for the log.
    """

    outcome: Outcome
    data: Mapping[str, Any] | None = None
    errors: list[GraphQLFormattedError] = field(default_factory=list)
    operation: str | None = None
    operation_name: str | None = None
    text: str | None = None
    told: Mapping[str, str] = field(default_factory=dict)

    @property
    def has_data(self) -> bool:
        """Whether there is anything but null."""
        return self.data is not None or self.text not in (None, "null")

    @property
    def is_busy(self) -> bool:
        """Whether nothing came of it for want of a connection: who asks again repeats nothing that was done."""
        nothing = not self.has_data or (
            self.data is not None and not any(one is not None for one in self.data.values())
        )
        return nothing and {error["extensions"]["code"] for error in self.errors} == {ErrorCode.BUSY}

    def as_json(self) -> bytes:
        """The response as it is sent. Raises ValueError for a number that JSON can't spell."""
        if self.text is None:
            return json_bytes(self.as_response())
        if not self.errors:
            return f'{{"data":{self.text}}}'.encode()
        return b'{"errors":' + json_bytes(self.errors) + f',"data":{self.text}}}'.encode()

    def as_response(self) -> dict[str, Any]:
        """The response in Python's terms."""
        response: dict[str, Any] = {"errors": self.errors} if self.errors else {}
        if self.outcome is Outcome.EXECUTED:
            response["data"] = self.data if self.text is None else json.loads(self.text)
        return response


def refused(errors: Sequence[GraphQLFormattedError]) -> Result:
    """Nothing was run."""
    codes = {error["extensions"]["code"] for error in errors}
    unauthenticated = ErrorCode.UNAUTHENTICATED in codes
    return Result(Outcome.UNAUTHENTICATED if unauthenticated else Outcome.REFUSED, errors=list(errors))


def timed_out(operation_name: str | None, seconds: float) -> Result:
    """It took longer than it may."""
    reference = new_reference()
    log.warning("operation_timed_out", operation_name=operation_name, seconds=seconds, reference=reference)
    message = f"The operation was stopped after {seconds:g} seconds. Reference: {reference}"
    extensions = {"code": ErrorCode.INTERNAL.value, "reference": reference}
    return Result(Outcome.EXECUTED, None, [{"message": message, "extensions": extensions}])


class Reporter:
    """Formats the errors of one operation; its faults share one reference, and are logged under it."""

    def __init__(self, operation_name: str | None, refusal_of: RefusalOf) -> None:
        self.operation_name = operation_name
        self.refusal_of = refusal_of
        self._reference: str | None = None
        self.logged: list[BaseException] = []

    @property
    def reference(self) -> str:
        self._reference = self._reference or new_reference()
        return self._reference

    def format(self, error: GraphQLError) -> GraphQLFormattedError:
        """The error as it is sent; a fault is logged."""
        cause = error.original_error
        refusal = self.refusal_of(cause)
        if refusal is not None:
            return format_refusal(refusal, error.path)
        if isinstance(cause, GraphQLError) and cause.nodes:
            return format_error(error)  # An argument whose variables did not fit: graphql-core points at its literal.
        self._log(error, cause)
        return {**mask(self.reference), "path": error.path or []}

    def failed(self, fault: Exception) -> Result:
        """Nothing could be read at all."""
        refusal = self.refusal_of(fault)
        if refusal is not None:
            return Result(Outcome.EXECUTED, None, [format_refusal(refusal)])
        self._log(GraphQLError("", original_error=fault), fault)
        return Result(Outcome.EXECUTED, None, [mask(self.reference)])

    def _log(self, error: GraphQLError, cause: Exception | None) -> None:
        """Once for each fault, without graphql-core's own error, which quotes the document with its literals."""
        fault = error if cause is None else cause
        if any(fault is logged for logged in self.logged) or len(self.logged) == LOGGED_FAULTS_MAX:
            return
        self.logged.append(fault)
        log.error(
            "operation_failed",
            operation_name=self.operation_name,
            path=".".join(str(step) for step in error.path or []),
            reference=self.reference,
            exception=_traceback(fault),
        )


def _traceback(fault: BaseException) -> str:
    """Where it happened and what it says; no local variables, which hold secrets, and no row that PostgreSQL quotes."""
    if isinstance(fault, GraphQLError):
        return without_values(fault.message)  # Its traceback is ours, and its text quotes the document.
    lines = "".join(TracebackException.from_exception(fault, limit=TRACEBACK_FRAMES_MAX).format()).splitlines()
    return "\n".join(line for line in lines if not line.startswith("DETAIL:"))


def new_reference() -> str:
    """What a person reads out to us, to find the fault in the log."""
    return uuid4().hex[:12]


def mask(reference: str) -> GraphQLFormattedError:
    """All that is disclosed about a fault."""
    return {
        "message": f"Something went wrong on our side. Reference: {reference}",
        "extensions": {"code": ErrorCode.INTERNAL.value, "reference": reference},
    }
