"""The rights that links carry."""

from datetime import datetime

import strawberry

import models
from graphql_server.access import allow
from schema.base_types import CLIENT, INSPECTOR, ModelType
from schema.nodes import Node, identity


@strawberry.type(description="The right that a link carries. Its token is told once and never shown again.")
class Grant(ModelType, Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    kind: models.GrantKind = allow(INSPECTOR, CLIENT, description="Which portal it opens.")
    person_name: str | None = allow(INSPECTOR, CLIENT, description="Who it was made for.")
    issued_by: models.GrantSource = allow(INSPECTOR, CLIENT, description="How it came to be.")
    created_at: datetime = allow(INSPECTOR, CLIENT, description="When it was made.")
    expires_at: datetime = allow(INSPECTOR, CLIENT, description="When it ends.")
    revoked_at: datetime | None = allow(INSPECTOR, CLIENT, description="When it was ended early.")
