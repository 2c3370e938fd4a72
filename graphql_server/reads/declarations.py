"""What a field is: the declarations that reads are compiled from.

Pieces of SQL in declarations are templates: `{row.amount_minor}` is a column of the row they speak of, `{here.id}` one
of the row that leads to it, `{given.wanted}` a value of the field's arguments, and `caller.reader_id` a column of
whoever asks. They are written by programmers; nothing that a request holds is ever put into them.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Final, TypeAlias

from graphql_server.reads.arguments import Arguments, Narrowing, Order
from graphql_server.reads.printing import Printer

Scope: TypeAlias = str | None
"""The kind of rights a request has; None when nobody is signed in."""

JsonValue: TypeAlias = "bool | int | float | str | list[JsonValue] | dict[str, JsonValue] | None"

Narrow: TypeAlias = Callable[[Arguments], Narrowing]
"""Turns a field's arguments into a condition. Pure; whatever it raises becomes the field's error."""

PAGE_SIZE_DEFAULT: Final = 50
PAGE_SIZE_MAX: Final = 100


@dataclass(frozen=True, slots=True)
class Column:
    """A column of the row. `nullable` is what the database says of it, not the schema.

    `printer` replaces the one of the field's type: PLAIN saves escaping a text that never needs it.
    """

    name: str
    nullable: bool = True
    printer: Printer | None = None


@dataclass(frozen=True, slots=True)
class Expression:
    """A value that SQL computes from the row, like `{row.price_minor} * 0.01`."""

    sql: str
    nullable: bool = True
    printer: Printer | None = None


@dataclass(frozen=True, slots=True)
class Aggregate:
    """A value over all matching rows of a table that the scope may see, like `sum({row.price_minor})`."""

    table: str
    sql: str
    match: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    nullable: bool = True
    printer: Printer | None = None


@dataclass(frozen=True, slots=True)
class Shape:
    """The same row as an object of another type, whose fields see these values as their row's columns.

    `Shape({"minor": "{row.price_minor}", "currency": "{row.currency}"})` shows two columns as one Money. Without
    `values` they see the row itself. The object is null where `when` does not hold.
    """

    values: Mapping[str, str | Aggregate] = field(default_factory=dict)
    when: str = ""


@dataclass(frozen=True, slots=True)
class One:
    """At most one other row: whose columns (keys) equal this row's (values), and for which `where` holds.

    `missing` makes the error that tells there is none, of the field's arguments; without it the field is null.
    """

    match: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    narrow: Narrow | None = None
    missing: Callable[[Arguments], Exception] | None = None


@dataclass(frozen=True, slots=True)
class Many:
    """All other rows that match, ordered by these columns; "-" before one counts down."""

    order: tuple[str, ...]
    match: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    narrow: Narrow | None = None


@dataclass(frozen=True, slots=True)
class Several:
    """The rows that the arguments name, of any types and in their order; null where there is none.

    `narrow` gives the values `types` and `keys`, two lists of the same length, and names each type once. `key` is the
    column that the tables of all these types are looked up by.
    """

    narrow: Narrow
    key: str = "id"


@dataclass(frozen=True, slots=True)
class Page:
    """A Relay connection of other rows: with edges, nodes, pageInfo, totalCount, and the four arguments of paging."""

    order: Order
    match: Mapping[str, str] = field(default_factory=dict)
    where: str = ""
    narrow: Narrow | None = None
    size_default: int = PAGE_SIZE_DEFAULT
    size_max: int = PAGE_SIZE_MAX


@dataclass(frozen=True, slots=True)
class Related:
    """Other rows that a hole needs, as a list of objects with these values."""

    table: str
    relation: Many
    values: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Filling:
    """What a hole is filled from: what it needs of its row, its arguments, and what the request brought along."""

    row: Mapping[str, JsonValue]
    arguments: Arguments
    context: object


@dataclass(frozen=True, slots=True)
class Hole:
    """A value that only Python can make. Its row is what JSON can say: keys and times are strings.

    Where it is an object, its fields are declared as `Attribute`s.
    """

    needs: Mapping[str, str | Related]
    fill: Callable[[Filling], object]


@dataclass(frozen=True, slots=True)
class Attribute:
    """A field of what a hole was filled with."""

    name: str


Relation: TypeAlias = One | Many | Page | Aggregate
Source: TypeAlias = Column | Expression | Aggregate | Shape | One | Many | Several | Page | Hole | Attribute


@dataclass(frozen=True, slots=True)
class Table:
    """Where rows are, and which of them each scope may see; a scope that is not named sees none.

    `name` is a template too: a table, or a query in brackets that gives rows like one.

    `tenant` is the column that says whose a row is. It is compared in every read: with the row that leads here, or
    with whoever asks.
    """

    name: str
    visible: Mapping[str, str]
    tenant: str = "company_id"


@dataclass(frozen=True, slots=True)
class ModelType:
    """An object type: its fields, and the table of the rows it shows. Without one it shows what leads to it."""

    fields: Mapping[str, Source]
    table: str | None = None


@dataclass(frozen=True, slots=True)
class Variants:
    """An interface or union over the rows of one table, told apart by the value of `by`."""

    table: str
    by: str
    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ByScope:
    """An interface or union that is the same type for all requests of a scope; null for one that is not named."""

    types: Mapping[str, str]


@dataclass(frozen=True, slots=True)
class ByArgument:
    """An interface or union whose type an argument names: see `Narrowing.type_names`."""


Abstract: TypeAlias = Variants | ByScope | ByArgument


@dataclass(frozen=True, slots=True)
class Caller:
    """How requests of a scope are recognised: a query for one row with `company_id` and whatever predicates compare.

    `takes` names what it needs of the request, each with its type in PostgreSQL. It gives no row for somebody whose
    rights have ended. `tells` are columns of its row that the answer brings along, for the log.
    """

    sql: str
    takes: Mapping[str, str] = field(default_factory=dict)
    tenant: str = "company_id"
    tells: tuple[str, ...] = ()


NOBODY: Final = Caller("select null::uuid as company_id")
"""Requests that nobody signed: no row of any tenant is theirs."""


@dataclass(frozen=True, slots=True)
class Declarations:
    """All that the compiler knows of a product."""

    tables: Mapping[str, Table]
    types: Mapping[str, ModelType]
    callers: Mapping[Scope, Caller]
    abstract: Mapping[str, Abstract] = field(default_factory=dict)
    printers: Mapping[str, Printer] = field(default_factory=dict)
