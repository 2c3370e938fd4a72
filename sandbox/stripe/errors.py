"""Stripe's error replies: what can be refused, with the status, type and code that Stripe documents for it."""

from typing import Any

INVALID_REQUEST = "invalid_request_error"
IDEMPOTENCY = "idempotency_error"
CARD = "card_error"
API = "api_error"


class StripeError(Exception):
    """An error reply; `details` are further fields of Stripe's error object, such as `decline_code`."""

    def __init__(
        self,
        message: str,
        *,
        status: int = 400,
        type: str = INVALID_REQUEST,
        code: str | None = None,
        param: str | None = None,
        retry_advised: bool | None = None,
        **details: Any,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.status = status
        self.type = type
        self.code = code
        self.param = param
        self.retry_advised = retry_advised
        self.details = details

    def body(self, request_id: str | None = None) -> dict[str, Any]:
        """The JSON body that Stripe sends for it."""
        error: dict[str, Any] = {"message": self.message, "type": self.type}
        if self.code is not None:
            error["code"] = self.code
            error["doc_url"] = f"https://stripe.com/docs/error-codes/{self.code.replace('_', '-')}"
        if self.param is not None:
            error["param"] = self.param
        if request_id is not None:
            error["request_log_url"] = f"https://dashboard.stripe.com/test/logs/{request_id}"
        return {"error": {**error, **self.details}}


def missing_object(kind: str, object_id: str, *, param: str | None = None, status: int = 404) -> StripeError:
    """What Stripe says to an id it doesn't know, or that belongs to another account."""
    name = kind.replace(".", " ").replace("_", " ")
    param = param or ("session" if kind == "checkout.session" else "intent" if kind == "payment_intent" else "id")
    return StripeError(f"No such {name}: '{object_id}'", status=status, code="resource_missing", param=param)


def account_unreachable(account_id: str, key: str) -> StripeError:
    """What Stripe says when a platform names an account it isn't connected to."""
    return StripeError(
        f"The provided key '{hide_key(key)}' does not have access to account '{account_id}' "
        "(or that account does not exist). Application access may have been revoked.",
        status=403,
        code="account_invalid",
    )


def hide_key(key: str) -> str:
    """A secret key as Stripe prints it: recognisable by its ends, useless otherwise."""
    return f"{key[:8]}{'*' * 8}{key[-4:]}" if len(key) > 12 else "*" * len(key)
