"""Counts the SQL statements that reach PostgreSQL, on every connection of this process."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any

import pytest
from asyncpg import Connection

WAYS = ("execute", "executemany", "fetch", "fetchrow", "fetchval")


@contextmanager
def counted() -> Iterator[list[str]]:
    """The statements sent inside the block, in order; BEGIN, COMMIT and their like are among them."""
    sent: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in WAYS:
            patch.setattr(Connection, name, _noting(getattr(Connection, name), sent))
        yield sent


def _noting(way: Any, sent: list[str]) -> Any:
    @wraps(way)
    async def note(self: Connection, query: str, *arguments: Any, **options: Any) -> Any:
        sent.append(query)
        return await way(self, query, *arguments, **options)

    return note
