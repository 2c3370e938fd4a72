"""Reading back: a field that graphql-core has come to, such as what a mutation changed, is read as a query is."""

from typing import Any
from uuid import UUID

from graphql import GraphQLResolveInfo

from graphql_server.reader import Completed
from graphql_server.reads import CallerUnknown
from resolvers.context import Context, Info
from rules.errors import Unauthenticated


async def read_field(info: GraphQLResolveInfo[Any], **brings: UUID) -> Completed:
    """The field with all that is selected of it, as whoever asks may see it.

    `brings` are columns of the row that its declaration sees. Raises Unauthenticated when their rights have just ended.
    """
    context = info.context
    assert isinstance(context, Context), "the server passes it in"
    principal = context.authenticated
    try:
        return await context.dependencies.reader.read_field(
            info,
            scope=principal.scope if principal else None,
            credentials=principal.credentials if principal else {},
            brings=brings,
            context=context,
        )
    except CallerUnknown:
        raise Unauthenticated("This session or link has ended.") from None


async def read_root(_: object, info: GraphQLResolveInfo[Any], **_arguments: object) -> Completed:
    """A field of the query in an operation that asks about the schema besides, which graphql-core runs."""
    return await read_field(info)


async def read_row(info: Info, row_id: UUID) -> Completed:
    """The row that the field's declaration knows as `changed_id`."""
    return await read_field(info._raw_info, changed_id=row_id)
