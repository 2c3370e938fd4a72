"""The audit trail as the inspector reads it."""

import json
from datetime import datetime

import strawberry

import models
from graphql_server.access import allow
from schema.base_types import INSPECTOR, ModelType
from schema.nodes import Node, identity


def _as_json(value: dict[str, object] | None) -> str | None:
    return None if value is None else json.dumps(value, sort_keys=True)


def _before(root: models.Event) -> str | None:
    return _as_json(root.before)


def _after(root: models.Event) -> str | None:
    return _as_json(root.after)


@strawberry.type(description="One thing that happened. Events are never changed or deleted.")
class Event(ModelType, Node):
    id: strawberry.ID = identity(INSPECTOR)
    name: str = allow(INSPECTOR, description="The event's name, such as invoice.sent.")
    actor_kind: models.ActorKind = allow(
        INSPECTOR, description="Whether staff, a client, a payer or Inspectpay itself did it."
    )
    actor_name: str = allow(INSPECTOR, description="The name of whoever did it.")
    created_at: datetime = allow(INSPECTOR, description="The time at which it happened.")
    before: str | None = allow(
        INSPECTOR, resolver=_before, description="The values before, as JSON; null where there were none."
    )
    after: str | None = allow(
        INSPECTOR, resolver=_after, description="The values afterwards, as JSON; null where there are none."
    )
