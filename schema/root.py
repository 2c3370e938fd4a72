"""The whole schema, built once."""

from functools import cache

from graphql_server.api import Api
from resolvers.reading import read_root
from rules.access import Scope
from rules.errors import NoConnection, Refusal
from schema.automations import Automation
from schema.catalogue import Service
from schema.companies import Company, User
from schema.emails import Email
from schema.events import Event
from schema.grants import Grant
from schema.inputs.orders import ORDER_ENUMS, ORDERS
from schema.inspections import Agreement, Inspection, LineItem
from schema.invoices import Invoice, InvoiceLine
from schema.mutations.root import Mutation
from schema.payments import Payment, Refund
from schema.people import InspectionPerson, Person
from schema.query import Query
from schema.reads import declare
from schema.subscription import Subscription

NODES = (
    Agreement,
    Automation,
    Company,
    Email,
    Event,
    Grant,
    Inspection,
    InspectionPerson,
    Invoice,
    InvoiceLine,
    LineItem,
    Payment,
    Person,
    Refund,
    Service,
    User,
)


@cache
def build_api() -> Api:
    """The API. Raises SilentFields or DeclarationsIncomplete when a field does not say who may read it, or what."""
    refusals = (Refusal, NoConnection)
    types = (*NODES, *ORDER_ENUMS)
    api = Api(
        Query, Mutation, Subscription, scopes=Scope, refusals=refusals, declare=declare, types=types, scalars=ORDERS
    )
    query = api.graphql_schema.query_type
    assert query is not None, "it is passed in"
    for field in query.fields.values():
        field.resolve = read_root  # For operations that ask about the schema besides.
    return api
