"""The rights that links carry."""

from datetime import datetime

import strawberry

import models
from graphql_server.access import allow
from schema.base_types import CLIENT, INSPECTOR
from schema.nodes import Node, identity


@strawberry.type(description="The right that a link carries. Its token is told once and never shown again.")
class Grant(Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    kind: models.GrantKind = allow(INSPECTOR, CLIENT, description="The portal that the link opens.")
    person_name: str | None = allow(INSPECTOR, CLIENT, description="The name or address of the person it was made for.")
    issued_by: models.GrantSource = allow(
        INSPECTOR, CLIENT, description="Whether a mail carried it, staff made it, or a client shared it."
    )
    created_at: datetime = allow(INSPECTOR, CLIENT, description="The time at which the link was made.")
    expires_at: datetime = allow(INSPECTOR, CLIENT, description="The time at which it stops working.")
    revoked_at: datetime | None = allow(
        INSPECTOR, CLIENT, description="The time at which it was ended early; null while it was not."
    )
