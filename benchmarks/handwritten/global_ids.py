"""Global ids, as the API makes them."""

import base64
from uuid import UUID


def row_id(global_id: str) -> UUID:
    """The key of the row that it names."""
    return UUID(base64.urlsafe_b64decode(global_id).decode().partition(":")[2])


def global_id(type_name: str, key: UUID) -> str:
    """The id of that row in the API."""
    return base64.urlsafe_b64encode(f"{type_name}:{key}".encode()).decode()
