"""Every refusal: an expected "no" with a code that programs read and a sentence that people read."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """The codes of `UserError` and of top-level errors' `extensions.code`."""

    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    RATE_LIMITED = "RATE_LIMITED"
    OPERATION_TOO_COMPLEX = "OPERATION_TOO_COMPLEX"
    MALFORMED_OPERATION = "MALFORMED_OPERATION"
    INTERNAL = "INTERNAL"


class Refusal(Exception):
    """Something a caller asked for that the rules do not allow; nothing has changed.

    `field` is the path of the input field at fault, in the API's spelling.
    """

    code: ErrorCode = ErrorCode.INVALID_INPUT

    def __init__(self, message: str, *, field: tuple[str, ...] | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
