"""Mails as the inspector sees them."""

from datetime import datetime

import strawberry

import models
from graphql_server.access import allow
from rules.states import EmailStatus
from schema.base_types import INSPECTOR, ModelType
from schema.nodes import Node, connection_of, identity


@strawberry.type(description="One mail to one person, and what became of it.")
class Email(ModelType, Node):
    id: strawberry.ID = identity(INSPECTOR)
    kind: models.EmailKind = allow(INSPECTOR, description="What it is about.")
    to_address: str = allow(INSPECTOR, name="to", description="Its one recipient.")
    subject: str = allow(INSPECTOR, description="Its subject.")
    status: EmailStatus = allow(INSPECTOR, description="Where it stands.")
    attempts: int = allow(INSPECTOR, description="How often it was tried.")
    last_error: str | None = allow(INSPECTOR, description="What the server said when it did not accept it.")
    message_id: str = allow(
        INSPECTOR, description="Its Message-ID, the same for every try; before the first one without its domain."
    )
    queued_at: datetime = allow(
        INSPECTOR, description="When it was written; above the limits on mails with a link, when it is to go out."
    )
    accepted_at: datetime | None = allow(INSPECTOR, description="When the recipient's server took it.")


EmailConnection = connection_of(Email, INSPECTOR)
