"""What asyncpg sends to PostgreSQL while a block runs: one entry a statement, BEGIN and COMMIT included."""

from collections.abc import Iterator
from contextlib import contextmanager
from functools import wraps
from typing import Any
from unittest.mock import patch

from asyncpg.connection import Connection
from asyncpg.prepared_stmt import PreparedStatement

PREPARED_EXECUTE = "_PreparedStatement__do_execute"


@contextmanager
def sent_statements() -> Iterator[list[str]]:
    """The statements of all of this process's connections, in the order in which they were sent."""
    sent: list[str] = []
    script, query, prepared = Connection.execute, Connection._do_execute, getattr(PreparedStatement, PREPARED_EXECUTE)

    @wraps(script)
    async def run_script(self: Any, text: str, *values: Any, **options: Any) -> Any:
        if not values:  # With values it goes the way of all queries.
            sent.append(text)
        return await script(self, text, *values, **options)

    @wraps(query)
    async def run_query(self: Any, text: str, *given: Any, **options: Any) -> Any:
        sent.append(text)
        return await query(self, text, *given, **options)

    @wraps(prepared)
    async def run_prepared(self: Any, *given: Any) -> Any:
        sent.append(self.get_query())
        return await prepared(self, *given)

    with (
        patch.object(Connection, "execute", run_script),
        patch.object(Connection, "_do_execute", run_query),
        patch.object(PreparedStatement, PREPARED_EXECUTE, run_prepared),
    ):
        yield sent
