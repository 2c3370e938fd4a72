"""What commands need that work on a deployment's rows: a database, keys out of what is typed, and tables to print."""

import asyncio
import base64
import binascii
import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from pathlib import Path
from typing import Final, TypeVar
from uuid import UUID

from app.commands.database import database_url, unreachable_database_refused
from app.commands.outcomes import refuse
from models.database import database
from rules.errors import Refusal

Result = TypeVar("Result")
ARTICLES: Final = {"Email": "an"}


def on_database(data_dir: Path, work: Callable[[], Awaitable[Result]]) -> Result:
    """What `work` returns, done on the deployment's database; a refusal ends the command with its sentence."""

    async def run(url: str) -> Result:
        async with database(url, pool_size=2):
            return await work()

    with database_url(data_dir) as url, unreachable_database_refused():
        try:
            return asyncio.run(run(url))
        except Refusal as refusal:
            refuse(refusal.message)


def key_of(typed: str, what: str) -> UUID:
    """The key that was typed: as a UUID, or as one of the API's ids. Raises Refusal for anything else."""
    kind, key = what, typed
    if ":" in (decoded := _decoded(typed)):
        kind, _, key = decoded.partition(":")
    try:
        if kind == what:
            return UUID(key)
    except ValueError:
        pass
    raise Refusal(f"{typed[:80]} is no key of {ARTICLES.get(what, 'a')} {what.lower()}.")


def _decoded(typed: str) -> str:
    try:
        return base64.b64decode(typed, altchars=b"-_", validate=True).decode()
    except (binascii.Error, ValueError):
        return ""


def print_rows(rows: Sequence[Mapping[str, object]], *, as_json: bool, none: str) -> None:
    """The rows as a table whose columns are as wide as they must be; as JSON, one array."""
    if as_json:
        print(json.dumps(rows, default=str, indent=2))
        return
    if not rows:
        print(none)
        return
    table = [[name.upper() for name in rows[0]], *([_cell(value) for value in row.values()] for row in rows)]
    widths = [max(map(len, column)) for column in zip(*table, strict=True)]
    for line in table:
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths, strict=True)).rstrip())


def _cell(value: object) -> str:
    """What may be printed on a terminal: whatever was typed in holds no control characters here."""
    return "-" if value is None else "".join(sign if sign.isprintable() else "?" for sign in str(value))
