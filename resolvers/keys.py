"""Rows' keys out of the global ids that an input names."""

from collections.abc import Sequence
from uuid import UUID

from rules.identifiers import id_of


def optional_row_id(value: str | None, type_name: str) -> UUID | None:
    return None if value is None else id_of(value, type_name)


def row_ids(values: Sequence[str] | None, type_name: str) -> list[UUID] | None:
    return None if values is None else [id_of(value, type_name) for value in values]
