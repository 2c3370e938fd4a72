"""Documents that together select every field that a scope may read, each on the shortest way to it."""

from collections.abc import Iterator, Mapping
from datetime import timedelta
from typing import Any

from graphql_server.access import may_read
from rules import clock
from rules.access import Scope
from tests.api.access_paths import Path, operation, shortest_paths, steps_of, variables_of
from tests.schema.comparison import Comparison


def documents_of_every_field(compared: Comparison, scope: Scope) -> Iterator[tuple[str, Mapping[str, Any]]]:
    """Each document with its variables."""
    ways = shortest_paths(compared.schema, scope, allowed_only=True)
    for owner, way in ways.items():
        if owner == "Mutation" or (way and way[0].owner in ("Mutation", "Subscription")):
            continue
        for step in steps_of(compared.schema.type_map[owner]):
            path: Path = (*way, step)
            if step.owner not in ("Mutation", "Subscription") and all(may_read(one.field, scope) for one in path):
                yield operation(path), _variables(compared, path)


def _variables(compared: Comparison, path: Path) -> Mapping[str, Any]:
    now = clock.now()
    known = {
        "Query.node(id:)": compared.ids["Invoice"][0],
        "Query.nodes(ids:)": [ids[0] for ids in compared.ids.values()],
        "Query.inspection(id:)": compared.ids["Inspection"][0],
        "Query.invoice(id:)": compared.ids["Invoice"][0],
    }
    times = {"from": (now - timedelta(days=180)).isoformat(), "to": (now + timedelta(days=100)).isoformat()}
    return {
        variable: known.get(argument) or times.get(argument.partition("(")[2].removesuffix(":)")) or "METHOD"
        for variable, argument in variables_of(path)
    }
