"""The unit of work: what a transaction changes, gathered while it runs and written in one statement.

Each table is written once, whatever happened to its rows on the way; constraints, triggers and foreign keys see the
same changes as if each row had been written alone. What is gathered is not seen by queries until it is flushed.
"""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from uuid import UUID

from tortoise import connections

from models.base import Row
from models.hydration import RowType, columns_of, values_of

SHAPES_MAX = 256
"""Statements kept as text; there are as many as there are sets of tables and columns that are changed together."""


@dataclass(frozen=True, slots=True)
class Insert:
    """New rows of one table. With `once`, one that a unique constraint refuses is left out."""

    model: type[Row]
    once: bool = False

    def sql(self, given: str) -> str:
        """The part of the statement that does it."""
        table, columns = _table(self.model), ", ".join(columns_of(self.model))
        conflict = "ON CONFLICT DO NOTHING" if self.once else ""
        return f"INSERT INTO {table} ({columns}) SELECT {columns} FROM {given} {conflict} RETURNING 1"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Update:
    """Rows of one table, with the columns that at least one of them changed."""

    model: type[Row]
    columns: tuple[str, ...]

    def sql(self, given: str) -> str:
        """The part of the statement that does it."""
        table, changed = _table(self.model), ", ".join(f"{column} = given.{column}" for column in self.columns)
        return f"UPDATE {table} SET {changed} FROM {given} given WHERE {_same(table)} RETURNING 1"  # noqa: S608


@dataclass(frozen=True, slots=True)
class Delete:
    """Rows of one table to delete."""

    model: type[Row]

    def sql(self, given: str) -> str:
        """The part of the statement that does it."""
        table = _table(self.model)
        return f"DELETE FROM {table} USING {given} given WHERE {_same(table)} RETURNING 1"  # noqa: S608


Change = Insert | Update | Delete


class UnitOfWork:
    """Rows to write together: new ones, those that are different from when they were loaded, and those to delete."""

    def __init__(self) -> None:
        self._added: dict[Insert, list[Row]] = {}
        self._stored: dict[UUID, tuple[Row, tuple[object, ...]]] = {}
        self._removed: dict[UUID, Row] = {}

    def track(self, rows: Iterable[RowType]) -> list[RowType]:
        """Rows as they are stored at this moment: what is different about them later is written."""
        tracked = [*rows]
        for row in tracked:
            known = self._stored.get(row.id)
            assert known is None or known[0] is row, f"{type(row).__name__} {row.id} was loaded twice to be changed"
            row._saved_in_db = True
            self._stored[row.id] = row, values_of(type(row))(row)
        return tracked

    def add(self, *rows: Row, once: bool = False) -> None:
        """New rows. With `once`, one whose like is there already is left out."""
        for row in rows:
            self._added.setdefault(Insert(type(row), once), []).append(row)

    def remove(self, *rows: Row) -> None:
        """Rows to delete; one that is new is not written at all."""
        for row in rows:
            if self._stored.pop(row.id, None):
                self._removed[row.id] = row
            else:
                self._added[Insert(type(row))].remove(row)

    async def flush(self) -> None:
        """Write what is different from what is stored, and take that for stored. Does nothing when nothing is."""
        changes = sorted(self._changes(), key=lambda change: (_table(change[0].model), repr(change[0])))
        if not changes:
            return
        given = [_as_json(change, rows) for change, rows in changes]
        statement = _statement(tuple(change for change, _ in changes))
        (written,) = await connections.get("default").execute_query_dict(statement, given)
        for (change, rows), count in zip(changes, written.values(), strict=True):
            left_out = isinstance(change, Insert) and change.once
            assert left_out or count == len(rows), f"{count} of {len(rows)} rows written: {change}"
        self._settle()

    def _changes(self) -> Iterator[tuple[Change, list[Row]]]:
        yield from self._added.items()
        yield from self._updates()
        removed: dict[type[Row], list[Row]] = {}
        for row in self._removed.values():
            removed.setdefault(type(row), []).append(row)
        for model, rows in removed.items():
            yield Delete(model), rows

    def _updates(self) -> Iterator[tuple[Change, list[Row]]]:
        changed: dict[type[Row], tuple[list[Row], set[str]]] = {}
        for row, stored in self._stored.values():
            values = values_of(type(row))(row)
            if values == stored:
                continue
            rows, columns = changed.setdefault(type(row), ([], set()))
            rows.append(row)
            pairs = zip(columns_of(type(row)), values, stored, strict=True)
            columns.update(column for column, value, before in pairs if value != before)
        for model, (rows, columns) in changed.items():
            yield Update(model, tuple(sorted(columns))), rows

    def _settle(self) -> None:
        added, self._added, self._removed = self._added, {}, {}
        self.track([row for row, _ in self._stored.values()])
        for insert, rows in added.items():
            if not insert.once:  # Of those that may have been left out nobody knows whether they are stored.
                self.track(rows)


@lru_cache(maxsize=SHAPES_MAX)
def _statement(changes: tuple[Change, ...]) -> str:
    """One statement that makes all the changes, each from a parameter of its own, and counts the rows of each."""
    parts = [
        f"change{n} AS ({change.sql(f'json_populate_recordset(NULL::{_table(change.model)}, ${n})')})"
        for n, change in enumerate(changes, start=1)
    ]
    counts = [f"(SELECT count(*) FROM change{n}) AS rows{n}" for n in range(1, len(changes) + 1)]  # noqa: S608
    return f"WITH {', '.join(parts)} SELECT {', '.join(counts)}"


def _table(model: type[Row]) -> str:
    return model._meta.db_table


def _same(table: str) -> str:
    return f"{table}.id = given.id AND {table}.company_id = given.company_id"


def _as_json(change: Change, rows: Iterable[Row]) -> str:
    """The rows as PostgreSQL turns JSON into rows: with all columns, or with those that the change needs."""
    if isinstance(change, Insert):
        columns = columns_of(change.model)
    else:
        columns = ("id", "company_id", *(change.columns if isinstance(change, Update) else ()))
    return json.dumps([{column: getattr(row, column) for column in columns} for row in rows], default=_spell)


def _spell(value: object) -> str:
    if isinstance(value, date):
        return value.isoformat()
    assert isinstance(value, UUID), f"no column holds {type(value).__name__}"
    return str(value)
