"""Links and secrets: what a portal link looks like, and how its token is made and stored."""

import hashlib
import secrets
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum
from typing import Literal
from urllib.parse import urlsplit, urlunsplit

LINK_MARK = "\x1flink\x1f"
"""Stands in stored mails where the link goes, whose token is made only when the mail is sent.

Nobody can type it, because it has control characters: or else what is typed would become the link.
"""

BASE_MARK = "\x1fbase\x1f"
"""Stands in stored mails where our public address goes, which only who sends them knows."""

_TOKEN_BYTES = 32


class GrantKind(StrEnum):
    """Which portal a link opens."""

    CLIENT_PORTAL = "CLIENT_PORTAL"
    PAYMENT_PORTAL = "PAYMENT_PORTAL"


class StaffLinkKind(StrEnum):
    """What a link that is mailed to a staff member is good for."""

    INVITATION = "INVITATION"
    PASSWORD_RESET = "PASSWORD_RESET"  # noqa: S105 - what a link is for, not a password


STAFF_LINK_LIFE = {StaffLinkKind.INVITATION: timedelta(hours=24), StaffLinkKind.PASSWORD_RESET: timedelta(hours=1)}
assert STAFF_LINK_LIFE.keys() == set(StaffLinkKind)

LINK_LIFE = {GrantKind.CLIENT_PORTAL: timedelta(days=60), GrantKind.PAYMENT_PORTAL: timedelta(days=30)}
assert LINK_LIFE.keys() == set(GrantKind)


LinkKind = GrantKind | StaffLinkKind

_STAFF_FRAGMENTS = {StaffLinkKind.INVITATION: "invitation", StaffLinkKind.PASSWORD_RESET: "reset"}


@dataclass(frozen=True, slots=True)
class Portals:
    """Where the frontends live: the two portals, and the inspectors' own, and what is public;
    addresses without a fragment, the last one without a slash at its end.
    """

    payment_url: str
    client_url: str
    staff_url: str
    public_url: str

    def logo_url(self, name: str) -> str:
        """Where everybody finds the logo of that name."""
        return f"{self.public_url}{logo_path(name)}"

    def link(self, kind: "LinkKind", token: str) -> str:
        """The address that a link of that kind leads to."""
        if isinstance(kind, StaffLinkKind):
            return f"{self.staff_url}#{_STAFF_FRAGMENTS[kind]}={token}"
        return self.payment_link(token) if kind is GrantKind.PAYMENT_PORTAL else self.client_link(token)

    def payment_link(self, token: str) -> str:
        """The address that opens one invoice: the token is the fragment, which browsers never send to a server."""
        return f"{self.payment_url}#{token}"

    def client_link(self, token: str) -> str:
        """The address that opens one inspection's client portal."""
        return f"{self.client_url}#{token}"


def with_outcome(portal_url: str, outcome: Literal["success", "canceled"]) -> str:
    """Where Stripe's checkout leads back to: the portal, told how the payer left, which proves nothing by itself."""
    parts = urlsplit(portal_url)
    query = "&".join(filter(None, (parts.query, f"checkout={outcome}")))
    return urlunsplit(parts._replace(query=query))


def logo_path(name: str) -> str:
    """The path of a logo, below our public address."""
    return f"/logos/{name}"


def new_token() -> str:
    """256 random bits, safe in a URL."""
    return secrets.token_urlsafe(_TOKEN_BYTES)


def digest(token: str) -> str:
    """What is stored of a token: its SHA-256, in hex. A token's entropy makes salt and stretching needless."""
    return hashlib.sha256(token.encode()).hexdigest()
