"""Declarations held against the schema when the server starts: what is missing is told then, not in an answer."""

from collections.abc import Iterator, Sequence

from graphql import (
    GraphQLField,
    GraphQLInterfaceType,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLUnionType,
    get_named_type,
    get_nullable_type,
    is_leaf_type,
    is_list_type,
)

from graphql_server.reads.declarations import (
    Aggregate,
    Attribute,
    ByArgument,
    ByScope,
    Column,
    Declarations,
    Expression,
    Hole,
    Many,
    ModelType,
    One,
    Page,
    Several,
    Shape,
    Source,
    Variants,
)
from graphql_server.reads.pages import page_type
from graphql_server.reads.paging import CURSOR_TYPES
from graphql_server.reads.printing import printer_of


class DeclarationsIncomplete(Exception):
    """Declarations that do not fit the schema; the server must not start with them."""

    def __init__(self, sentences: Sequence[str]) -> None:
        super().__init__("\n".join(sentences))
        self.sentences = tuple(sentences)


def check_declarations(schema: GraphQLSchema, declarations: Declarations) -> None:
    """Raises DeclarationsIncomplete with a sentence for everything that is missing or does not fit."""
    checker = _Checker(schema, declarations)
    sentences = [*checker.types(), *checker.abstract(), *checker.scopes()]
    if sentences:
        raise DeclarationsIncomplete(sentences)


class _Checker:
    def __init__(self, schema: GraphQLSchema, declarations: Declarations) -> None:
        self.schema = schema
        self.declarations = declarations

    def types(self) -> Iterator[str]:
        if self.schema.query_type is not None and self.schema.query_type.name not in self.declarations.types:
            yield f"The root type {self.schema.query_type.name} is not declared."
        for name, shown in self.declarations.types.items():
            found = self.schema.type_map.get(name)
            if not isinstance(found, GraphQLObjectType):
                yield f"{name} is declared and is no object type of the schema."
                continue
            if shown.table is not None and shown.table not in self.declarations.tables:
                yield f"{name} shows the table {shown.table}, which is not declared."
            yield from self._fields(found, shown)

    def _fields(self, found: GraphQLObjectType, shown: ModelType) -> Iterator[str]:
        for name in found.fields.keys() - shown.fields.keys():
            yield f"{found.name}.{name} is not declared."
        for name, source in shown.fields.items():
            if name not in found.fields:
                yield f"{found.name}.{name} is declared and is no field of the schema."
                continue
            problem = self._problem(found.fields[name], source)
            if problem:
                yield f"{found.name}.{name} {problem}"

    def _problem(self, field: GraphQLField, source: Source) -> str | None:
        if isinstance(source, Attribute):
            return None  # Whatever Python returns is completed as graphql-core does.
        if isinstance(source, Hole):
            tables = [need.table for need in source.needs.values() if not isinstance(need, str)]
            unknown = [table for table in tables if table not in self.declarations.tables]
            return f"needs the table {unknown[0]}, which is not declared." if unknown else None
        leaf, many = is_leaf_type(get_named_type(field.type)), is_list_type(get_nullable_type(field.type))
        if isinstance(source, Aggregate) and source.table not in self.declarations.tables:
            return f"counts rows of {source.table}, which is not declared."
        if isinstance(source, Column | Expression | Aggregate):
            return self._problem_of_leaf(field) if leaf else "shows an object: declare a Shape or a relation."
        if leaf:
            return "shows a plain value: declare a Column, an Expression or a Hole."
        if many is not isinstance(source, Many | Several):
            return (
                "is a list: declare it as Many or Several." if many else "is one object: declare a Shape, One or Page."
            )
        return self._problem_of_target(field, source)

    def _problem_of_leaf(self, field: GraphQLField) -> str | None:
        try:
            printer_of(field.type, self.declarations.printers)
        except KeyError as unknown:
            return f"is of the scalar {unknown}: declare how it is printed."
        return None

    def _problem_of_target(self, field: GraphQLField, source: One | Many | Several | Page | Shape) -> str | None:
        named = get_named_type(field.type)
        if isinstance(source, Page):
            unknown = [kind for _, kind in source.order.columns if kind not in CURSOR_TYPES]
            if unknown:
                return f"is ordered by a column of type {unknown[0]}: cursors hold {', '.join(CURSOR_TYPES)}."
        target = page_type(named) if isinstance(source, Page) else named.name
        shown, abstract = self.declarations.types.get(target), self.declarations.abstract.get(target)
        if shown is None and abstract is None:
            return f"shows {target}, which is not declared."
        if isinstance(source, Shape):
            return "can't show variants of other rows: declare a relation." if isinstance(abstract, Variants) else None
        if isinstance(source, Several):
            fits = isinstance(abstract, ByArgument)
            return None if fits else "shows rows of several types: declare what it shows as ByArgument."
        has_rows = isinstance(abstract, Variants | ByArgument) or (shown is not None and shown.table is not None)
        return None if has_rows else f"leads to rows of {target}, which has no table."

    def abstract(self) -> Iterator[str]:
        for name, abstract in self.declarations.abstract.items():
            found = self.schema.type_map.get(name)
            if not isinstance(found, GraphQLInterfaceType | GraphQLUnionType):
                yield f"{name} is declared as abstract and is no interface or union of the schema."
                continue
            possible = {one.name for one in self.schema.get_possible_types(found)}
            named = possible if isinstance(abstract, ByArgument) else set(abstract.types.values())
            for type_name in sorted(named - self.declarations.types.keys()):
                yield f"{name} may be {type_name}, which is not declared."
            if isinstance(abstract, Variants) and abstract.table not in self.declarations.tables:
                yield f"{name} shows the table {abstract.table}, which is not declared."
            if not isinstance(abstract, ByArgument):
                for type_name in sorted(named - possible):
                    yield f"{name} is declared to be {type_name}, which the schema does not say."
            if isinstance(abstract, ByScope):
                for scope in abstract.types.keys() - {str(one) for one in self.declarations.callers}:
                    yield f"{name} is declared for the scope {scope}, which no caller has."

    def scopes(self) -> Iterator[str]:
        for name, table in self.declarations.tables.items():
            for scope in table.visible.keys() - {str(one) for one in self.declarations.callers}:
                yield f"The table {name} is visible to the scope {scope}, which no caller has."
