"""How an input field is declared.

Any, because a declaration stands where a default of the field's own type would: the annotation says which.
"""

from typing import Any

import strawberry

from rules.limits import IDEMPOTENCY_KEY_LENGTH_MAX

ID = strawberry.ID


def given(description: str, **options: Any) -> Any:
    """An input field."""
    return strawberry.field(description=description, **options)


def optional(description: str) -> Any:
    """An input field that may be left out, which changes nothing."""
    return strawberry.field(description=description, default=strawberry.UNSET)


def key() -> Any:
    """The idempotency key of a money mutation."""
    return strawberry.field(
        description="Repeating the same input under the same key returns the first result;"
        f" 1 to {IDEMPOTENCY_KEY_LENGTH_MAX} characters.",
        default=None,
    )
