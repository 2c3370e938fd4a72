"""Mutations of staff."""

import strawberry

import resolvers.staff as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.staff import DeactivateUserInput, ReactivateUserInput, UpdateUserInput
from schema.payloads import UserPayload


@strawberry.type(description="Mutations of staff.")
class StaffMutations:
    update_user = mutation(
        resolve.update_user,
        INSPECTOR,
        takes=UpdateUserInput,
        returns=UserPayload,
        description="Change a staff member's name or role; for the owner.",
    )
    deactivate_user = mutation(
        resolve.deactivate_user,
        INSPECTOR,
        takes=DeactivateUserInput,
        returns=UserPayload,
        description="End a staff member's access and all of their sessions at once; for the owner. What they did stays"
        " theirs by name. The last active owner can't be deactivated.",
    )
    reactivate_user = mutation(
        resolve.reactivate_user,
        INSPECTOR,
        takes=ReactivateUserInput,
        returns=UserPayload,
        description="Let a deactivated staff member sign in again; for the owner.",
    )
