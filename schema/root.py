"""The whole schema, built once."""

from functools import cache

from graphql_server.api import Api
from resolvers.fields import read_attribute
from rules.access import Scope
from rules.errors import NoConnection, Refusal
from schema.automations import Automation
from schema.companies import Company, User
from schema.emails import Email
from schema.events import Event
from schema.grants import Grant
from schema.inspections import Agreement, Inspection, LineItem
from schema.invoices import Invoice, InvoiceLine
from schema.mutations.root import Mutation
from schema.payments import Payment, Refund
from schema.people import InspectionPerson, Person
from schema.query import Query
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
    User,
)


@cache
def build_api() -> Api:
    """The API. Raises SilentFields when a field does not say who may read it."""
    return Api(
        Query,
        Mutation,
        Subscription,
        scopes=Scope,
        refusals=(Refusal, NoConnection),
        default_resolver=read_attribute,
        types=NODES,
    )
