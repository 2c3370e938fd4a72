"""The one clock: aware UTC, so that tests can fake time in one place."""

from datetime import UTC, datetime


def now() -> datetime:
    """The present moment, aware, in UTC."""
    return datetime.now(UTC)
