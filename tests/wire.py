"""What goes over the wire to PostgreSQL: a socket in between that counts round trips."""

import asyncio
import tempfile
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from functools import wraps
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from asyncpg import Connection

SOCKET = ".s.PGSQL.5432"
ASKS = {b"S", b"Q"}
"""Sync, which ends what is sent with values, and Query, which has none: the client waits after either."""


@dataclass(slots=True)
class Wire:
    """The address to connect to, and how often a client waited for an answer."""

    url: str
    round_trips: int = 0


@asynccontextmanager
async def wire_to(database_url: str) -> AsyncIterator[Wire]:
    """A wire to a database on a Unix socket, for as long as the block runs."""
    (folder,) = parse_qs(urlsplit(database_url).query)["host"]
    with tempfile.TemporaryDirectory() as between:
        wire = Wire(f"{database_url.partition('?')[0]}?host={between}")

        async def connected(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
            behind, ahead = await asyncio.open_unix_connection(str(Path(folder) / SOCKET))
            answers = asyncio.create_task(_pass_on(behind, writer))
            await _count(reader, ahead, wire)
            ahead.close()
            await answers

        server = await asyncio.start_unix_server(connected, str(Path(between) / SOCKET))
        async with server:
            yield wire


async def _pass_on(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
    while piece := await reader.read(65_536):
        writer.write(piece)
        await writer.drain()
    writer.close()


async def _count(reader: asyncio.StreamReader, writer: asyncio.StreamWriter, wire: Wire) -> None:
    """Message by message: a letter, except for the first one, and a length that counts itself."""
    letter = b""
    try:
        while True:
            length = await reader.readexactly(4)
            body = await reader.readexactly(int.from_bytes(length, "big") - 4)
            wire.round_trips += letter in ASKS
            writer.write(letter + length + body)
            await writer.drain()
            letter = await reader.readexactly(1)
    except asyncio.IncompleteReadError:
        return


@contextmanager
def said_by_operations() -> Iterator[list[str]]:
    """The statements that the ORM sends inside the block, on any of its connections."""
    sent: list[str] = []
    with pytest.MonkeyPatch.context() as patch:
        for name in ("execute", "executemany", "fetch", "fetchrow", "fetchval"):
            patch.setattr(Connection, name, _noting(getattr(Connection, name), sent))
        yield sent


def _noting(way: Any, sent: list[str]) -> Any:
    """Any, because the ways differ in what they take and give."""

    @wraps(way)
    async def note(self: Connection, query: str, *arguments: Any, **options: Any) -> Any:
        sent.append(query)
        return await way(self, query, *arguments, **options)

    return note
