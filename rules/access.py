"""Who is asking: the three scopes of the API and the principal that a request carries."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from rules import clock
from rules.errors import ErrorCode, Refusal


class Scope(StrEnum):
    """What a request may read; a request has exactly one."""

    INSPECTOR = "INSPECTOR"
    CLIENT = "CLIENT"
    PAYER = "PAYER"


def session_credentials(session_id: UUID) -> dict[str, UUID | str | datetime]:
    """What finds a staff member at this moment."""
    return {"session_id": session_id, "now": clock.now()}


def link_credentials(token_hash: str) -> dict[str, UUID | str | datetime]:
    """What finds whoever follows a link that is good at this moment."""
    return {"token_hash": token_hash, "now": clock.now()}


@dataclass(frozen=True, slots=True)
class Principal:
    """Whoever makes a request, and the rows their scope is tied to.

    An INSPECTOR has a `user_id`; a CLIENT has a `grant_id` and one `inspection_id`; a PAYER has a `grant_id`, one
    `inspection_id` and one `invoice_id`. `session_id` or `token_hash` is what they came by. `name` is who the audit
    trail says it was.

    A `guest` is a CLIENT who is not the inspection's client, but was let into the portal: they read and pay, and do not
    act for the client nor see who else is in the People box (S69).
    """

    scope: Scope
    company_id: UUID
    user_id: UUID | None = None
    owner: bool = False
    session_id: UUID | None = None
    grant_id: UUID | None = None
    token_hash: str | None = None
    inspection_id: UUID | None = None
    invoice_id: UUID | None = None
    person_id: UUID | None = None
    guest: bool = False
    name: str = ""

    @property
    def credentials(self) -> Mapping[str, UUID | str | datetime]:
        """What finds them in the database again, as long as their rights last."""
        if self.session_id is not None:
            return session_credentials(self.session_id)
        assert self.token_hash is not None, "whoever has no session came by a link"
        return link_credentials(self.token_hash)

    def as_logged(self) -> dict[str, str]:
        """Who it is without a name: the scope and the ids that lead to the rest."""
        actor = {"user_id": str(self.user_id)} if self.user_id else {"grant_id": str(self.grant_id)}
        return {"scope": self.scope.value, "company_id": str(self.company_id), **actor}

    @property
    def actor_id(self) -> UUID:
        """The user or grant that acts: who an audit event or an idempotency key belongs to."""
        actor = self.user_id or self.grant_id
        assert actor is not None, "a principal is a user or the bearer of a grant"
        return actor


@dataclass(frozen=True, slots=True)
class Operator:
    """Whoever runs this deployment, by its command line, in the stead of one company's owner. No request makes one."""

    company_id: UUID


class ForClientsOnly(Refusal):
    """Something that whoever was let into the client portal may not do, or see, in the client's stead."""

    code = ErrorCode.FORBIDDEN

    def __init__(self) -> None:
        super().__init__("This link lets you read and pay; the rest is for the inspection's client.")


def refuse_guests(principal: Principal) -> None:
    """Raises ForClientsOnly for a guest."""
    if principal.guest:
        raise ForClientsOnly


def require_owner(principal: Principal) -> None:
    """Raises Refusal unless the caller is the company's owner."""
    if not principal.owner:
        raise Refusal("Only the company's owner may do this.", code=ErrorCode.OWNER_REQUIRED)
