"""Mails as the inspector sees them."""

from datetime import datetime

import strawberry

import models
from graphql_server.access import allow
from rules.states import EmailStatus
from schema.base_types import INSPECTOR
from schema.nodes import Node, connection_of, identity


@strawberry.type(description="One mail to one person, and what became of it.")
class Email(Node):
    id: strawberry.ID = identity(INSPECTOR)
    kind: models.EmailKind = allow(INSPECTOR, description="The purpose of the mail.")
    to_address: str = allow(INSPECTOR, name="to", description="The one recipient's address.")
    subject: str = allow(INSPECTOR, description="The mail's subject.")
    status: EmailStatus = allow(
        INSPECTOR, description="Whether it is waiting, sent, failed, canceled, or may have arrived."
    )
    attempts: int = allow(INSPECTOR, description="The number of times sending it was tried.")
    last_error: str | None = allow(
        INSPECTOR, description="The mail server's answer when it last did not accept the mail."
    )
    message_id: str = allow(
        INSPECTOR, description="Its Message-ID, the same for every try; before the first one without its domain."
    )
    queued_at: datetime = allow(
        INSPECTOR,
        description="The time at which it was written; where a limit on mails with links puts it off, when it is due.",
    )
    accepted_at: datetime | None = allow(INSPECTOR, description="The time at which the recipient's server accepted it.")


EmailConnection = connection_of(Email, INSPECTOR)
