"""The built schema: Strawberry's, with our configuration, and refused when any field is silent."""

from collections.abc import Callable, Iterable, Mapping
from typing import cast

import strawberry
from graphql import GraphQLSchema
from strawberry.schema.config import StrawberryConfig
from strawberry.types.scalar import ScalarDefinition

from graphql_server.access import Matrix, access_matrix
from graphql_server.errors import OperationRefused, Refusal
from graphql_server.reader import refusal_of_reading
from graphql_server.reads import Declarations, Reads
from graphql_server.scalars import SCALARS


class Api(strawberry.Schema):
    """A schema in which every field says who may read it and everything has a description.

    `scopes` are all that a request may have, and `refusals` the exceptions whose text is sent, each with the attributes
    of `Refusal`, `scalars` those of the product. `declare` says what its fields show, for what is read by SQL.

    Raises SilentFields or DeclarationsIncomplete, naming each field, when something is left unsaid.
    """

    matrix: Matrix

    def __init__(
        self,
        query: type,
        mutation: type | None = None,
        subscription: type | None = None,
        *,
        scopes: Iterable[str],
        refusals: tuple[type[Exception], ...] = (),
        declare: Callable[[GraphQLSchema], Declarations] | None = None,
        types: Iterable[type] = (),
        scalars: Mapping[object, ScalarDefinition] | None = None,
    ) -> None:
        config = StrawberryConfig(disable_field_suggestions=True, scalar_map={**SCALARS, **(scalars or {})})
        super().__init__(query, mutation, subscription, types=types, config=config)
        self.scopes = tuple(scopes)
        self.refusals: tuple[type[Exception], ...] = (OperationRefused, *refusals)
        self.matrix = access_matrix(self.graphql_schema, self.scopes)
        self.reads = None if declare is None else Reads(self.graphql_schema, declare(self.graphql_schema))

    @property
    def graphql_schema(self) -> GraphQLSchema:
        """graphql-core's schema, which documents are validated and run against."""
        return self._schema

    def refusal_of(self, fault: BaseException | None) -> Refusal | None:
        """The fault as a refusal; None for any other, of which nothing may be sent."""
        return cast("Refusal", fault) if isinstance(fault, self.refusals) else refusal_of_reading(fault)
