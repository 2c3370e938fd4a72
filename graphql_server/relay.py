"""Relay's shapes: nodes, pages and connections, declared once for every type that is listed."""

from typing import Any

import strawberry

from graphql_server.access import allow
from rules.access import Scope

EVERY_SCOPE = tuple(Scope)


def identity(*scopes: Scope) -> Any:
    """A node's id, for those who may read anything of it at all."""
    return allow(*scopes, description="Its global id, unique over all types.")


@strawberry.interface(description="Anything with a global id.")
class Node:
    id: strawberry.ID = identity(*EVERY_SCOPE)


@strawberry.type(description="Where a page lies in its list.")
class PageInfo:
    has_next_page: bool = allow(*EVERY_SCOPE, description="Whether rows follow this page.")
    has_previous_page: bool = allow(*EVERY_SCOPE, description="Whether rows come before this page.")
    start_cursor: str | None = allow(*EVERY_SCOPE, description="The first row's cursor; null on an empty page.")
    end_cursor: str | None = allow(*EVERY_SCOPE, description="The last row's cursor; null on an empty page.")


def connection_of(node: type, *scopes: Scope, name: str | None = None) -> Any:
    """The connection type of a listed type, to stand as a field's `graphql_type`; a `Page` is its value.

    `name` is the node's GraphQL name where that is not the name of its class. Call it once for each type.
    """
    name = name or node.__name__
    edge = _declare(
        f"{name}Edge",
        f"One {name} with its place in the list.",
        cursor=(str, allow(*scopes, description="Its place, to page from.")),
        node=(node, allow(*scopes, description=f"The {name}.")),
    )
    return _declare(
        f"{name}Connection",
        f"One page of a list of {name}.",
        edges=(list[edge], allow(*scopes, description="The rows, each with its cursor.")),  # type: ignore[valid-type]
        nodes=(list[node], allow(*scopes, description="The rows alone.")),  # type: ignore[valid-type]
        page_info=(PageInfo, allow(*scopes, description="Where this page lies in the list.")),
        total_count=(int, allow(*scopes, statements=1, description="How many rows the whole list has.")),
    )


def _declare(name: str, description: str, **fields: tuple[Any, Any]) -> Any:
    annotations = {field: annotation for field, (annotation, _) in fields.items()}
    declarations = {field: declaration for field, (_, declaration) in fields.items()}
    namespace = {"__annotations__": annotations, "__module__": __name__, **declarations}
    return strawberry.type(type(name, (), namespace), description=description)
