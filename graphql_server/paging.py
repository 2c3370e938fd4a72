"""The four arguments of a connection, as the schema declares them; `graphql_server.reads` says what they come to."""

from typing import Annotated

import strawberry

First = Annotated[int | None, strawberry.argument(description="How many rows from the start, 1 to 100; 50 if unsaid.")]
After = Annotated[str | None, strawberry.argument(description="Only rows behind this cursor.")]
Last = Annotated[int | None, strawberry.argument(description="How many rows from the end, 1 to 100; not with first.")]
Before = Annotated[str | None, strawberry.argument(description="Only rows ahead of this cursor.")]
