"""Mutations of the catalogue."""

import strawberry

import resolvers.catalogue as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.catalogue import CreateServiceInput, UpdateServiceInput
from schema.payloads import ServicePayload


@strawberry.type(description="Mutations of the catalogue.")
class ServicesMutations:
    create_service = mutation(
        resolve.create_service,
        INSPECTOR,
        takes=CreateServiceInput,
        returns=ServicePayload,
        description="Add a service to the catalogue, with its price.",
    )
    update_service = mutation(
        resolve.update_service,
        INSPECTOR,
        takes=UpdateServiceInput,
        returns=ServicePayload,
        description="Change a service of the catalogue. Charges that were taken from it keep what they say.",
    )
