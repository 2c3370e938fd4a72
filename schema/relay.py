"""Relay's shapes: nodes, pages and connections, declared once for every type that is listed."""

import strawberry

from rules.access import Scope
from schema.access import allow

EVERY_SCOPE = tuple(Scope)


@strawberry.interface(description="Anything with a global id.")
class Node:
    id: strawberry.ID = allow(*EVERY_SCOPE, description="Its global id, unique over all types.")
