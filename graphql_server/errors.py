"""What the server refuses by itself, and what it must know of a product's own refusals to answer with them."""

from enum import StrEnum
from typing import Protocol


class ErrorCode(StrEnum):
    """The codes of `extensions.code` that the server itself answers with; a product's refusals add their own."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    RATE_LIMITED = "RATE_LIMITED"
    OPERATION_TOO_COMPLEX = "OPERATION_TOO_COMPLEX"
    MALFORMED_OPERATION = "MALFORMED_OPERATION"
    BUSY = "BUSY"
    PERSISTED_DOCUMENT_NOT_FOUND = "PERSISTED_DOCUMENT_NOT_FOUND"
    PERSISTED_DOCUMENT_REQUIRED = "PERSISTED_DOCUMENT_REQUIRED"
    INTERNAL = "INTERNAL"


class Refusal(Protocol):
    """An expected "no": everything in it is sent. Which exceptions are refusals is for the `Api` to say."""

    @property
    def message(self) -> str:
        """One sentence for people."""

    @property
    def code(self) -> str:
        """For programs."""

    @property
    def field(self) -> tuple[str, ...] | None:
        """The path of the input field at fault: names, and indexes in lists from 0."""

    @property
    def retry_after_seconds(self) -> int | None:
        """How long to wait, where waiting is all that it takes."""


class OperationRefused(Exception):
    """A refusal by the server itself."""

    code: ErrorCode = ErrorCode.INVALID_INPUT
    retry_after_seconds: int | None = None

    def __init__(self, message: str, *, field: tuple[str, ...] | None = None, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code
