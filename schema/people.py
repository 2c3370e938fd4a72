"""People a company knows, and the People box of an inspection."""

import strawberry

from graphql_server.access import allow
from rules.roles import PersonRole
from schema.base_types import CLIENT, INSPECTOR
from schema.nodes import Node, connection_of, identity


@strawberry.type(description="Somebody a company knows; they never sign in.")
class Person(Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    name: str = allow(INSPECTOR, CLIENT, description="Their name.")
    email: str | None = allow(INSPECTOR, description="Their email address; null where none is known.")
    phone: str | None = allow(INSPECTOR, description="Their phone number; null where none is known.")


@strawberry.type(description="One entry of an inspection's People box.")
class InspectionPerson(Node):
    id: strawberry.ID = identity(INSPECTOR, CLIENT)
    person: Person = allow(INSPECTOR, CLIENT, description="The person.")
    role: PersonRole = allow(INSPECTOR, CLIENT, description="Their role on this inspection.")
    role_name: str = allow(
        INSPECTOR,
        CLIENT,
        description="The role's name for people, such as Buyer's agent, or the name of an additional role.",
    )


PersonConnection = connection_of(Person, INSPECTOR)
