"""Every refusal: an expected "no" with a code that programs read and a sentence that people read."""

from enum import StrEnum


class ErrorCode(StrEnum):
    """The codes of `UserError` and of top-level errors' `extensions.code`."""

    # Anywhere.
    UNAUTHENTICATED = "UNAUTHENTICATED"
    FORBIDDEN = "FORBIDDEN"
    NOT_FOUND = "NOT_FOUND"
    INVALID_INPUT = "INVALID_INPUT"
    INVALID_AMOUNT = "INVALID_AMOUNT"
    RATE_LIMITED = "RATE_LIMITED"
    OPERATION_TOO_COMPLEX = "OPERATION_TOO_COMPLEX"
    MALFORMED_OPERATION = "MALFORMED_OPERATION"
    BUSY = "BUSY"
    PERSISTED_DOCUMENT_NOT_FOUND = "PERSISTED_DOCUMENT_NOT_FOUND"
    PERSISTED_DOCUMENT_REQUIRED = "PERSISTED_DOCUMENT_REQUIRED"
    INTERNAL = "INTERNAL"
    IDEMPOTENCY_KEY_REUSED = "IDEMPOTENCY_KEY_REUSED"
    # People and inspections.
    INVALID_EMAIL = "INVALID_EMAIL"
    ALREADY_EXISTS = "ALREADY_EXISTS"
    ROLE_NOT_ALLOWED = "ROLE_NOT_ALLOWED"
    CLIENT_REQUIRED = "CLIENT_REQUIRED"
    PERSON_HAS_LIVE_INVOICE = "PERSON_HAS_LIVE_INVOICE"
    PERSON_HAS_NO_EMAIL = "PERSON_HAS_NO_EMAIL"
    INSPECTION_CANCELED = "INSPECTION_CANCELED"
    INSPECTION_HAS_LIVE_INVOICE = "INSPECTION_HAS_LIVE_INVOICE"
    TOTAL_NEGATIVE = "TOTAL_NEGATIVE"
    # Invoices.
    STRIPE_NOT_CONNECTED = "STRIPE_NOT_CONNECTED"
    DEFERRED_PAYMENTS_ENABLED = "DEFERRED_PAYMENTS_ENABLED"
    NOTHING_TO_INVOICE = "NOTHING_TO_INVOICE"
    AMOUNT_EXCEEDS_INVOICEABLE = "AMOUNT_EXCEEDS_INVOICEABLE"
    BELOW_MINIMUM_CHARGE = "BELOW_MINIMUM_CHARGE"
    PRIMARY_INVOICE_PAID = "PRIMARY_INVOICE_PAID"
    INVOICE_IS_PRIMARY = "INVOICE_IS_PRIMARY"
    INVOICE_NOT_DRAFT = "INVOICE_NOT_DRAFT"
    INVOICE_NOT_SENDABLE = "INVOICE_NOT_SENDABLE"
    INVOICE_NOT_VOIDABLE = "INVOICE_NOT_VOIDABLE"
    INVOICE_NOT_OPEN = "INVOICE_NOT_OPEN"
    INVOICE_NOT_PAYABLE = "INVOICE_NOT_PAYABLE"
    NOTIFICATIONS_DISABLED = "NOTIFICATIONS_DISABLED"
    EMAIL_IN_PROGRESS = "EMAIL_IN_PROGRESS"
    # Payments.
    AMOUNT_EXCEEDS_REMAINING = "AMOUNT_EXCEEDS_REMAINING"
    AMOUNT_EXCEEDS_REFUNDABLE = "AMOUNT_EXCEEDS_REFUNDABLE"
    PAYMENT_IN_PROGRESS = "PAYMENT_IN_PROGRESS"
    PAYMENT_NOT_CANCELABLE = "PAYMENT_NOT_CANCELABLE"
    PAYMENT_NOT_REMOVABLE = "PAYMENT_NOT_REMOVABLE"
    PAYMENT_NOT_REFUNDABLE = "PAYMENT_NOT_REFUNDABLE"
    PAYMENT_PROVIDER_UNAVAILABLE = "PAYMENT_PROVIDER_UNAVAILABLE"
    PAYMENT_PROVIDER_REFUSED = "PAYMENT_PROVIDER_REFUSED"
    # Company, agreements, report, automations.
    OWNER_REQUIRED = "OWNER_REQUIRED"
    LAST_OWNER = "LAST_OWNER"
    WRONG_PASSWORD = "WRONG_PASSWORD"  # noqa: S105 - a code, not a password
    WRONG_CODE = "WRONG_CODE"
    SECOND_FACTOR_REQUIRED = "SECOND_FACTOR_REQUIRED"
    SECOND_FACTOR_SETUP_REQUIRED = "SECOND_FACTOR_SETUP_REQUIRED"
    INVOICES_ARE_LIVE = "INVOICES_ARE_LIVE"
    AGREEMENT_NOT_CURRENT = "AGREEMENT_NOT_CURRENT"
    ADVANCED_AUTOMATIONS_REQUIRED = "ADVANCED_AUTOMATIONS_REQUIRED"


class Refusal(Exception):
    """Something a caller asked for that the rules do not allow; nothing has changed.

    `field` is the path of the input field at fault, in the API's spelling: names, and indexes in lists from 0.
    `retry_after_seconds` is how long to wait, where waiting is all that it takes.
    """

    code: ErrorCode = ErrorCode.INVALID_INPUT
    retry_after_seconds: int | None = None

    def __init__(self, message: str, *, field: tuple[str, ...] | None = None, code: ErrorCode | None = None) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        if code is not None:
            self.code = code

    @property
    def each(self) -> "tuple[Refusal, ...]":
        """Itself; of a group, each refusal in it."""
        return (self,)


class NotFound(Refusal):
    """Absent, or not the caller's: both answer the same."""

    code = ErrorCode.NOT_FOUND

    def __init__(self, what: str, *, field: tuple[str, ...] | None = None) -> None:
        super().__init__(f"{what} not found.", field=field)


class Unauthenticated(Refusal):
    """No sign-in or link token, or one that is expired, revoked or tampered with."""

    code = ErrorCode.UNAUTHENTICATED


class NoConnection(TimeoutError):
    """No connection to the database came free in time. It has what a refusal has, but an operation may have begun.

    Whoever asks again with the same idempotency key repeats nothing.
    """

    code = ErrorCode.BUSY
    message = "The server has more to do than it can; try again in a moment."
    field = None
    retry_after_seconds = 1


class RateLimited(Refusal):
    """Too many tries in a while, which is over after `retry_after_seconds`."""

    code = ErrorCode.RATE_LIMITED

    def __init__(
        self, message: str, *, field: tuple[str, ...] | None = None, retry_after_seconds: int | None = None
    ) -> None:
        super().__init__(message, field=field)
        self.retry_after_seconds = retry_after_seconds
