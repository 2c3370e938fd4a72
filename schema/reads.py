"""What every field shows, for reads: as it is declared at the field, else as the model of its type's name has it.

So a column, a relation, an amount of money or a global id needs no declaration, and a field that is neither those nor
declared keeps the API from starting.
"""

from collections.abc import Iterator

from graphql import GraphQLField, GraphQLObjectType, GraphQLSchema, get_named_type, is_introspection_type, is_list_type
from graphql.type import get_nullable_type
from tortoise.fields.relational import ForeignKeyFieldInstance
from tortoise.models import Model

import models
from graphql_server.access import python_name, shown_by
from graphql_server.reads import (
    MOMENT,
    PLAIN,
    Attribute,
    ByArgument,
    ByScope,
    Column,
    Declarations,
    ModelType,
    One,
    Shape,
    Source,
    Table,
)
from models.conditions import CONDITIONS
from resolvers import automations, inspections
from resolvers.callers import CALLERS
from resolvers.global_ids import NODES, global_id
from resolvers.money import money
from resolvers.relations import listed
from rules.access import Scope

VIEWERS: dict[str, str] = {Scope.INSPECTOR: "InspectorViewer", Scope.CLIENT: "ClientViewer", Scope.PAYER: "PayerViewer"}

MADE_IN_PYTHON = ("UserError", "Notice", "SessionTokens", "SecondFactorSetup", "EmailPreview")
"""Types of what operations return, and of what holes are filled with: their fields are its attributes."""

PARTS_OF_PAGES = ("Connection", "Edge", "PageInfo")
"""How types end that `graphql_server.relay` declares, and reads know by themselves."""

ROWS_OF: dict[str, type[Model]] = {"Branding": models.Branding, "Session": models.SignIn}
"""Types that show the rows of a model, and have no global id by which they are read."""

DERIVED_ROWS = {
    "InvoiceableService": inspections.INVOICEABLE_SERVICES,
    "PaymentReportRow": "reports",  # Each report is a query of its own, which its arguments choose.
}
"""Types that show the rows of a query of their own, for staff alone."""


def declare(schema: GraphQLSchema) -> Declarations:
    """The declarations of all types."""
    return Declarations(
        tables=dict(_tables()),
        types={shown.name: _declared(shown) for shown in _object_types(schema)},
        callers=CALLERS,
        abstract={"Node": ByArgument(), "Viewer": ByScope(VIEWERS)},
        printers={"DateTime": MOMENT, "Decimal": PLAIN, "CurrencyCode": PLAIN, "Date": PLAIN},
    )


def _tables() -> Iterator[tuple[str, Table]]:
    for name in NODES:
        model: type[Model] = getattr(models, name)
        rows = automations.ROWS if model is models.Automation else model._meta.db_table
        yield name, Table(rows, CONDITIONS[model], tenant="id" if model is models.Company else "company_id")
    for name, model in ROWS_OF.items():
        yield name, Table(model._meta.db_table, CONDITIONS[model])
    for name, rows in DERIVED_ROWS.items():
        yield name, Table(rows, {Scope.INSPECTOR: "true"})


def _object_types(schema: GraphQLSchema) -> Iterator[GraphQLObjectType]:
    for named in schema.type_map.values():
        if not isinstance(named, GraphQLObjectType) or is_introspection_type(named):
            continue
        if not named.name.endswith(PARTS_OF_PAGES):
            yield named


def _declared(shown: GraphQLObjectType) -> ModelType:
    fields = {name: _source(shown.name, field) for name, field in shown.fields.items()}
    table = shown.name if shown.name in {*NODES, *DERIVED_ROWS, *ROWS_OF} else None
    return ModelType({name: source for name, source in fields.items() if source is not None}, table)


def _source(type_name: str, field: GraphQLField) -> Source | None:
    """What the field shows; None where nothing says so."""
    declared = shown_by(field)
    if declared is not None:
        return declared
    name = python_name(field)
    if type_name == "Mutation":
        return Shape()  # Its payload is made in Python, and what it changed is read back field by field.
    if type_name in MADE_IN_PYTHON or type_name.endswith("Payload"):
        return Attribute(name)
    if type_name in NODES:
        return _of_model(type_name, getattr(models, type_name), name, field)
    # Of a row seen in another shape: whether its columns hold nulls is not known here.
    return None if type_name in ("Query", "Subscription") else Column(name)


def _of_model(type_name: str, model: type[Model], name: str, field: GraphQLField) -> Source | None:
    columns = model._meta.fields_map
    if name == "id":
        return global_id(type_name)
    if get_named_type(field.type).name == "Money" and f"{name}_minor" in columns:
        return money(f"{{row.{name}_minor}}")
    if is_list_type(get_nullable_type(field.type)) and (found := _referring(model, name)):
        return listed(found[0], {found[1]: "id"})
    if isinstance(columns.get(name), ForeignKeyFieldInstance):
        return One({"id": f"{name}_id"})
    return Column(name, nullable=columns[name].null) if name in columns else None


def _referring(model: type[Model], name: str) -> tuple[type[Model], str] | None:
    """The model whose rows refer to those of `model` under this name, and the column by which they do."""
    for type_name in NODES:
        other: type[Model] = getattr(models, type_name)
        for key, column in other._meta.fields_map.items():
            if not isinstance(column, ForeignKeyFieldInstance):
                continue
            if (column.model_name, column.related_name) == (f"models.{model.__name__}", name):
                return other, f"{key}_id"
    return None
