"""Migrations run on databases that have rows, which no test of an empty one tells."""

from importlib import import_module
from pathlib import Path

import pytest
from tortoise.fields.base import Field
from tortoise.migrations import operations as ops

import models.migrations

NAMES = sorted(path.stem for path in Path(models.migrations.__path__[0]).glob("0*.py"))


def _says_what_rows_get(field: object) -> bool:
    assert isinstance(field, Field)
    return field.null or field.has_db_default()


@pytest.mark.parametrize("name", NAMES)
def test_a_column_that_is_added_says_what_the_rows_that_are_there_get(name: str) -> None:
    """PostgreSQL refuses a column that may not be null and has no default, wherever the table has a row."""
    migration = import_module(f"models.migrations.{name}").Migration
    added = [operation for operation in migration.operations if isinstance(operation, ops.AddField)]
    assert [f"{one.model_name}.{one.name}" for one in added if not _says_what_rows_get(one.field)] == []
