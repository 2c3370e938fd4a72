"""How long what is needed for a while is kept. What is not named here stays: the books and the audit log above all."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Final


@dataclass(frozen=True, slots=True)
class Kept:
    """What goes when it is older than `age`; `removal` is one statement, of which `$1` is that moment and `$2` a bound.

    Each finds what is old by an index, the oldest first.
    """

    what: str
    age: timedelta
    removal: str


RETENTION: Final = (
    Kept(
        "Keys of repeatable mutations, since they were used",
        timedelta(days=30),
        "DELETE FROM idempotency_keys WHERE id = ANY(ARRAY("
        "SELECT id FROM (SELECT id, created_at FROM idempotency_keys ORDER BY id LIMIT $2) oldest"
        " WHERE created_at < $1))",
    ),
    Kept(
        "Refresh tokens, since they ended",
        timedelta(days=30),
        "DELETE FROM refresh_tokens WHERE id = ANY(ARRAY("
        "SELECT id FROM (SELECT id, expires_at FROM refresh_tokens ORDER BY id LIMIT $2) oldest"
        " WHERE expires_at < $1))",
    ),
    Kept(
        "Sessions, since they ended",
        timedelta(days=90),
        "DELETE FROM sign_ins WHERE id = ANY(ARRAY("
        "SELECT id FROM sign_ins WHERE expires_at < $1 ORDER BY expires_at LIMIT $2))",
    ),
    Kept(
        "Secrets of links to portals, since they ended",
        timedelta(days=30),
        "UPDATE grants SET token_hash = NULL WHERE id = ANY(ARRAY("
        "SELECT id FROM grants WHERE token_hash IS NOT NULL AND expires_at < $1 ORDER BY expires_at LIMIT $2))",
    ),
    Kept(
        "Secrets of links to staff, since they ended",
        timedelta(days=30),
        "UPDATE staff_links SET token_hash = NULL WHERE id = ANY(ARRAY("
        "SELECT id FROM staff_links WHERE token_hash IS NOT NULL AND expires_at < $1 ORDER BY expires_at LIMIT $2))",
    ),
    Kept(
        "Texts and documents of mails that are done, since they were written",
        timedelta(days=400),
        "UPDATE emails SET text = '', html = '', document = NULL WHERE id = ANY(ARRAY("
        "SELECT id FROM emails WHERE text <> '' AND status IN ('ACCEPTED', 'FAILED', 'UNCERTAIN', 'CANCELED')"
        " AND queued_at < $1 ORDER BY queued_at LIMIT $2))",
    ),
)
"""The change feed has its own age, `models.changes.KEPT`. Events of Stripe are not stored, but for the last one's id.
Events of automations stay: each is what keeps the same mail from being written twice."""
