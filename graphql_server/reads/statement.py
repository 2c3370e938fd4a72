"""The SQL of a selection: one statement whose result is the JSON text of the whole answer.

An object is the concatenation of its fields' text. A field that leads to other rows is a subquery, which compares the
tenant, and applies what the scope may see of the table; there is no other way to a row.
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from typing import assert_never

from graphql import get_named_type, is_abstract_type

from graphql_server.reads.declarations import (
    Aggregate,
    Attribute,
    ByArgument,
    ByScope,
    Caller,
    Column,
    Declarations,
    Expression,
    Hole,
    Many,
    One,
    Page,
    Related,
    Relation,
    Scope,
    Several,
    Shape,
    Table,
    Variants,
)
from graphql_server.reads.faults import Fault, NullInNonNull
from graphql_server.reads.objects import object_of
from graphql_server.reads.pages import page_type, write_page
from graphql_server.reads.printing import (
    FAULT,
    HOLE_BEGINS,
    HOLE_ENDS,
    HOLE_NEEDS,
    TOLD,
    Computed,
    Literal,
    Piece,
    concat,
    printed,
    printer_of,
    quote,
)
from graphql_server.reads.rows import Given, Parameters, Row, fill, types_of
from graphql_server.reads.selection import PagePart, Selected, Selection, Typename
from graphql_server.reads.several import write_several
from graphql_server.reads.sites import NO_ARGUMENTS, Asked

CALLER = "caller"


@dataclass(slots=True)
class Statement:
    """A written statement, with what its marks mean."""

    sql: str
    parameters: Parameters
    faults: list[Fault]
    holes: list[Selected]


@dataclass(slots=True)
class StatementWriter:
    """Writes the statement of one selection for one scope, given what its arguments came to."""

    declarations: Declarations
    scope: Scope
    asked: Sequence[Asked]
    brings: Mapping[str, str] = field(default_factory=dict)
    parameters: Parameters = field(default_factory=Parameters)
    faults: list[Fault] = field(default_factory=list)
    holes: list[Selected] = field(default_factory=list)
    rows: int = 0

    def write(self, selection: Selection) -> Statement:
        """The whole statement. It gives no row when whoever asks is not, or no longer, who they say."""
        caller = self.declarations.callers[self.scope]
        who = self._who(caller)
        row = Row.of_table(CALLER, caller.tenant)
        told = [piece for name in caller.tells for piece in (Computed(row.column(name)), Literal(TOLD))]
        answer = concat([*told, *object_of(selection.root, lambda selected: self.value(selected, row))])
        return Statement(self._around(answer, who), self.parameters, self.faults, self.holes)

    def _who(self, caller: Caller) -> str:
        """The row of whoever asks: the answer's first row, that all others are related to."""
        given = Given(self.parameters, None, {**caller.takes, **self.brings})
        who = fill(caller.sql, Row("", ""), given)
        if not self.brings:
            return who
        brought = ", ".join(f"{getattr(given, name)} as {name}" for name in self.brings)
        return f"select who.*, {brought} from ({who}) who"

    def _around(self, answer: str, who: str) -> str:
        if not self.parameters.of_batch:
            return f"select {answer} from ({who}) {CALLER}"
        arrays = ", ".join(f"${number}::{kind}[]" for number, kind in enumerate(self.parameters.types, 1))
        columns = ", ".join(f"p{number}" for number, _ in enumerate(self.parameters.types, 1))
        asked = f"unnest({arrays}) with ordinality asked({columns}, number)"
        return f"select asked.number, {answer} from {asked} cross join lateral ({who}) {CALLER}"

    def object(self, fields: Sequence[Selected], row: Row) -> str:
        """The JSON of an object that shows the row."""
        return concat(object_of(fields, lambda selected: self.value(selected, row)))

    def value(self, selected: Selected, row: Row) -> list[Piece]:
        """The JSON of one field of the row."""
        asked = self.asked_at(selected)
        if asked.error is not None and not isinstance(selected.source, Hole):
            return [Literal(self._refused(selected))]
        match selected.source:
            case Column():
                return self._leaf(selected, selected.source, row.column(selected.source.name))
            case Expression():
                return self._leaf(selected, selected.source, fill(selected.source.sql, row, self.given(selected)))
            case Aggregate():
                return self._leaf(selected, selected.source, self._aggregate(selected.source, row))
            case Shape():
                return self._shape(selected, selected.source, row)
            case One():
                return self._one(selected, selected.source, row)
            case Many():
                return self._many(selected, selected.source, row)
            case Several():
                return write_several(self, selected, selected.source, row)
            case Page():
                return [Computed(write_page(self, selected, selected.source, row))]
            case Hole():
                return self._hole(selected, selected.source, row)
            case Attribute() | PagePart() | Typename():
                raise AssertionError(f"{selected.owner}.{selected.name} is no field of a row")
            case _:
                assert_never(selected.source)

    def asked_at(self, selected: Selected) -> Asked:
        """What the field's arguments came to."""
        return Asked() if selected.site is None else self.asked[selected.site]

    def given(self, selected: Selected) -> Given:
        """The values of the field's arguments, for templates."""
        return Given(self.parameters, selected.site, types_of(self.asked_at(selected).narrowing.values))

    def absent(self, selected: Selected) -> str:
        """What stands for null in the field."""
        if isinstance(selected.source, One) and selected.source.missing is not None:
            missing, site = selected.source.missing, selected.site
            return self._fault(selected, lambda asked: missing(NO_ARGUMENTS if site is None else asked[site].arguments))
        if selected.nullable:
            return "null"
        return self._fault(selected, lambda _: NullInNonNull(selected.owner, selected.name))

    def _refused(self, selected: Selected) -> str:
        """The mark of a field whose arguments are at fault."""
        site = selected.site
        assert site is not None, "only a field with arguments has such an error"
        return self._fault(selected, lambda asked: asked[site].error or AssertionError("the plan is for a refusal"))

    def _fault(self, selected: Selected, error: Callable[[Sequence[Asked]], Exception]) -> str:
        self.faults.append(Fault(selected.rises, error))
        return f"{FAULT}{len(self.faults) - 1}{FAULT}"

    def _leaf(self, selected: Selected, source: Column | Expression | Aggregate, sql: str) -> list[Piece]:
        printer = source.printer or printer_of(selected.type, self.declarations.printers)
        return printed(sql, printer, absent=self.absent(selected) if source.nullable else None)

    def _shape(self, selected: Selected, shape: Shape, row: Row) -> list[Piece]:
        named = get_named_type(selected.type)
        if is_abstract_type(named) and not selected.objects:
            return [Literal(self.absent(selected))]  # Nothing that this scope could be shown.
        seen = row.shaped({name: self._shaped(value, row) for name, value in shape.values.items()})
        pieces = object_of(selected.below, lambda below: self.value(below, seen if shape.values else row))
        if not shape.when:
            return pieces
        shown = f"case when {fill(shape.when, row)} then {concat(pieces)} else {quote(self.absent(selected))} end"
        return [Computed(shown)]

    def _shaped(self, value: str | Aggregate, row: Row) -> str:
        return fill(value, row) if isinstance(value, str) else self._aggregate(value, row)

    def _aggregate(self, aggregate: Aggregate, here: Row) -> str:
        table = self.declarations.tables[aggregate.table]
        there = self.new_row(table.tenant)
        conditions = " and ".join(self.conditions(table, there, aggregate, here))
        return f"(select {fill(aggregate.sql, there)} from {fill(table.name, there)} {there.alias} where {conditions})"

    def _one(self, selected: Selected, one: One, here: Row) -> list[Piece]:
        target, there = self.target(selected)
        found = f"select {self.shown(selected, there)} from {self.source(target, there, selected, here)}"
        return [Computed(f"coalesce(({found}), {quote(self.absent(selected))})")]

    def _many(self, selected: Selected, many: Many, here: Row) -> list[Piece]:
        target, there = self.target(selected)
        found = f"select {self.shown(selected, there)} from {self.source(target, there, selected, here)}"
        found += f" order by {order_by(many.order, there)}"
        return [Literal("["), Computed(f"array_to_string(array({found}), ',')"), Literal("]")]

    def target(self, selected: Selected) -> tuple[Table, Row]:
        """The table that a relation leads to, and a row of it."""
        table = self.declarations.tables[self.table_of(self._type_name(selected))]
        return table, self.new_row(table.tenant)

    def new_row(self, tenant_column: str) -> Row:
        """A row under a name that nothing else in the statement has."""
        self.rows += 1
        return Row.of_table(f"t{self.rows}", tenant_column)

    def table_of(self, name: str) -> str:
        abstract = self.declarations.abstract.get(name)
        table = abstract.table if isinstance(abstract, Variants) else self.declarations.types[name].table
        assert table is not None, f"{name} has a table: the declarations were checked"
        return table

    def _type_name(self, selected: Selected) -> str:
        """The type of the rows: for a global id, the type that it names."""
        shown = get_named_type(selected.type)
        named = page_type(shown) if isinstance(selected.source, Page) else shown.name
        if isinstance(self.declarations.abstract.get(named), ByArgument):
            (name,) = self.asked_at(selected).narrowing.type_names
            return name
        return named

    def source(self, table: Table, there: Row, selected: Selected, here: Row, *, part: str = "") -> str:
        """`table alias where …`: the rows that the field leads to, or a part of them, as far as the scope sees them."""
        relation = selected.source
        assert isinstance(relation, One | Many | Page)
        narrowing = self.asked_at(selected).narrowing
        conditions = [*self.conditions(table, there, relation, here)]
        assert isinstance(relation, Page) or not narrowing.either, "pages alone are divided"
        conditions += [f"({fill(sql, there, self.given(selected))})" for sql in (narrowing.sql, part) if sql]
        name = fill(narrowing.rows or table.name, there, self.given(selected))
        return f"{name} {there.alias} where {' and '.join(conditions)}"

    def conditions(self, table: Table, there: Row, relation: Relation, here: Row) -> Iterator[str]:
        """Of the same tenant, related, visible."""
        yield f"{there.tenant} = {here.tenant}"
        for theirs, ours in relation.match.items():
            yield f"{there.column(theirs)} = {here.column(ours)}"
        yield from self.visible(table, there)
        if relation.where:
            yield f"({fill(relation.where, there, here=here)})"

    def visible(self, table: Table, there: Row) -> Iterator[str]:
        """What the scope may see of the table."""
        visible = table.visible.get(self.scope or "", "false")
        if visible != "true":
            yield f"({fill(visible, there)})"

    def shown(self, selected: Selected, there: Row) -> str:
        """The JSON of the object that shows a row the field leads to, whichever of its types it is."""
        return self.one_of(get_named_type(selected.type).name, selected, there)

    def one_of(self, type_name: str, selected: Selected, there: Row) -> str:
        """The JSON of a row shown as the type, or as one of its variants."""
        abstract = self.declarations.abstract.get(type_name)
        if isinstance(abstract, Variants):
            cases = [
                f"when {quote(value)} then {self.object(selected.objects[name], there)}"
                for value, name in abstract.types.items()
            ]
            return f"case {fill(abstract.by, there)} {' '.join(cases)} end"
        if isinstance(abstract, ByArgument):
            return self.object(selected.objects[self._type_name(selected)], there)
        assert not isinstance(abstract, ByScope), "a type that a scope decides shows the row around it"
        return self.object(selected.below, there)

    def _hole(self, selected: Selected, hole: Hole, row: Row) -> list[Piece]:
        self.holes.append(selected)
        needs = [self._need(need, row) for need in hole.needs.values()]
        return [
            Literal(f"{HOLE_BEGINS}{len(self.holes) - 1}{HOLE_NEEDS}"),
            Computed(f"json_build_array({', '.join(needs)})"),
            Literal(HOLE_ENDS),
        ]

    def _need(self, need: str | Related, row: Row) -> str:
        if isinstance(need, str):
            return fill(need, row)
        table = self.declarations.tables[need.table]
        there = self.new_row(table.tenant)
        conditions = " and ".join(self.conditions(table, there, need.relation, row))
        values = ", ".join(f"{quote(name)}, {fill(sql, there)}" for name, sql in need.values.items())
        rows = f"json_agg(json_build_object({values}) order by {order_by(need.relation.order, there)})"
        return f"(select coalesce({rows}, '[]') from {fill(table.name, there)} {there.alias} where {conditions})"


def order_by(columns: Sequence[str], row: Row) -> str:
    """What follows ORDER BY for columns of which "-" makes one descend."""
    return ", ".join(f"{row.column(name.removeprefix('-'))}{' desc' if name[0] == '-' else ''}" for name in columns)
