"""Due dates in answers."""

from typing import Final

from graphql_server.reads import Expression

OVERDUE: Final = Expression("coalesce({row.overdue_from} <= caller.now, false)", nullable=False)
"""Whether something is outstanding although the due date is over at the moment of asking."""
