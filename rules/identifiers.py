"""Identifiers: time-ordered keys made by the application, and their opaque global form in the API."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7

from rules.errors import NotFound

NOBODY = UUID(int=0)
"""A key that no row has."""


def new_id() -> UUID:
    """A UUIDv7: unique, and ordered by when it was made."""
    return _uuid7()


def global_id(type_name: str, row_id: UUID) -> str:
    """The opaque identifier of one object of the API."""
    return urlsafe_b64encode(f"{type_name}:{row_id}".encode()).decode()


def parse_global_id(value: str) -> tuple[str, UUID]:
    """The type name and key in a global id. Raises ValueError on anything else."""
    type_name, _, key = urlsafe_b64decode(value.encode("ascii", "strict")).decode("ascii").partition(":")
    if global_id(type_name, UUID(key)) != value:
        raise ValueError("not the canonical form of a global id")
    return type_name, UUID(key)


def row_id(value: str, type_name: str, *, field: str) -> UUID:
    """The key in a global id of `type_name`. Raises NotFound naming `field`, as for any id that is not the caller's."""
    try:
        found, key = parse_global_id(value)
    except (ValueError, UnicodeError):
        raise NotFound(type_name, field=(field,)) from None
    if found != type_name:
        raise NotFound(type_name, field=(field,))
    return key


def id_of(value: str, type_name: str) -> UUID:
    """The key in a global id of `type_name`, and `NOBODY` in anything else.

    So what is malformed is looked up and not found where an unknown id, or somebody else's, is: all answer the same.
    """
    try:
        found, key = parse_global_id(value)
    except (ValueError, UnicodeError):
        return NOBODY
    return key if found == type_name else NOBODY
