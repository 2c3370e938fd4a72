"""The SQL of rows of any types that an argument names: each looked up in the table of its own type."""

from typing import TYPE_CHECKING

from graphql_server.reads.declarations import Several
from graphql_server.reads.printing import Computed, Literal, Piece, quote
from graphql_server.reads.rows import Row, fill
from graphql_server.reads.selection import Selected
from graphql_server.reads.sites import KEYS, TYPES

if TYPE_CHECKING:
    from graphql_server.reads.statement import StatementWriter


def write_several(writer: "StatementWriter", selected: Selected, several: Several, here: Row) -> list[Piece]:
    """The JSON of the list, in the order of the argument; null for a key that leads to no visible row."""
    given, wanted = writer.given(selected), writer.new_row("key")
    cases = ""
    for name in writer.asked_at(selected).narrowing.type_names:
        table = writer.declarations.tables[writer.table_of(name)]
        there = writer.new_row(table.tenant)
        same = f"{there.tenant} = {here.tenant} and {there.column(several.key)} = {wanted.column('key')}"
        where = " and ".join([same, *writer.visible(table, there)])
        found = f"select {writer.object(selected.objects[name], there)} from {fill(table.name, there)} {there.alias}"
        cases += f" when {quote(name)} then ({found} where {where})"
    value = f"coalesce(case {wanted.column('type')}{cases} end, 'null')" if cases else "'null'"
    found = f"select {value} from unnest({getattr(given, TYPES)}, {getattr(given, KEYS)})"
    found += f" with ordinality {wanted.alias}(type, key, place) order by {wanted.column('place')}"
    return [Literal("["), Computed(f"array_to_string(array({found}), ',')"), Literal("]")]
