"""Relay's connections, declared once for every type that is listed."""

from typing import Any

import strawberry

from graphql_server.access import allow


def connection_of(node: type, *scopes: str, page_info: type, name: str | None = None) -> Any:
    """The connection type of a listed type, to stand as a field's `graphql_type`; a `Page` is its value.

    `page_info` is the API's type of a page's place; `name` is the node's GraphQL name where that is not the name of
    its class. Call it once for each type. Any, because the type is made here, which no annotation can name.
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
        page_info=(page_info, allow(*scopes, description="Where this page lies in the list.")),
        total_count=(int, allow(*scopes, description="How many rows the whole list has.")),
    )


def _declare(name: str, description: str, **fields: tuple[Any, Any]) -> Any:
    annotations = {field: annotation for field, (annotation, _) in fields.items()}
    declarations = {field: declaration for field, (_, declaration) in fields.items()}
    namespace = {"__annotations__": annotations, "__module__": __name__, **declarations}
    return strawberry.type(type(name, (), namespace), description=description)
