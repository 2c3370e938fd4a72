"""Reads compiled into SQL: a query is answered in one round trip, and PostgreSQL writes the JSON of the answer.

A product declares what each field of its schema shows; this package knows no product.

    reads = Reads(schema, Declarations(...))                     # at start-up: checks the declarations
    operation = reads.operation(document, name, scope)           # once for each document and scope
    request = operation.request(variables)                       # looks up the plan; refuses what costs too much
    found = await answer(request, pool, credentials, context)    # one statement

In the order in which a document passes through them: `selection` (what is selected, as a tree), `sites` (what its
arguments come to), `cost`, `statement` and `pages` (the tree as SQL), `plans` (what is kept), `pool` and `links`
(running it), `holes` and `faults` (what is left to Python). `declarations` is where to begin reading; docs/reads.md
follows one document all the way.
"""

from graphql_server.reads.arguments import Arguments, InvalidArgument, Narrowing, Order, SqlValue, Value, compare, equal
from graphql_server.reads.checks import DeclarationsIncomplete
from graphql_server.reads.cost import TooCostly
from graphql_server.reads.declarations import (
    NOBODY,
    Aggregate,
    Attribute,
    ByArgument,
    ByScope,
    Caller,
    Column,
    Declarations,
    Expression,
    Filling,
    Hole,
    JsonValue,
    Many,
    ModelType,
    One,
    Page,
    Related,
    Scope,
    Several,
    Shape,
    Source,
    Table,
    Variants,
)
from graphql_server.reads.faults import FieldError, NullInNonNull
from graphql_server.reads.links import PoolOptions
from graphql_server.reads.plans import Operation, Plan, Request, plans_compiled
from graphql_server.reads.pool import Busy, Pool
from graphql_server.reads.printing import BOOLEAN, JSON, MOMENT, NUMBER, PLAIN, TEXT, Printer
from graphql_server.reads.reads import Answer, CallerUnknown, Reads, answer
from graphql_server.reads.selection import NotCompiled
from graphql_server.reads.variables import InvalidVariables

__all__ = [
    "BOOLEAN",
    "JSON",
    "MOMENT",
    "NOBODY",
    "NUMBER",
    "PLAIN",
    "TEXT",
    "Aggregate",
    "Answer",
    "Arguments",
    "Attribute",
    "Busy",
    "ByArgument",
    "ByScope",
    "Caller",
    "CallerUnknown",
    "Column",
    "Declarations",
    "DeclarationsIncomplete",
    "Expression",
    "FieldError",
    "Filling",
    "Hole",
    "InvalidArgument",
    "InvalidVariables",
    "JsonValue",
    "Many",
    "ModelType",
    "Narrowing",
    "NotCompiled",
    "NullInNonNull",
    "One",
    "Operation",
    "Order",
    "Page",
    "Plan",
    "Pool",
    "PoolOptions",
    "Printer",
    "Reads",
    "Related",
    "Request",
    "Scope",
    "Several",
    "Shape",
    "Source",
    "SqlValue",
    "Table",
    "TooCostly",
    "Value",
    "Variants",
    "answer",
    "compare",
    "equal",
    "plans_compiled",
]
