"""The built schema: Strawberry's, with our configuration, and refused when any field is silent."""

from collections.abc import Iterable

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig

from graphql_server.access import Matrix, access_matrix
from graphql_server.scalars import SCALARS
from resolvers.fields import read_attribute


class Api(strawberry.Schema):
    """A schema in which every field says who may read it and everything has a description.

    Raises SilentFields, naming each, when something is left unsaid.
    """

    matrix: Matrix

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        types: Iterable[type] = (),
    ) -> None:
        config = StrawberryConfig(disable_field_suggestions=True, scalar_map=SCALARS, default_resolver=read_attribute)
        super().__init__(query, mutation, subscription, types=types, config=config)
        self.matrix = access_matrix(self.graphql_schema)

    @property
    def graphql_schema(self) -> GraphQLSchema:
        """graphql-core's schema, which documents are validated and run against."""
        return self._schema
