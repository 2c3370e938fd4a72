"""Mutations of staff."""

import strawberry

import resolvers.staff as resolve
from schema.base_types import INSPECTOR
from schema.declarations import mutation
from schema.inputs.staff import (
    ConfirmSecondFactorInput,
    DeactivateUserInput,
    DisableSecondFactorInput,
    EnableSecondFactorInput,
    ReactivateUserInput,
    UpdateUserInput,
)
from schema.payloads import ConfirmSecondFactorPayload, EnableSecondFactorPayload, UserPayload


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
    enable_second_factor = mutation(
        resolve.enable_second_factor,
        INSPECTOR,
        takes=EnableSecondFactorInput,
        returns=EnableSecondFactorPayload,
        description="Begin to set up the caller's second factor: a secret for an authenticator app (TOTP). It counts"
        " once confirmSecondFactor proves that the app has it.",
    )
    confirm_second_factor = mutation(
        resolve.confirm_second_factor,
        INSPECTOR,
        takes=ConfirmSecondFactorInput,
        returns=ConfirmSecondFactorPayload,
        description="Turn the caller's second factor on. From then on, signIn takes a code too.",
    )
    disable_second_factor = mutation(
        resolve.disable_second_factor,
        INSPECTOR,
        takes=DisableSecondFactorInput,
        returns=UserPayload,
        description="Turn the caller's second factor off, with a code of it; or, for the owner, that of somebody who"
        " lost theirs, whose sessions then end.",
    )
