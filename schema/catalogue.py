"""The catalogue of services."""

import strawberry

import models
from graphql_server.access import allow
from schema.base_types import INSPECTOR, Money
from schema.nodes import Node, identity


@strawberry.type(description="A service that the company offers, with its price. Charges are copies of it.")
class Service(Node):
    id: strawberry.ID = identity(INSPECTOR)
    name: str = allow(INSPECTOR, description="Its name, as charges print it.")
    description: str = allow(INSPECTOR, description="What it comprises, for staff; may be empty.")
    kind: models.LineItemKind = allow(INSPECTOR, description="SERVICE, ADD_ON, FEE or DISCOUNT.")
    amount: Money = allow(INSPECTOR, description="Its price; negative for a discount.")
    active: bool = allow(INSPECTOR, description="Whether it can still be charged.")
