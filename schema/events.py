"""The audit trail as the inspector reads it."""

import json
from datetime import datetime

import strawberry

import models
from graphql_server.access import allow
from graphql_server.reads import Filling, Hole
from schema.base_types import INSPECTOR
from schema.nodes import Node, identity


def _as_json(filling: Filling) -> str | None:
    value = filling.row["value"]
    return None if value is None else json.dumps(value, sort_keys=True)


BEFORE = Hole({"value": "{row.before}"}, _as_json)
AFTER = Hole({"value": "{row.after}"}, _as_json)


@strawberry.type(description="One thing that happened. Events are never changed or deleted.")
class Event(Node):
    id: strawberry.ID = identity(INSPECTOR)
    name: str = allow(INSPECTOR, description="The event's name, such as invoice.sent.")
    actor_kind: models.ActorKind = allow(
        INSPECTOR, description="Whether staff, a client, a payer or Inspectpay itself did it."
    )
    actor_name: str = allow(INSPECTOR, description="The name of whoever did it.")
    created_at: datetime = allow(INSPECTOR, description="The time at which it happened.")
    before: str | None = allow(
        INSPECTOR, shows=BEFORE, description="The values before, as JSON; null where there were none."
    )
    after: str | None = allow(
        INSPECTOR, shows=AFTER, description="The values afterwards, as JSON; null where there are none."
    )
