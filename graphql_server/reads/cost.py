"""What an operation may cost, known before it runs: at most how many rows it reaches.

Sizes of pages are multiplied down the tree, a list without one counts as 20 rows, and a single row as one.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

from graphql_server.reads.declarations import Many, One, Page, Several
from graphql_server.reads.selection import Selected, Selection
from graphql_server.reads.sites import Asked

ROWS_MAX: Final = 100_000
ROWS_OF_A_LIST: Final = 20


class TooCostly(Exception):
    """An operation that may reach too many rows; `rows` is the estimate, `path` the list that costs most."""

    def __init__(self, rows: int, path: str, *, rows_max: int) -> None:
        super().__init__(
            f"The operation may reach {rows:,} rows; at most {rows_max:,} are accepted. "
            f"Most of them are below {path}: ask for smaller pages, or for fewer lists in each other."
        )
        self.rows = rows
        self.path = path


@dataclass(frozen=True, slots=True)
class Reach:
    """The rows that one list reaches, in all its repetitions."""

    path: str
    rows: int


def check_cost(selection: Selection, asked: Sequence[Asked], *, rows_max: int = ROWS_MAX) -> int:
    """The estimate; raises TooCostly above `rows_max`."""
    reached = list(_reached(selection.root, asked, times=1, path=()))
    rows = sum(one.rows for one in reached)
    if rows > rows_max:
        raise TooCostly(rows, max(reached, key=lambda one: one.rows).path, rows_max=rows_max)
    return rows


def _reached(
    fields: Sequence[Selected], asked: Sequence[Asked], *, times: int, path: tuple[str, ...]
) -> Iterator[Reach]:
    for selected in fields:
        below = (*path, selected.key)
        rows = times * _rows(selected, asked)
        if isinstance(selected.source, One | Many | Several | Page):
            yield Reach(".".join(below), rows)
        # What may be one of several types is as costly as the costliest of them.
        variants = [list(_reached(variant, asked, times=rows, path=below)) for variant in selected.objects.values()]
        yield from max(variants, key=lambda variant: sum(one.rows for one in variant), default=[])


def _rows(selected: Selected, asked: Sequence[Asked]) -> int:
    """How many rows the field has for each row around it."""
    if isinstance(selected.source, Many):
        return ROWS_OF_A_LIST
    if isinstance(selected.source, Page | Several) and selected.site is not None:
        return asked[selected.site].size or 0  # A page that is refused reads nothing.
    return 1
