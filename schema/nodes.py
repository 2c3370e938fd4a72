"""Relay's shapes as this API has them: nodes, the place of a page, and connections."""

from functools import partial
from typing import Any

import strawberry

from graphql_server import relay
from graphql_server.access import allow
from rules.access import Scope

EVERY_SCOPE = tuple(Scope)


def identity(*scopes: Scope) -> Any:
    """A node's id, for those who may read anything of it at all. Any: it stands where the field's default would."""
    return allow(*scopes, description="Its global id, unique over all types.")


@strawberry.interface(description="Anything with a global id.")
class Node:
    id: strawberry.ID = identity(*EVERY_SCOPE)


@strawberry.type(description="The place of a page in its list.")
class PageInfo:
    has_next_page: bool = allow(*EVERY_SCOPE, description="Whether rows follow this page.")
    has_previous_page: bool = allow(*EVERY_SCOPE, description="Whether rows come before this page.")
    start_cursor: str | None = allow(*EVERY_SCOPE, description="The first row's cursor; null on an empty page.")
    end_cursor: str | None = allow(*EVERY_SCOPE, description="The last row's cursor; null on an empty page.")


connection_of = partial(relay.connection_of, page_info=PageInfo)
