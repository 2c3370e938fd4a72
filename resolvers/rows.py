"""Rows as holes get them: what JSON can say of columns."""

from collections.abc import Mapping

from graphql_server.reads import JsonValue


def own_columns(*names: str) -> Mapping[str, str]:
    """These columns of the row, under their own names."""
    return {name: f"{{row.{name}}}" for name in names}


def company_column(name: str) -> str:
    """A column of the row's company."""
    return f"(select company.{name} from companies company where company.id = {{row.company_id}})"  # noqa: S608 - of names


def branding_column(name: str) -> str:
    """A column of the branding of the row's company."""
    return f"(select branding.{name} from brandings branding where branding.company_id = {{row.company_id}})"  # noqa: S608


def number(value: JsonValue) -> int:
    """An integer column that is never null."""
    assert isinstance(value, int), "the column is an integer"
    return value
